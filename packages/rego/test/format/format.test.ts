import { expect, test } from 'vitest';
import { formatModule } from '../../src/index.ts';

const format = (text: string, options: Partial<Parameters<typeof formatModule>[1]> = {}): string => {
  const { text: formatted, diagnostics } = formatModule(text, { file: 'p.rego', ...options });
  return formatted ?? diagnostics.map(({ location, message }) => `${location.row}: ${message}`).join('\n');
};

test('indents, spaces and sorts imports', () => {
  const text = 'package   p\nimport data.b\nimport data.a\nallow   if {\n input.x==1 ; not  b.y\n}\n';
  expect(format(text)).toBe(
    'package p\n\nimport data.a\nimport data.b\n\nallow if {\n\tinput.x == 1\n\tnot b.y\n}\n',
  );
});

test('keeps comments where they stand', () => {
  const text = '# top\npackage p # name\n\n# above\nallow if { # head\n\tinput.x # one\n\t# last\n}\n# end\n';
  expect(format(text)).toBe(
    '# top\npackage p # name\n\n# above\nallow if { # head\n\tinput.x # one\n\t# last\n}\n\n# end\n',
  );
});

test('a collection on several lines ends each with a comma', () => {
  expect(format('package p\n\nx := {\n"a": 1, "b": 2,\n"c": [1,\n2]}\n')).toBe(
    'package p\n\nx := {\n\t"a": 1, "b": 2,\n\t"c": [\n\t\t1,\n\t\t2,\n\t],\n}\n',
  );
});

test('version 0 becomes what both versions read', () => {
  const text = 'package p\n\nallow[x] { x = input.y }\n\nother = 1\n';
  expect(format(text, { version: 0, target: { min: 0, max: 1 } })).toBe(
    'package p\n\nimport rego.v1\n\nallow contains x if x = input.y\n\nother := 1\n',
  );
});

test('imports that the target makes needless go where asked', () => {
  const text = 'package p\n\nimport rego.v1\n\nallow if input.x\n';
  expect(format(text)).toBe(text);
  expect(format(text, { dropNeedlessImports: true })).toBe('package p\n\nallow if input.x\n');
});

test('what the target forbids is refused with its place', () => {
  const text = 'package p\n\ninput = 1\n\nq { any([true]) }\n';
  expect(format(text, { version: 0 })).toContain('input = 1');
  expect(format(text, { version: 0, target: { min: 0, max: 1 } })).toBe(
    '3: rules must not shadow input (use a different rule name)\n' +
      '5: deprecated built-in function calls in expression: any',
  );
});

test('text that does not parse is refused', () => {
  expect(format('package p\n\nallow if {\n')).toContain('unexpected eof token');
});
