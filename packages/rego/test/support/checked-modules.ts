import type { DeclaredBuiltin } from '../../src/index.ts';
import { capabilities, compilePolicy, fromParsed } from '../../src/index.ts';

/** A module, what it is checked with, and every error that OPA 1.22 finds in it (held to the real one by the slow test). */
export interface CheckedModule {
  readonly about: string;
  readonly text: string;
  readonly strict?: true;
  readonly version?: 0;
  /** JSON Schemas by name; the empty name is the input's. */
  readonly schemas?: Readonly<Record<string, unknown>>;
  /** Builtins that the capabilities lack. */
  readonly without?: readonly string[];
  /** Features and keywords of the capabilities, where not all. */
  readonly features?: readonly string[];
  readonly keywords?: readonly string[];
  /** `row:column: code: message`, then the lines of its details. */
  readonly errors: readonly string[];
}

/** The capabilities that a module is checked with, where it asks for some. */
export function capabilitiesFor(
  { without = [], features, keywords }: CheckedModule,
  all: { readonly builtins?: readonly DeclaredBuiltin[] } = capabilities(),
) {
  if (without.length === 0 && features === undefined && keywords === undefined) return undefined;
  return {
    ...all,
    builtins: (all.builtins ?? []).filter(({ name }) => !without.includes(name)),
    ...(features !== undefined && { features }),
    ...(keywords !== undefined && { future_keywords: keywords }),
  };
}

/** What this engine finds, written like {@link CheckedModule.errors}. */
export function findingsIn(module: CheckedModule): string[] {
  const { text, strict, version, schemas } = module;
  const allowed = capabilitiesFor(module);
  const { diagnostics } = compilePolicy([{ file: 'm.rego', text, ...(version === 0 && { version }) }], {
    ...(strict && { strict }),
    ...(schemas && {
      schemas: new Map(Object.entries(schemas).map(([name, schema]) => [name, fromParsed(schema)!])),
    }),
    ...(allowed && { capabilities: allowed }),
  });
  return diagnostics.map(({ location, code, message, details }) =>
    [`${location.row}:${location.column}: ${code}: ${message}`, ...(details?.lines ?? [])].join('\n\t'),
  );
}

