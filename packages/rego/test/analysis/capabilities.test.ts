import { expect, test } from 'vitest';
import { BUILTINS } from '../../src/builtins/index.ts';
import { capabilities, readCapabilities } from '../../src/index.ts';

test('every builtin that can be called is declared, in order and with its types', () => {
  const { builtins = [] } = capabilities();
  const names = builtins.map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(expect.arrayContaining(Object.keys(BUILTINS)));
  expect(builtins.find(({ name }) => name === 'startswith')).toEqual({
    name: 'startswith',
    decl: { args: [{ type: 'string' }, { type: 'string' }], result: { type: 'boolean' }, type: 'function' },
  });
});

test('what is printed can be read again', () => {
  const printed: unknown = JSON.parse(JSON.stringify(capabilities(0)));
  expect(readCapabilities(printed)).toEqual(capabilities(0));
});

test.each([
  [null, 'capabilities must be a JSON object'],
  [{ allow_net: [1] }, '`allow_net` must be a list of strings'],
  [{ builtins: ['count'] }, '`builtins` must be a list of objects with a `name` and a `decl`'],
])('%j is refused', (json, problem) => {
  expect(readCapabilities(json)).toEqual({ problem });
});
