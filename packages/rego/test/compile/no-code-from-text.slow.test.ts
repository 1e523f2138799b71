import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const SCRIPT = `
import { compilePolicy } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
const { policy } = compilePolicy([{ file: 'a.rego', text: 'package a\\n\\np := x if x := input.x\\n' }]);
const result = policy.prepare('a/p').evaluate({ x: 7 });
console.log(JSON.stringify([policy.backend, result.kind, result.value]));
`;

test.each([
  [['--disallow-code-generation-from-strings'], ['closures', 'value', 7]],
  [[], ['generated', 'value', 7]],
])('with %j the engine answers on another back end', (flags, wanted) => {
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', SCRIPT], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(child.stderr).toBe('');
  expect(JSON.parse(child.stdout)).toEqual(wanted);
});