export const CHECKED_MODULES: readonly CheckedModule[] = [
  {
    about: 'numbers of any size are steps of heads',
    text: 'package a\n\np[9007199254740993] := 1\n\np[9007199254740995].b := 2\n',
    errors: [],
  },
  {
    about: 'a rule below one whose head ends in a large number',
    text: 'package a\n\np[9007199254740993] := 1\n\np[9007199254740993][x] := 2 if some x in [1]\n',
    errors: ['3:1: rego_type_error: conflicting rules data.a.p[9007199254740993][x] found'],
  },
  {
    about: 'a rule below one whose head ends in a name after a number',
    text: 'package a\n\np[5].b := 1\n\np[5].b[x] := 2 if some x in [1]\n',
    errors: ['3:1: rego_type_error: conflicting rules data.a.p[5].b[x] found'],
  },
  {
    about: 'functions that a `with` over `and` names are read as references',
    text: 'package a\n\nimport rego.v2\n\nf(x) := x\n\np if 1 and f(1) with f as 2\n\nq if 1 or 2 with object.get as 1\n',
    errors: [
      '7:22: rego_type_error: function data.a.f used as reference, not called\n\tdata.a.f\n\t^^^^^^^^\n\thave: (any) => any',
      '9:18: rego_type_error: function object.get used as reference, not called\n\tobject.get\n\t^^^^^^^^^^\n\thave: (object[any: any], any, any) => any',
    ],
  },
  {
    about: 'functions that a `with` over `every` names are read as references',
    text: 'package a\n\nf(x) := x\n\np if every x in [1] { f(x) } with f as 2\n',
    errors: [
      '5:35: rego_type_error: function data.a.f used as reference, not called\n\tdata.a.f\n\t^^^^^^^^\n\thave: (any) => any',
    ],
  },
  {
    about: 'answers of metadata in operands without braces',
    text: 'package a\n\nimport rego.v2\n\np if not rego.metadata.rule() == {"a": 1}\n\nq if not { rego.metadata.rule() == {"a": 1} }\n\nr if not rego.metadata.rule()\n',
    errors: ['5:6: rego_unsafe_var_error: expression is unsafe'],
  },
  {
    about: 'a document with annotations of two rules',
    text: 'package a\n\n# METADATA\n# scope: document\n# title: x\nr := 1 if input.x\n\n# METADATA\n# scope: document\n# title: y\nr := 1 if input.y\n\nr := 1 if input.z\n',
    errors: ['8:1: rego_type_error: document annotation redeclared: m.rego:3'],
  },
  {
    about: 'a name in the collection of `every` that its body declares',
    text: 'package a\n\np if {\n\tx = input.y[z]\n\tevery v in z { z := v; z == x }\n}\n',
    errors: ['5:2: rego_unsafe_var_error: var z is unsafe'],
  },
  {
    about: 'two constants that differ in type',
    text: 'package a\n\np if 1 == "one"\n',
    errors: ['3:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'a rule compared with another type',
    text: 'package a\n\nlimit := 10\n\np if limit == "10"\n',
    errors: ['5:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'a set compared with an array',
    text: 'package a\n\nroles := {"admin"}\n\np if roles == ["admin"]\n',
    errors: ['5:6: rego_type_error: match error\n\tleft  : set[string]\n\tright : array<string>'],
  },
  {
    about: 'two objects that differ',
    text: 'package a\n\np if {"a": 1} == {"a": "1"}\n',
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : object<a: number>\n\tright : object<a: string>\n\thint  : both sides are objects but their types differ, so they can never be equal (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error)',
    ],
  },
  {
    about: 'wide objects, of which only the difference is shown',
    text: 'package a\n\nleft := {"name": "x", "address": {"street": "s", "city": "c"}, "count": 1, "tags": ["a"]}\n\nright := {"name": "x", "address": {"street": "s", "city": 3}, "count": 1, "tags": ["a"]}\n\np if left == right\n',
    errors: [
      '7:6: rego_type_error: match error\n\tleft  : object<address: object<city: string, ...>, ...>\n\tright : object<address: object<city: number, ...>, ...>\n\thint  : both sides are objects but their types differ, so they can never be equal (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error)',
    ],
  },
  {
    about: 'arrays of different lengths',
    text: 'package a\n\np if [1, 2] == [1, 2, 3]\n',
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : array<number, number>\n\tright : array<number, number, number>\n\thint  : both sides are arrays but their types differ, so they can never be equal (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error)',
    ],
  },
  {
    about: 'a pattern that does not fit',
    text: 'package a\n\np := x if [x, 1] = ["a", "b"]\n',
    errors: [
      '3:11: rego_type_error: match error\n\tleft  : array<???, number>\n\tright : array<string, string>\n\thint  : both sides are arrays but their types differ, so they can never be equal (see https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error)',
    ],
  },
  {
    about: 'a variable of two types',
    text: 'package a\n\np if {\n\tx := 1\n\tx == "a"\n}\n',
    errors: ['5:2: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'a builtin given a number for a string',
    text: 'package a\n\np if startswith(1, "a")\n',
    errors: [
      '3:6: rego_type_error: startswith: invalid argument(s)\n\thave: (number, string)\n\twant: (search: string, base: string, result: boolean)',
    ],
  },
  {
    about: 'a builtin given a rule of the wrong type',
    text: 'package a\n\nname := {"x": 1}\n\np if startswith(name, "a")\n',
    errors: [
      '5:6: rego_type_error: startswith: invalid argument(s)\n\thave: (object<x: number>, string)\n\twant: (search: string, base: string, result: boolean)',
    ],
  },
  {
    about: 'the result of a builtin used as another type',
    text: 'package a\n\np := upper("a") + 1\n',
    errors: [
      '3:6: rego_type_error: plus: invalid argument(s)\n\thave: (string, number, ???)\n\twant: (x: number, y: number, z: number)',
    ],
  },
  {
    about: 'an output that cannot be',
    text: 'package a\n\np if count([1], "one")\n',
    errors: [
      '3:6: rego_type_error: count: invalid argument(s)\n\thave: (array<number>, string)\n\twant: (collection: any<...>, n: number)',
    ],
  },
  {
    about: 'sum over strings',
    text: 'package a\n\np := sum(["a"])\n',
    errors: [
      '3:6: rego_type_error: sum: invalid argument(s)\n\thave: (array<string>, ???)\n\twant: (collection: any<array[number], set[number]>, n: number)',
    ],
  },
  {
    about: 'concat over numbers in a comprehension',
    text: 'package a\n\np := concat(",", [x | some x in [1, 2]])\n',
    errors: [
      '3:6: rego_type_error: concat: invalid argument(s)\n\thave: (string, array[number], ???)\n\twant: (delimiter: string, collection: any<array[string], set[string]>, output: string)',
    ],
  },
  {
    about: 'a set operation on arrays',
    text: 'package a\n\np := [1] | {2}\n',
    errors: [
      '3:6: rego_type_error: or: invalid argument(s)\n\thave: (array<number>, set[number], ???)\n\twant: (x: set[any], y: set[any], z: set[any])',
    ],
  },
  { about: 'a difference of a set and a number', text: 'package a\n\np := {1} - 2\n', errors: [] },
  {
    about: 'a function given the wrong type',
    text: 'package a\n\nf(x) := y if y := x + 1\n\np := f("a")\n',
    errors: [
      '5:6: rego_type_error: data.a.f: invalid argument(s)\n\thave: (string, ???)\n\twant: (number, number)',
    ],
  },
  {
    about: 'a function of another package given the wrong type',
    text: 'package a\n\nf(x) := upper(x)\n\np if data.a.f(input.x) == 3\n',
    errors: ['5:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'a function that takes a pattern',
    text: 'package a\n\nf([x, y]) := x if y == 1\n\np := f([1, 2, 3])\n',
    errors: [
      '5:6: rego_type_error: data.a.f: invalid argument(s)\n\thave: (array<number, number, number>, ???)\n\twant: (array<any, number>, any)',
    ],
  },
  {
    about: 'a reference into a number',
    text: 'package a\n\nlimit := 10\n\np := limit.value\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.limit.value\n\tdata.a.limit.value\n\t^^^^^^^^^^^^\n\thave: number',
    ],
  },
  {
    about: 'a property that an object does not have',
    text: 'package a\n\nlimits := {"read": 10, "write": 1}\n\np := limits.reed\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.limits.reed\n\tdata.a.limits.reed\n\t              ^\n\t              have: "reed"\n\t              want (one of): ["read" "write"]',
    ],
  },
  {
    about: 'a property deep inside',
    text: 'package a\n\nlimits := {"read": {"max": 10}}\n\np := limits.read.min\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.limits.read.min\n\tdata.a.limits.read.min\n\t                   ^\n\t                   have: "min"\n\t                   want (one of): ["max"]',
    ],
  },
  {
    about: 'an index that an array does not have',
    text: 'package a\n\nxs := [1, 2]\n\np := xs[2]\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.xs[2]\n\tdata.a.xs[2]\n\t          ^\n\t          have: 2\n\t          want (type): number',
    ],
  },
  {
    about: 'a key of the wrong type',
    text: 'package a\n\nxs := [1, 2]\n\np := xs["0"]\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.xs["0"]\n\tdata.a.xs["0"]\n\t          ^\n\t          have: "0"\n\t          want (type): number',
    ],
  },
  {
    about: 'a variable key of the wrong type',
    text: 'package a\n\nxs := [1, 2]\n\np := xs[i] if i := "0"\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.xs[i]\n\tdata.a.xs[i]\n\t          ^\n\t          have (type): string\n\t          want (type): number',
    ],
  },
  {
    about: 'a member that a set cannot hold',
    text: 'package a\n\nnames contains "x"\n\np if names[1]\n',
    errors: [
      '5:6: rego_type_error: undefined ref: data.a.names[1]\n\tdata.a.names[1]\n\t             ^\n\t             have: 1\n\t             want (type): string',
    ],
  },
  {
    about: 'a reference into nothing',
    text: 'package a\n\np := {}.x\n',
    errors: [
      '3:6: rego_type_error: undefined ref: {}.x\n\t{}.x\n\t   ^\n\t   have: "x"\n\t   want (one of): []',
    ],
  },
  { about: 'a number in the place of a rule', text: 'package a\n\np := data[1]\n', errors: [] },
  {
    about: 'a reference into the result of a call',
    text: 'package a\n\np := upper("a").x\n',
    errors: [
      '3:6: rego_type_error: undefined ref: upper("a").x\n\tupper("a").x\n\t^^^^^^^^^^\n\thave: string',
    ],
  },
  {
    about: 'a reference into a literal',
    text: 'package a\n\np := [1, 2].x\n',
    errors: [
      '3:6: rego_type_error: undefined ref: [1, 2].x\n\t[1, 2].x\n\t       ^\n\t       have: "x"\n\t       want (type): number',
    ],
  },
  {
    about: 'a function used as a value',
    text: 'package a\n\nf(x) := x\n\np := f\n',
    errors: [
      '5:6: rego_type_error: function data.a.f used as reference, not called\n\tdata.a.f\n\t^^^^^^^^\n\thave: (any) => any',
    ],
  },
  {
    about: 'a function used as a collection',
    text: 'package a\n\nf(x) := x\n\np if f[1]\n',
    errors: [
      '5:6: rego_type_error: function data.a.f[1] used as reference, not called\n\tdata.a.f[1]\n\t^^^^^^^^\n\thave: (any) => any',
    ],
  },
  {
    about: 'a member that cannot be in',
    text: 'package a\n\np if "x" in [1, 2]\n',
    errors: ['3:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'a key that cannot be in',
    text: 'package a\n\np if "k", 1 in [1, 2]\n',
    errors: ['3:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  { about: 'in a collection that is none', text: 'package a\n\np if 1 in 2\n', errors: [] },
  {
    about: 'some in that gives another type',
    text: 'package a\n\np if {\n\tsome x in ["a", "b"]\n\tx > 1\n\tx == 3\n}\n',
    errors: ['6:2: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'an error inside a comprehension',
    text: 'package a\n\np := [x | some x in input.xs; startswith(1, "a")]\n',
    errors: [
      '3:31: rego_type_error: startswith: invalid argument(s)\n\thave: (number, string)\n\twant: (search: string, base: string, result: boolean)',
    ],
  },
  {
    about: 'an error inside a nested comprehension',
    text: 'package a\n\np := [x | x := {y | y := 1 + "a"}]\n',
    errors: [
      '3:26: rego_type_error: plus: invalid argument(s)\n\thave: (number, string, ???)\n\twant: (x: number, y: number, z: number)',
    ],
  },
  {
    about: 'errors in several rules and files',
    text: 'package a\n\nq if 1 == "a"\n\np if startswith(1, "a")\n\nr := q.x\n',
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : number\n\tright : string',
      '5:6: rego_type_error: startswith: invalid argument(s)\n\thave: (number, string)\n\twant: (search: string, base: string, result: boolean)',
    ],
  },
  {
    about: 'a rule that reads one with an error',
    text: 'package a\n\nq := 1 + "a"\n\np if q == "x"\n',
    errors: [
      '3:6: rego_type_error: plus: invalid argument(s)\n\thave: (number, string, ???)\n\twant: (x: number, y: number, z: number)',
    ],
  },
  {
    about: 'an error in an else branch',
    text: 'package a\n\np := 1 if {\n\tinput.x\n} else := 2 if {\n\t1 == "a"\n}\n',
    errors: ['6:2: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'partial rules that fit together',
    text: 'package a\n\np contains 1\n\np contains "a"\n\nq if "a" in p\n',
    errors: [],
  },
  {
    about: 'an object built by rules',
    text: 'package a\n\np.x := 1\n\np.y := "a"\n\nq := p.z\n\nr if p.x == "a"\n',
    errors: ['9:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'an object built by rules with a key that varies',
    text: 'package a\n\np[x] := 1 if some x in ["a", "b"]\n\nq if p.a == "1"\n',
    errors: ['5:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'with in the place of a typed rule',
    text: 'package a\n\nlimit := 10\n\np if limit == "10" with data.a.limit as "10"\n',
    errors: [],
  },
  {
    about: 'with a builtin in place of another',
    text: 'package a\n\np if upper("a") == "b" with upper as count\n',
    errors: [],
  },
  {
    about: 'the body of every, which is not looked into',
    text: 'package a\n\np if every x in [1, 2] { startswith(x, 1) }\n',
    errors: [],
  },
  {
    about: 'a builtin with one argument too many',
    text: 'package a\n\np if startswith("a", "b", true, 1)\n',
    errors: [
      '3:6: rego_type_error: startswith: arity mismatch\n\thave: (string, string, boolean, number)\n\twant: (search: string, base: string)',
    ],
  },
  {
    about: 'a builtin with too few arguments of known types',
    text: 'package a\n\np if startswith(input.x)\n',
    errors: [
      '3:6: rego_type_error: startswith: arity mismatch\n\thave: (any)\n\twant: (search: string, base: string)',
    ],
  },
  {
    about: 'a builtin without arguments given some',
    text: 'package a\n\np := time.now_ns(1, 2)\n',
    errors: ['3:6: rego_type_error: time.now_ns: arity mismatch\n\thave: (number, number, ???)\n\twant: ()'],
  },
  {
    about: 'a template string as a number',
    text: 'package a\n\np := $"{input.x}" + 1\n',
    errors: [
      '3:6: rego_type_error: plus: invalid argument(s)\n\thave: (string, number, ???)\n\twant: (x: number, y: number, z: number)',
    ],
  },
  {
    about: 'walk as something else',
    text: 'package a\n\np if walk(input, 1)\n',
    errors: [
      '3:6: rego_type_error: walk: invalid argument(s)\n\thave: (any, number)\n\twant: (x: any, output: array<array[any], any>)',
    ],
  },
  {
    about: 'negation of what can never be',
    text: 'package a\n\np if not 1 == "a"\n',
    errors: ['3:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'a union of types',
    text: 'package a\n\np := x if some x in [1, "a", null]\n\nq if p == true\n',
    errors: ['5:6: rego_type_error: match error\n\tleft  : any<null, number, string>\n\tright : boolean'],
  },
  {
    about: 'object.get with a wrong object',
    text: 'package a\n\np := object.get([1], "a", 2)\n',
    errors: [
      '3:6: rego_type_error: object.get: invalid argument(s)\n\thave: (array<number>, string, number, ???)\n\twant: (object: object[any: any], key: any, default: any, value: any)',
    ],
  },
  {
    about: 'json.patch with a wrong patch',
    text: 'package a\n\np := json.patch({}, [{"op": 1, "path": "a"}])\n',
    errors: [
      '3:6: rego_type_error: json.patch: invalid argument(s)\n\thave: (object, array<object<...>>, ???)\n\twant: (target: any, patches: array[object<...>[...]], output: any)',
    ],
  },
  {
    about: 'v0: a deprecated builtin with a wrong argument',
    text: 'package a\n\np { any(1) }\n',
    version: 0,
    errors: [
      '3:5: rego_type_error: any: invalid argument(s)\n\thave: (number)\n\twant: (any<array[any], set[any]>, boolean)',
    ],
  },
  {
    about: 'strict: an import that nothing uses',
    text: 'package a\n\nimport data.b\nimport data.c as d\nimport input.e["f-g"] as h\n\np := 1\n',
    strict: true,
    errors: [
      '3:1: rego_compile_error: import data.b unused',
      '4:1: rego_compile_error: import data.c as d unused',
      '5:1: rego_compile_error: import input.e["f-g"] as h unused',
    ],
  },
  {
    about: 'strict: an import hidden by an argument',
    text: 'package a\n\nimport data.b\n\nf(b) := b\n',
    strict: true,
    errors: ['3:1: rego_compile_error: import data.b unused'],
  },
  {
    about: 'strict: a variable that nothing uses',
    text: 'package a\n\np if {\n\tx := input.x\n\t[y, z] := input.y\n\tz\n}\n',
    strict: true,
    errors: [
      '4:2: rego_compile_error: assigned var x unused',
      '5:2: rego_compile_error: assigned var y unused',
    ],
  },
  {
    about: 'strict: a variable used in a closure',
    text: 'package a\n\np := [y | some y in input.y; y == x] if x := 1\n',
    strict: true,
    errors: [],
  },
  {
    about: 'strict: unused inside a comprehension',
    text: 'package a\n\np if count([1 | x := 1]) > 0\n',
    strict: true,
    errors: ['3:17: rego_compile_error: assigned var x unused'],
  },
  {
    about: 'strict: an argument that nothing uses',
    text: 'package a\n\nf(x, y) := x\n',
    strict: true,
    errors: ['3:1: rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)'],
  },
  {
    about: 'strict: an argument used in an else branch',
    text: 'package a\n\nf(x, y) := 1 if {\n\tx\n} else := y\n',
    strict: true,
    errors: [],
  },
  {
    about: 'strict: an argument that is a pattern',
    text: 'package a\n\nf([x, y], {"k": z}) := y\n',
    strict: true,
    errors: [
      '3:1: rego_compile_error: unused argument x. (hint: use _ (wildcard variable) instead)',
      '3:1: rego_compile_error: unused argument z. (hint: use _ (wildcard variable) instead)',
    ],
  },
  { about: 'strict: a wildcard argument', text: 'package a\n\nf(_) := 1\n', strict: true, errors: [] },
  {
    about: 'strict v0: deprecated builtins',
    text: 'package a\n\np { any([true]); re_match("a", "b") }\n',
    strict: true,
    version: 0,
    errors: [
      '3:5: rego_type_error: deprecated built-in function calls in expression: any',
      '3:18: rego_type_error: deprecated built-in function calls in expression: re_match',
    ],
  },
  {
    about: 'strict v0: input hidden',
    text: 'package a\n\ninput = 1 { true }\n',
    strict: true,
    version: 0,
    errors: ['3:1: rego_compile_error: rules must not shadow input (use a different rule name)'],
  },
  {
    about: 'strict v0: imports of one name',
    text: 'package a\n\nimport data.x.b\nimport data.y.b\n\np { b }\n',
    strict: true,
    version: 0,
    errors: ['4:1: rego_compile_error: import must not shadow import data.x.b'],
  },
  {
    about: 'v0 without strict: the same',
    text: 'package a\n\nimport data.x.b\nimport data.y.b\n\np { b; any([true]) }\n',
    version: 0,
    errors: [],
  },
  {
    about: 'some without a use',
    text: 'package a\n\np if {\n\tsome x, y\n\tinput.x[x]\n}\n',
    errors: ['4:2: rego_compile_error: declared var y unused'],
  },
  {
    about: 'every without a use of its value',
    text: 'package a\n\np if every k, v in input.x { k == 1 }\n',
    errors: ['3:30: rego_compile_error: declared var v unused'],
  },
  {
    about: 'an import twice',
    text: 'package a\n\nimport data.x.b\nimport data.y.b\nimport data.z as b\n\np if b\n',
    errors: [
      '4:1: rego_compile_error: import must not shadow import data.x.b',
      '5:1: rego_compile_error: import must not shadow import data.x.b',
    ],
  },
  {
    about: 'input hidden by a variable',
    text: 'package a\n\np if {\n\tinput := 1\n\tinput == 1\n}\n',
    errors: ['4:2: rego_compile_error: variables must not shadow input (use a different variable name)'],
  },
  {
    about: 'data hidden in a comprehension',
    text: 'package a\n\np := [data | data := 1]\n',
    errors: ['3:14: rego_compile_error: variables must not shadow data (use a different variable name)'],
  },
  {
    about: 'several kinds of errors at once',
    text: 'package a\n\nimport data.x.b\nimport data.y.b\n\nf(x, y) := x\n\np if any([b])\n\nq if 1 == "a"\n',
    strict: true,
    errors: [
      '4:1: rego_compile_error: import must not shadow import data.x.b',
      '6:1: rego_compile_error: unused argument y. (hint: use _ (wildcard variable) instead)',
      '8:6: rego_type_error: deprecated built-in function calls in expression: any',
      '10:6: rego_type_error: match error\n\tleft  : number\n\tright : string',
    ],
  },
  {
    about: 'a rule below a rule',
    text: 'package a\n\np.q := 1\n\np.q.r := 2\n\np.q.s := 3\n',
    errors: [
      '3:1: rego_type_error: rule data.a.p.q conflicts with:\n  rule data.a.p.q.r at m.rego:5\n  rule data.a.p.q.s at m.rego:7',
    ],
  },
  {
    about: 'a rule below a rule that varies',
    text: 'package a\n\np := 1\n\np.r[s] := 2 if s := "x"\n',
    errors: ['3:1: rego_type_error: rule data.a.p conflicts with:\n  rule data.a.p.r[s] at m.rego:5'],
  },
  {
    about: 'a function below a rule that varies',
    text: 'package a\n\np[x] := 1 if x := "a"\n\np.f(y) := y\n',
    errors: ['3:1: rego_type_error: rule data.a.p[x] conflicts with:\n  rule data.a.p.f at m.rego:5'],
  },
  {
    about: 'a set and an object of sets',
    text: 'package a\n\np contains 1\n\np[x] contains 2 if x := "a"\n',
    errors: ['3:1: rego_type_error: conflicting rules data.a.p[x] found'],
  },
  {
    about: 'two defaults',
    text: 'package a\n\ndefault p := 1\n\ndefault p := 2\n',
    errors: ['1:1: rego_type_error: multiple default rules data.a.p found at m.rego:3, m.rego:5'],
  },
  {
    about: 'a package below a rule',
    text: 'package a\n\nb.c := 1\n\nb.c.d := 2\n',
    errors: ['3:1: rego_type_error: rule data.a.b.c conflicts with:\n  rule data.a.b.c.d at m.rego:5'],
  },
  {
    about: 'print as a value',
    text: 'package a\n\np := print("a", input.x)\n',
    errors: ['3:6: rego_type_error: print("a", input.x) used as value'],
  },
  {
    about: 'an argument named input',
    text: 'package a\n\nf(input) := 1\n\ng([data]) := 1\n',
    errors: [
      '3:1: rego_compile_error: args must not shadow input (use a different variable name)',
      '5:1: rego_compile_error: args must not shadow data (use a different variable name)',
    ],
  },
  {
    about: 'schema: a property that the input does not have',
    text: 'package a\n\np if input.nmae == "x"\n',
    schemas: { '': { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } } } },
    errors: [
      '3:6: rego_type_error: undefined ref: input.nmae\n\tinput.nmae\n\t      ^\n\t      have: "nmae"\n\t      want (one of): ["age" "name"]',
    ],
  },
  {
    about: 'schema: a property of another type',
    text: 'package a\n\np if input.age == "x"\n',
    schemas: { '': { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } } } },
    errors: ['3:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'schema: without properties anything goes',
    text: 'package a\n\np if input.anything.at.all\n',
    schemas: { '': { type: 'object', additionalProperties: false } },
    errors: [],
  },
  {
    about: 'schema by annotation',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input: schema.request\np if input.user.id == "x"\n\nq if input.user.id == "x"\n',
    schemas: { request: { properties: { user: { properties: { id: { type: 'number' } } } } } },
    errors: ['6:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'schema of a data document',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - data.users: schema["user-list"]\np if data.users[_].name == 1\n',
    schemas: {
      'user-list': { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
    },
    errors: ['6:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'schema inside the annotation',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input.level: {type: integer}\np if input.level == "high"\n',
    errors: ['6:6: rego_type_error: match error\n\tleft  : number\n\tright : string'],
  },
  {
    about: 'schema that overrides a part',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input: schema.request\n#   - input.user: {type: object, properties: {name: {type: string}}}\np if input.user.id == 1\n\n# METADATA\n# schemas:\n#   - input: schema.request\nq if input.user.name\n',
    schemas: {
      request: { properties: { user: { properties: { id: { type: 'number' } } }, path: { type: 'string' } } },
    },
    errors: [
      '7:6: rego_type_error: undefined ref: input.user.id\n\tinput.user.id\n\t           ^\n\t           have: "id"\n\t           want (one of): ["name"]',
      '12:6: rego_type_error: undefined ref: input.user.name\n\tinput.user.name\n\t           ^\n\t           have: "name"\n\t           want (one of): ["id"]',
    ],
  },
  {
    about: 'schema for a package and for one rule',
    text: '# METADATA\n# schemas:\n#   - input: {type: object, properties: {a: {type: string}}}\npackage a\n\np if input.a == 1\n\n# METADATA\n# schemas:\n#   - input: {type: object, properties: {a: {type: number}}}\nq if input.a == 1\n',
    errors: ['6:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'schema for subpackages',
    text: '# METADATA\n# scope: subpackages\n# schemas:\n#   - input: {type: object, properties: {a: {type: string}}}\npackage a\n\np if input.b\n',
    errors: [
      '7:6: rego_type_error: undefined ref: input.b\n\tinput.b\n\t      ^\n\t      have: "b"\n\t      want (one of): ["a"]',
    ],
  },
  {
    about: 'schema for a document',
    text: 'package a\n\n# METADATA\n# scope: document\n# schemas:\n#   - input: {type: object, properties: {a: {type: string}}}\np if input.b\n\np if input.c\n',
    errors: [
      '7:6: rego_type_error: undefined ref: input.b\n\tinput.b\n\t      ^\n\t      have: "b"\n\t      want (one of): ["a"]',
      '9:6: rego_type_error: undefined ref: input.c\n\tinput.c\n\t      ^\n\t      have: "c"\n\t      want (one of): ["a"]',
    ],
  },
  {
    about: 'schema that there is not',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input: schema.missing\np if input.a\n',
    schemas: { other: { type: 'object' } },
    errors: ['6:1: rego_type_error: undefined schema: schema.missing'],
  },
  {
    about: 'schema that is none',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input: {type: thing}\np if input.a\n',
    errors: [
      '6:1: rego_type_error: unable to compile the schema: has a primitive type that is NOT VALID -- given: /thing/ Expected valid values are:[array boolean integer number null object string]',
    ],
  },
  {
    about: 'schema with allOf',
    text: 'package a\n\np if input.c\n',
    schemas: {
      '': {
        type: 'object',
        properties: { a: { type: 'string' } },
        allOf: [{ properties: { b: { type: 'number' } } }],
      },
    },
    errors: [
      '3:6: rego_type_error: undefined ref: input.c\n\tinput.c\n\t      ^\n\t      have: "c"\n\t      want (one of): ["a" "b"]',
    ],
  },
  {
    about: 'schema with allOf that cannot be merged',
    text: 'package a\n\n# METADATA\n# schemas:\n#   - input: schema.bad\np if input.c\n',
    schemas: { bad: { allOf: [{ type: 'string' }, { type: 'integer' }] } },
    errors: [
      '6:1: rego_type_error: type checking: unable to merge these schemas: type mismatch: string and integer',
    ],
  },
  {
    about: 'schema with anyOf',
    text: 'package a\n\np if input.kind == 1\n\nq if input.other\n',
    schemas: {
      '': {
        anyOf: [
          { type: 'object', properties: { kind: { type: 'string' } } },
          { type: 'object', properties: { kind: { type: 'boolean' }, size: { type: 'number' } } },
        ],
      },
    },
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : any<boolean, string>\n\tright : number',
      '5:6: rego_type_error: undefined ref: input.other\n\tinput.other\n\t      ^\n\t      have: "other"\n\t      want (one of): ["kind" "size"]',
    ],
  },
  {
    about: 'schema that contains itself',
    text: 'package a\n\np if input.child.child.name == 1\n\nq if input.child.child.nmae\n',
    schemas: {
      '': {
        $ref: '#/$defs/node',
        $defs: {
          node: { type: 'object', properties: { name: { type: 'string' }, child: { $ref: '#/$defs/node' } } },
        },
      },
    },
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : string\n\tright : number',
      '5:6: rego_type_error: undefined ref: input.child.child.nmae\n\tinput.child.child.nmae\n\t                  ^\n\t                  have: "nmae"\n\t                  want (one of): ["child" "name"]',
    ],
  },
  {
    about: 'schema with items by position',
    text: 'package a\n\np if input.pair[1] == "a"\n\nq if input.pair[2]\n',
    schemas: {
      '': { properties: { pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }] } } },
    },
    errors: [
      '3:6: rego_type_error: match error\n\tleft  : number\n\tright : string',
      '5:6: rego_type_error: undefined ref: input.pair[2]\n\tinput.pair[2]\n\t           ^\n\t           have: 2\n\t           want (type): number',
    ],
  },
  {
    about: 'schema with several types',
    text: 'package a\n\np if input.x == 1\n',
    schemas: { '': { properties: { x: { type: ['null', 'string'] } } } },
    errors: ['3:6: rego_type_error: match error\n\tleft  : string\n\tright : number'],
  },
  {
    about: 'schema given up for with',
    text: 'package a\n\np if input.b with input as {"b": 1}\n',
    schemas: { '': { type: 'object', properties: { a: { type: 'string' } } } },
    errors: [],
  },
  {
    about: 'capabilities: a builtin that they lack',
    text: 'package a\n\np if startswith("a", "b")\n\nq := count([1])\n',
    without: ['startswith'],
    errors: ['3:6: rego_type_error: undefined function startswith'],
  },
  {
    about: 'capabilities: an operator that they lack',
    text: 'package a\n\np := 1 + 2\n',
    without: ['plus'],
    errors: ['3:6: rego_type_error: undefined function plus'],
  },
  {
    about: 'capabilities: no rego.v1 import',
    text: 'package a\n\nimport rego.v1\n\np if true\n',
    version: 0,
    features: [],
    errors: ['3:8: rego_parse_error: invalid import, `rego.v1` is not supported by current capabilities'],
  },
  {
    about: 'capabilities: a keyword that they lack',
    text: 'package a\n\nimport future.keywords.every\nimport future.keywords.if\n\np if true\n',
    version: 0,
    features: [],
    keywords: ['if'],
    errors: ['3:8: rego_parse_error: unexpected keyword, must be one of [if]'],
  },
];
