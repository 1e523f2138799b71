import { describe, expect, test } from 'vitest';
import { compilePolicy, fromJson } from '../../src/index.ts';
import { answer, policyOf } from '../support/compile.ts';

/** What generated programs showed to be different from OPA; the answers are OPA's. */
describe('cases of the differential runs', () => {
  test('references go out of a negated `==` in a query, and stay in one in a rule', () => {
    const policy = policyOf('package t\n\np if not input == 1\n');
    expect(answer(policy, 't/p')).toBe('true');
    const { query } = policy.prepareQuery('not input == 1');
    expect(query?.evaluate(undefined)).toMatchObject({ bindings: [] });
    expect(query?.evaluate(2)).toMatchObject({ bindings: [{}] });
  });

  test('of two equal keys the last one counts, even where the value of the first is undefined', () => {
    expect(answer('package t\n\np := {false: input.x, false: 1}\n', 't/p')).toBe('{"false":1}');
  });

  test('the values under several computed keys are any of their types', () => {
    const steps = (entries: string) =>
      `package t\n\nr contains z if {\n\tsome _, x in {${entries}}\n\tz := x.z\n}\n`;
    for (const entries of ['input: 1, input.a: input.b', 'input.a: input.b, input: 1'])
      expect(compilePolicy([{ file: 't.rego', text: steps(entries) }]).diagnostics).toEqual([]);
    // None of them has members.
    const text = steps('input: 1, input.a: "s"');
    expect(compilePolicy([{ file: 't.rego', text }]).diagnostics).toMatchObject([
      { code: 'rego_type_error' },
    ]);
  });

  test('a conflict names its branch, and lists the values of all rules', () => {
    const text = 'package t\n\np := 4\n\np := 3 if {\n\tinput.x\n} else := 1\n';
    const result = policyOf(text).prepare('t/p').evaluate({});
    expect(result).toMatchObject({
      code: 'eval_conflict_error',
      location: { row: 7, column: 3 },
      message: 'rule data.t.p produced conflicting values:\n  4 at m0.rego:3\n  1 at m0.rego:7',
    });
  });

  test('numbers that JavaScript does not hold are fixed steps of heads like others', () => {
    const text = 'package t\n\np[9007199254740993] := 1\n\np[9007199254740995].a contains 2 if false\n';
    expect(answer(text, 't/p')).toBe('{"9007199254740993":1,"9007199254740995":{"a":[]}}');
  });

  test('where builtin errors are strict, the first of them goes before a conflict', () => {
    const text = 'package t\n\np := 1 / input.zero\n\nq := x if some x in input.many\n';
    const input = fromJson('{"zero": 0, "many": [1, 2]}');
    expect(answer(text, 't', input, { strict: true })).toBe('eval_builtin_error: div: divide by zero');
    expect(answer(text, 't', input)).toContain('eval_conflict_error');
  });

  test('paths in messages are quoted on every back end', () => {
    const text = 'package t\n\np["a b"] := x if some x in input\n';
    expect(answer(text, 't/p', [1, 2])).toContain('rule data.t.p["a b"] produced conflicting values');
  });

  test('what variables below base data are is not told by the rules of other packages', () => {
    const text = 'package t\n\nq := 1 if some x in input\n\np := x % 1 if data.d[x]\n';
    expect(compilePolicy([{ file: 't.rego', text }]).diagnostics).toEqual([]);
  });

  test('a rule that needs what is not there is not begun, so that no error in it comes up', () => {
    const conflict = 'package t\n\nr := 1\n\nr := 2 if input.x\n\np contains 1 if {\n\tr\n\tinput.none\n}\n';
    expect(answer(conflict, 't/p', { x: true })).toBe('[]');
    const strict =
      'package t\n\np if {\n\t1 / input.zero\n\tinput.none\n}\n\nq[input.none] := 1 / input.zero\n';
    expect(answer(strict, 't', { zero: 0 }, { strict: true })).toBe('{"q":{}}');
    // What a comparison rules out counts the same; a comparison of two parts of the input does not.
    const compared = 'package t\n\np if {\n\t1 / input.zero\n\tinput.a == 2\n}\n';
    expect(answer(compared, 't', { zero: 0, a: 1 }, { strict: true })).toBe('{}');
    const parts = 'package t\n\np if {\n\t1 / input.zero\n\tinput.a == input.none\n}\n';
    expect(answer(parts, 't', { zero: 0, a: 1 }, { strict: true })).toContain('divide by zero');
  });

  test('a rule that needs a member is not begun where there is none', () => {
    const ofObject = 'package t\n\np if {\n\t1 / input.zero\n\tinput.x in {"a": 3}\n}\n';
    expect(answer(ofObject, 't', { zero: 0, x: 1 }, { strict: true })).toBe('{}');
    expect(answer(ofObject, 't', { zero: 0, x: 3 }, { strict: true })).toContain('divide by zero');
    const constant = 'package t\n\np if {\n\t1 / input.zero\n\t"a" in input.x\n}\n';
    for (const x of [['b'], { a: 'b' }, 'a', 1])
      expect(answer(constant, 't', { zero: 0, x }, { strict: true })).toBe('{}');
    expect(answer(constant, 't', { zero: 0, x: { b: 'a' } }, { strict: true })).toContain('divide by zero');
  });

  test('names beside constants of heads are documents of their own, there before they have members', () => {
    const text =
      'package t\n\np[1] := 1\n\np.s contains 1 if false\n\np.o[x] := 1 if some x in input.l\n\np.u := 1 if false\n\np.w.s contains 2 if false\n';
    expect(answer(text, 't/p')).toBe('{"1":1,"o":{},"s":[],"w":{"s":[]}}');
    expect(answer(text, 't/p/s')).toBe('[]');
    const conflict = 'package t\n\np[1] := 1\n\np.b := x if some x in input\n';
    expect(answer(conflict, 't/p', [1, 2])).toContain('rule data.t.p.b produced conflicting values');
  });

  test('templates refuse variables whose text in Rego is no JSON', () => {
    const text = 'package t\n\np := strings.render_template("x", input.v)\n';
    const of = (v: string): string => answer(text, 't/p', fromJson(`{"v": ${v}}`), { strict: true });
    expect(of('{"a": "\\u202e\\n"}')).toBe('"x"');
    expect(of('{"a": [{"\\u0000": 1}]}')).toContain("invalid character 'x' in string escape code");
    expect(of('{"a": "\\udbff\\udfff"}')).toContain("invalid character 'U' in string escape code");
    const set = 'package t\n\np := strings.render_template("x", {"a": {1, 2}})\n';
    expect(answer(set, 't/p', {}, { strict: true })).toContain(
      "invalid character '1' looking for beginning of object key string",
    );
  });

  test('where builtin errors are strict, a member that was found hides none of other rules', () => {
    const text =
      'package t\n\np contains input.b\n\np contains input.c if bits.xor(input.b, 1)\n\nq if p.x\n';
    expect(answer(text, 't/q', { b: 'x', c: 'z' }, { strict: true })).toContain('operand 1 must be integer');
    expect(answer(text, 't/q', { b: 'x', c: 'z' })).toBe('true');
  });

  test('rules that are left give one constant: no error of a later one comes up', () => {
    const text = 'package t\n\np := 1 if 1 == 1\n\np := 2 if input.none == 1\n\np := 1 if 1 / input.zero\n';
    expect(answer(text, 't/p', { zero: 0 }, { strict: true })).toBe('1');
    expect(answer(text, 't/p', { zero: 0, none: 1 }, { strict: true })).toContain(
      'produced conflicting values',
    );
  });

  test('a rule that needs a beginning or an end is not begun where there is none', () => {
    const of = (call: string, x: string): string =>
      answer(`package t\n\np contains 1 if ${call}\n`, 't/p', fromJson(`{"x": ${x}}`), { strict: true });
    expect(of('strings.any_prefix_match(input.x, "a")', '{}')).toBe('[]');
    expect(of('strings.any_prefix_match(input.x, ["a", "b"])', '{"k": "bc"}')).toContain('but got object');
    expect(of('strings.any_suffix_match(input.x, {"a"})', '["b", "xa"]')).toBe('[1]');
    expect(of('startswith(input.x, "a")', '["ab"]')).toContain('operand 1 must be string');
    expect(of('startswith(input.x, "a")', '["b"]')).toBe('[]');
  });

  test('a rule in the place of a function is looked up where the call stands', () => {
    const text = 'package t\n\ng := input.x\n\nf(_) := 1\n\n';
    expect(answer(`${text}p if 1 == 1 with f as g\n`, 't/p')).toBe('true');
    expect(answer(`${text}p := v if v := f(1) with f as g with input.x as 7\n`, 't/p')).toBe('7');
  });

  test('a name that also stands in a closure of the collection of `some` means the one around', () => {
    const text = 'package t\n\np(x) := 1 if {\n\tsome x, y in [1 | x == 0]\n\ty == 1\n}\n\nq := p(0)\n';
    expect(compilePolicy([{ file: 't.rego', text }]).diagnostics).toEqual([]);
    expect(errorsOf('package t\n\np if {\n\tsome [v, _] in v\n\tsome v, w in 1\n\tw\n}\n')).toEqual([
      '4:2 rego_compile_error: var v assigned before',
    ]);
  });

  test('a reference that begins at a scalar has no type', () => {
    expect(errorsOf('package t\n\np if {\n\tsome x in 1\n\tx\n}\n')).toEqual([
      '4:2 rego_type_error: match error',
    ]);
  });

  test('a function of which one branch is wrong is no function for those that call it', () => {
    const text = 'package t\n\nf(x) := 1 if {\n\t1 in [[x]]\n\t2 in [[]]\n} else := 2 if x\n\np := f(1)\n';
    expect(errorsOf(text)).toEqual([
      '5:2 rego_type_error: match error',
      '8:6 rego_type_error: undefined function data.t.f',
    ]);
  });

  test('a byte-order mark inside of a module is refused', () => {
    expect(errorsOf('package t\n\np := "\ufeff"\n')).toEqual([
      '3:6 rego_parse_error: illegal byte-order mark',
    ]);
  });

  test('constants in heads are steps of the tree of rules, which are there whether rules hold or not', () => {
    expect(answer('package t\n\nr[1][2] := 1 if input.x\n\nr[true] contains 1 if input.x\n', 't/r', {})).toBe(
      '{"1":{},"true":[]}',
    );
    expect(answer('package t\n\nr[1] := 1 if input.x\n\nr.a.b := 1 if input.x\n', 't/r', {})).toBe(
      '{"a":{}}',
    );
    expect(answer('package t\n\nr[1] := 1 if input.x\n\nr[x] := 1 if some x in [2]\n', 't/r', {})).toBe(
      '{"2":1}',
    );
    expect(answer('package t\n\ndefault r[1] := 7\n\nr[1] := 8 if input.x\n', 't/r', {})).toBe('{"1":7}');
    expect(answer('package t\n\nr[1].b := x if some x in input\n', 't/r', [1, 2])).toBe(
      'eval_conflict_error: rule data.t.r[1].b produced conflicting values:\n  1 at m0.rego:3\n  2 at m0.rego:3',
    );
  });

  test('names that are numbers find places in arrays of base data, and of nothing else', () => {
    const data = { d: { l: [7, [8]] } };
    const text =
      'package t\n\np := data.d.l["0"]\n\nq := data.d.l[k]["+0"] if k := "01"\n\nr := x["0"] if x := data.d.l\n';
    expect(answer(text, 't', undefined, { data })).toBe('{"p":7,"q":8}');
  });

  test('iterating over a package gives base data first, and of objects the first key in order', () => {
    const data = { lib: { u: { z: 1 } } };
    const policy = policyOf('package lib.u\n\na := 2\n', 'package t\n\np := [v | v := data.lib.u[_]]\n');
    expect(answer(policy, 't/p', undefined, { data })).toBe('[1,2]');
    const first = 'package t\n\np if trim_left(data.d[_], "a")\n';
    expect(answer(first, 't/p', undefined, { data: { d: { b: true, a: 1 } }, strict: true })).toContain(
      'got number',
    );
    expect(answer(first, 't/p', undefined, { data: { d: { b: true, c: 1 } }, strict: true })).toContain(
      'got boolean',
    );
  });

  test('a negated call for metadata is not negated any more', () => {
    expect(answer('package t\n\np if not rego.metadata.rule()\n', 't/p')).toBe('true');
  });

  test('what a rule needs may be a step by a list, or below a package by a number', () => {
    const conflict = 'package t\n\nq := x if some x in [1, 2]\n\n';
    expect(answer(`${conflict}p if input.m[[]] == [data.t.q]\n`, 't/p', {})).toBe('undefined');
    expect(answer(`${conflict}u.a.b := 1\n\np if {\n\tq\n\tdata.t.u[1]\n}\n`, 't/p', {})).toBe('undefined');
  });

  test('abbreviations of time zones are those of the IANA database', () => {
    const zones = '["Europe/Berlin", "Asia/Dubai", "Asia/Tokyo", "Europe/Dublin", "Australia/Lord_Howe"]';
    const text = `package t\n\np := [time.format([1721001600000000000, z, "MST"]) | some z in ${zones}]\n`;
    expect(answer(text, 't/p')).toBe('["CEST","+04","JST","IST","+1030"]');
  });

  test('numbers that are added to a date begin again where 64 bits end', () => {
    const big = '9223372036854775807';
    const dates = `[time.add_date(1, ${big}, 1, 1), time.add_date(1, 1, ${big}, 1), time.add_date(1, 1, 1, ${big})]`;
    expect(answer(`package t\n\np := ${dates}\n`, 't/p')).toBe(
      '[-28722815999999999,28933632000000001,34128000000000001]',
    );
    expect(answer('package t\n\np := time.add_date(1, 10000000000, 1, 1)\n', 't/p')).toBe('undefined');
  });

  test('a variable takes the place of what it stands for only where the unification is its own, or it is a scalar', () => {
    const strict = { strict: true };
    const parts =
      'package t\n\np if {\n\tmin(input) == 1\n\t[a, input] = [1, b]\n\t[c, d] := b\n\tc != d\n\ta\n}\n';
    expect(answer(parts, 't', {}, strict)).toContain('operand 1 must be one of {set, array}');
    const list = 'package t\n\np if {\n\tl := []\n\tmin(input) == 1\n\tdata.d[l]\n}\n';
    expect(answer(list, 't', {}, strict)).toContain('operand 1 must be one of {set, array}');
  });

  test('keys that are constant lists, sets and objects are known to the type checker', () => {
    expect(errorsOf('package t\n\np if 1, 1 in {input: 1, {}: 1}\n')).toEqual([]);
    expect(errorsOf('package t\n\np if {\n\tsome x in [[1 | 1 == []]]\n\tx\n}\n')).toEqual([
      '4:18 rego_type_error: match error',
    ]);
  });

  test('of keys that are written the same the last one stands, computed or not', () => {
    const text =
      'package t\n\np := {input.a: input.none, input.a: 2}\n\nq := {input.l[_]: input.none, input.l[_]: 3}\n';
    expect(answer(text, 't', fromJson('{"a": "k", "l": [1]}'))).toBe('{"p":{"k":2}}');
  });

  test('of keys that turn out to be equal a computed one stands before a scalar', () => {
    const text = 'package t\n\np := {input.a: 2, false: 1}\n\nq := {input.b: 1, 1: 2, data.one: 3}\n';
    const data = { one: 1 };
    expect(answer(text, 't', fromJson('{"a": false, "b": 1}'), { data })).toBe(
      '{"p":{"false":2},"q":{"1":1}}',
    );
  });

  test('a position past 64 bits is none', () => {
    expect(errorsOf('package t\n\np := [x | some x in input][100000000000000000000]\n')[0]).toContain(
      'undefined ref',
    );
  });

  test('what a `with` replaces counts as read', () => {
    expect(errorsOf('package t\n\np if input.x with data.t.p as 1\n')).toEqual([
      '3:1 rego_recursion_error: rule data.t.p is recursive: data.t.p -> data.t.p',
    ]);
  });

  test('an expression that is repeated at the place to which the first is moved is never looked at', () => {
    expect(errorsOf('package t\n\np if {\n\tx\n\tx\n\tdata.d[x]\n}\n')).toEqual([
      '5:2 rego_unsafe_var_error: var x is unsafe',
    ]);
    expect(errorsOf('package t\n\np if {\n\tdata.d[x]\n\tx\n\tx\n}\n')).toEqual([]);
  });

  test('directives of YAML that are none are refused', () => {
    const texts = [
      '%',
      '%a\\n---\\nb',
      '%YAML 1.2\\n---\\na',
      '%YAML 1.1\\n---\\na',
      '%TAG !e! tag:x\\n---\\na',
    ];
    const rules = texts.map((text, index) => `r${index} := yaml.unmarshal("${text}")\n`);
    expect(answer(`package t\n\n${rules.join('')}`, 't')).toBe('{"r3":"a","r4":"a"}');
  });
});

function errorsOf(text: string): string[] {
  const { diagnostics } = compilePolicy([{ file: 't.rego', text }]);
  return diagnostics.map(
    ({ code, message, location: { row, column } }) => `${row}:${column} ${code}: ${message}`,
  );
}
