import { describe, expect, test } from 'vitest';
import type { CustomBuiltin } from '../src/index.ts';
import { BuiltinError, toJson } from '../src/index.ts';
import { compileOnAll } from './support/back-ends.ts';

const DOUBLE: CustomBuiltin = {
  name: 'math.double',
  args: [{ type: 'number' }],
  result: { type: 'number' },
  call: (_context, value) => (value as number) * 2,
};
const FAIL: CustomBuiltin = {
  name: 'fail.always',
  args: [],
  result: { type: 'string' },
  call: () => new BuiltinError('eval_builtin_error', 'no luck'),
};
const UPPER: CustomBuiltin = {
  name: 'upper',
  args: [{ type: 'string' }],
  result: { type: 'string' },
  call: () => 'mine',
};

function run(text: string, strict = false): string {
  const sources = [{ file: 'a.rego', text: `package a\n\n${text}\n` }];
  const { policy, diagnostics } = compileOnAll(sources, { builtins: [DOUBLE, FAIL, UPPER] });
  if (policy === undefined) return diagnostics.map(({ code, message }) => `${code}: ${message}`).join('; ');
  const result = policy.prepare('a/p').evaluate(undefined, { strict });
  if (result.kind === 'value') return toJson(result.value);
  return result.kind === 'error' ? `${result.code}: ${result.message}` : result.kind;
}

describe('builtins that the caller brings', () => {
  test.each([
    ['p := math.double(2) + 1', '5'],
    ['p := [x | some y in [1, 2]; x := math.double(y)]', '[2,4]'],
    ['p if { math.double(2, x); x == 4 }', 'true'],
    ['p := upper("a")', '"mine"'],
    ['p := fail.always()', 'undefined'],
    ['f(_) := 7\n\np := x if x := math.double(1) with math.double as f', '7'],
    ['p := x if x := abs(-3) with abs as math.double', '-6'],
    ['p := math.double(input.x)', 'undefined'],
    ['p := $"{math.double(4)}"', '"8"'],
  ])('%s', (text, answer) => {
    expect(run(text)).toBe(answer);
  });

  test('their operands are checked, before and while running', () => {
    expect(run('p := math.double("a")')).toContain('math.double: invalid argument(s)');
    expect(run('p := math.double(1, 2, 3)')).toContain('math.double: arity mismatch');
    expect(run('p := math.double(json.unmarshal("[]"))', true)).toBe(
      'eval_type_error: math.double: operand 1 must be number but got array',
    );
  });

  test('their failures bear their name', () => {
    expect(run('p := fail.always()', true)).toBe('eval_builtin_error: fail.always: no luck');
  });

  test('a policy without them does not know them', () => {
    const { diagnostics } = compileOnAll([{ file: 'a.rego', text: 'package a\n\np := math.double(1)\n' }]);
    expect(diagnostics[0]?.message).toContain('undefined function math.double');
  });
});
