import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';
import { policyOf } from '../support/compile.ts';

/** Programs that OPA refuses, or takes against expectation, as generated ones showed; the words are OPA's. */
describe('errors of the compiler, from the differential runs', () => {
  test('what is wrong with targets of `with` is told after what is wrong with variables', () => {
    const text =
      'package t\n\np if {\n\tsome [v, _] in v\n}\n\nq if {\n\tinput.n with foo as 1\n\tinput.n with bar as 1\n}\n';
    expect(errorsOf(text)).toEqual(['4:2 rego_compile_error: var v assigned before']);
    // Of one body only the first is told.
    expect(errorsOf(text.replace('some [v, _] in v', '1'))).toEqual([
      '8:15 rego_type_error: with keyword target must reference existing input, data, or a function',
    ]);
  });

  test('names that hide the documents are told beside what is wrong with variables', () => {
    expect(errorsOf('package t\n\np if input := 1\n\nq if {\n\tx\n\tx := 1\n}\n')).toEqual([
      '3:6 rego_compile_error: variables must not shadow input (use a different variable name)',
      '7:2 rego_compile_error: var x referenced above',
    ]);
  });

  test('of the names of one `some` the first that cannot be declared is told; `else` is looked at by itself', () => {
    expect(
      errorsOf(
        'package t\n\nf(a, {"id": b}) := 1 if {\n\tsome b, c in [1]\n\tsome c, d in [1]\n\tc == d\n}\n',
      ),
    ).toEqual(['4:2 rego_compile_error: arg b redeclared']);
    expect(
      errorsOf(
        'package t\n\np if {\n\tsome [v, _] in v\n} else if {\n\tevery x in [1] {\n\t\ty := 1\n\t\ty == 1\n\t}\n}\n',
      ),
    ).toEqual([
      '4:2 rego_compile_error: var v assigned before',
      '7:3 rego_compile_error: declared var x unused',
    ]);
  });

  test('`some … in` declares what references in its `with` go on by, where the collection is of that document', () => {
    const text =
      'package t\n\nr contains 1\n\nf(x) := 1 if {\n\tsome y in r with input.u as data.d[x]\n\ty == 1\n}\n';
    expect(errorsOf(text)).toEqual(['6:2 rego_compile_error: arg x redeclared']);
    expect(errorsOf(text.replace('in r', 'in input.l'))).toEqual([]);
    expect(errorsOf('package t\n\np if {\n\tsome data.d.l[input], v in input\n\tv\n}\n')).toEqual([]);
  });

  test('an expression that gives a value to just what its closure uses is unsafe', () => {
    const text = 'package t\n\np if {\n\tx = 1\n\tinput.o[x] == [x | y := 1; y == 1]\n}\n';
    expect(errorsOf(text)).toEqual(['5:2 rego_unsafe_var_error: var x is unsafe']);
    expect(errorsOf(text.replace('==', '== 1\n\t[] =='))).toEqual([]);
  });

  test('each expression that a `with` comes to stand on is looked at', () => {
    const error = '6:20 rego_type_error: startswith: arity mismatch';
    const text = 'package t\n\nf(x) := x\n\np if {\n\ty := sum(input.l) with startswith as f\n\ty == 1\n}\n';
    expect(errorsOf(text).map((one) => one.split('\n')[0]!.replace(/^6:\d+/, '6:20'))).toEqual([
      error,
      error,
      error,
    ]);
  });

  test('rules that another one has no room for are told in the order of their references', () => {
    const [found] = errorsOf(
      'package t\n\nr contains 1\n\nr.a["b"].c := 1\n\nr.a[x].c := 4 if some x in input\n',
    );
    expect(found).toBe(
      '3:1 rego_type_error: rule data.t.r conflicts with:\n  rule data.t.r.a.b.c at m0.rego:5\n  rule data.t.r.a[x].c at m0.rego:7',
    );
    expect(errorsOf('package t\n\nr[1] := 1\n\nr[1][2] := 1\n')).toEqual([
      '3:1 rego_type_error: rule data.t.r[1] conflicts with:\n  rule data.t.r[1][2] at m0.rego:5',
    ]);
    expect(errorsOf('package t\n\nr[1] := 1\n\nr[1][x] := 1 if some x in input\n')).toEqual([
      '3:1 rego_type_error: conflicting rules data.t.r[1][x] found',
    ]);
  });

  test('a variable in a template string is no closure: it has any type from there on', () => {
    const text = 'package t\n\nf(x) if {\n\t$"{x}"\n\tio.jwt.verify_hs256(x, "a")\n}\n\np if f(1)\n';
    expect(errorsOf(text)).toEqual([]);
  });
});

describe('errors of queries, from the differential runs', () => {
  const policy = policyOf('package t\n\nf(x) := x\n\ng(x, y) := x\n');
  const errors = (query: string): string[] =>
    policy.prepareQuery(query).diagnostics.map(({ message }) => message);

  test('`==` takes operands of any type', () => {
    expect(errors('1 == []')).toEqual([]);
    expect(errors('1 = []')).toEqual(['match error']);
  });

  test('functions that take different arguments have no type together', () => {
    expect(errors('data.t[x]')).toEqual(['match error']);
  });

  test('the variable that takes the value of an unsafe expression is unsafe with it', () => {
    expect(errors('x')).toEqual(['var x is unsafe', 'var _ is unsafe']);
  });

  test('an expression that is false does not keep the next one from being evaluated', () => {
    const conflicting = policyOf('package t\n\nr[[]] := x if some x in input\n');
    const { query } = conflicting.prepareQuery('data.d.b; data.t.r[x]');
    const options = { data: { d: { b: false } } };
    expect(query?.evaluate([1, 2], options)).toMatchObject({ code: 'eval_conflict_error' });
    expect(query?.evaluate([1], options)).toMatchObject({ bindings: [] });
  });
});

function errorsOf(text: string): string[] {
  const { diagnostics } = compilePolicy([{ file: 'm0.rego', text }]);
  return diagnostics.map(
    ({ code, message, location: { row, column } }) => `${row}:${column} ${code}: ${message}`,
  );
}
