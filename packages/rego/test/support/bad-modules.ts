/** A module that does not compile, and what OPA 1.22 says about it (held to the real one by the slow test). */
export interface BadModule {
  readonly about: string;
  readonly text: string;
  /** `row: code: message`, first line of the message. */
  readonly errors: readonly string[];
}

export const BAD_MODULES: readonly BadModule[] = [
  {
    about: 'a variable that nothing gives a value to',
    text: 'package a\n\np if x == 1\n',
    errors: ['3: rego_unsafe_var_error: var x is unsafe'],
  },
  {
    about: 'a variable that only a negation holds',
    text: 'package a\n\np if {\n\tnot input.x[i]\n}\n',
    errors: ['4: rego_unsafe_var_error: var i is unsafe'],
  },
  {
    about: 'a wildcard in a negation',
    text: 'package a\n\np if {\n\tnot input.x[_] == 1\n}\n',
    errors: ['4: rego_unsafe_var_error: var _ is unsafe'],
  },
  {
    about: 'a head that uses a variable of no body',
    text: 'package a\n\np := x if input.y\n',
    errors: ['3: rego_unsafe_var_error: var x is unsafe'],
  },
  {
    about: 'an assignment that needs itself the wrong way round',
    text: 'package a\n\np if {\n\tx := y\n\ty == 1\n}\n',
    errors: ['4: rego_unsafe_var_error: var y is unsafe'],
  },
  {
    about: 'a rule that reads itself',
    text: 'package a\n\np if p\n',
    errors: ['3: rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p'],
  },
  {
    about: 'two rules that read each other',
    text: 'package a\n\np if q\n\nq if p\n',
    errors: [
      '3: rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p',
      '5: rego_recursion_error: rule data.a.q is recursive: data.a.q -> data.a.p -> data.a.q',
    ],
  },
  {
    about: 'a function that calls itself',
    text: 'package a\n\nf(x) := f(x)\n',
    errors: ['3: rego_recursion_error: rule data.a.f is recursive: data.a.f -> data.a.f'],
  },
  {
    about: 'a function that nobody defines',
    text: 'package a\n\np if foo(1)\n',
    errors: ['3: rego_type_error: undefined function foo'],
  },
  {
    about: 'a function of another package that nobody defines',
    text: 'package a\n\np if data.lib.f(1)\n',
    errors: ['3: rego_type_error: undefined function data.lib.f'],
  },
  {
    about: 'a function with too many arguments',
    text: 'package a\n\nf(x) := x\n\np if f(1, 2, 3)\n',
    errors: ['5: rego_type_error: function data.a.f has arity 1, got 3 arguments'],
  },
  {
    about: 'a builtin with too few arguments',
    text: 'package a\n\np if startswith("a")\n',
    errors: ['3: rego_type_error: startswith: arity mismatch'],
  },
  {
    about: 'a deprecated builtin',
    text: 'package a\n\np if any([true])\n',
    errors: ['3: rego_type_error: deprecated built-in function calls in expression: any'],
  },
  {
    about: 'a name assigned twice',
    text: 'package a\n\np if {\n\tx := 1\n\tx := 2\n}\n',
    errors: ['5: rego_compile_error: var x assigned above'],
  },
  {
    about: 'a name assigned after its use',
    text: 'package a\n\np if {\n\tx == 1\n\tx := 1\n}\n',
    errors: ['5: rego_compile_error: var x referenced above'],
  },
  {
    about: 'an argument assigned again',
    text: 'package a\n\nf(x) if {\n\tx := 1\n}\n',
    errors: ['4: rego_compile_error: arg x redeclared'],
  },
  {
    about: 'an argument that hides input',
    text: 'package a\n\nf(input) := 1\n',
    errors: ['3: rego_compile_error: args must not shadow input (use a different variable name)'],
  },
  {
    about: 'an assignment inside a negation',
    text: 'package a\n\np if {\n\tnot x := 1\n}\n',
    errors: ['4: rego_compile_error: cannot assign vars inside negated expression'],
  },
  {
    about: 'an assignment to a number',
    text: 'package a\n\np if {\n\t[1, x] := [1, 2]\n\tx == 2\n}\n',
    errors: ['4: rego_compile_error: cannot assign to number'],
  },
  {
    about: 'a called local',
    text: 'package a\n\nf(x) := x\n\np if {\n\tf := 1\n\tf(f)\n}\n',
    errors: ['7: rego_type_error: undefined function f'],
  },
  {
    about: 'a rule of two kinds',
    text: 'package a\n\np := 1\n\np contains 1\n',
    errors: ['3: rego_type_error: conflicting rules data.a.p found'],
  },
  {
    about: 'a function with two numbers of arguments',
    text: 'package a\n\nf(x) := x\n\nf(x, y) := x + y\n',
    errors: ['3: rego_type_error: conflicting rules data.a.f found'],
  },
  {
    about: 'two defaults',
    text: 'package a\n\ndefault p := 1\n\ndefault p := 2\n',
    errors: ['1: rego_type_error: multiple default rules data.a.p found at m0.rego:3, m0.rego:5'],
  },
  {
    about: 'a rule inside of another one',
    text: 'package a\n\np := {"q": 1}\n\np.q := 2\n',
    errors: ['3: rego_type_error: rule data.a.p conflicts with:'],
  },
  {
    about: 'an import that hides another',
    text: 'package a\n\nimport data.x.y\nimport data.z.y\n\np := y\n',
    errors: ['4: rego_compile_error: import must not shadow import data.x.y'],
  },
  {
    about: 'a part of a rule replaced',
    text: 'package a\n\nq := {"r": 1}\n\np if q with data.a.q.r as 2\n',
    errors: ['5: rego_compile_error: with keyword cannot partially replace virtual document(s)'],
  },
  {
    about: 'nothing that could be replaced',
    text: 'package a\n\nq := 1\n\np if q with foo as 2\n',
    errors: ['5: rego_type_error: with keyword target must reference existing input, data, or a function'],
  },
  {
    about: 'the relation replaced',
    text: 'package a\n\nf(x) := x\n\np if walk(1, _) with walk as f\n',
    errors: [
      '5: rego_compile_error: with keyword replacing built-in function: target must not be a relation',
    ],
  },
  {
    about: 'a builtin hidden by a local',
    text: 'package a\n\np if {\n\tcount := 1\n\tcount([1]) == count\n}\n',
    errors: ['5: rego_compile_error: called function count shadowed'],
  },
  {
    about: 'a declaration that nothing uses',
    text: 'package a\n\np if {\n\tsome i\n\tinput.x\n}\n',
    errors: ['4: rego_compile_error: declared var i unused'],
  },
  {
    about: 'a name of every declared again',
    text: 'package a\n\np if {\n\tevery x in input.x {\n\t\tx := 1\n\t}\n}\n',
    errors: ['5: rego_compile_error: var x declared above'],
  },
  {
    about: 'a chain of unsafe variables',
    text: 'package a\n\np if {\n\ty == 1\n\tx == y\n\tz == x\n}\n',
    errors: [
      '4: rego_unsafe_var_error: var y is unsafe',
      '5: rego_unsafe_var_error: var x is unsafe',
      '6: rego_unsafe_var_error: var z is unsafe',
    ],
  },
  {
    about: 'a variable of some that its domain uses',
    text: 'package a\n\np if {\n\tsome x in x\n}\n',
    errors: ['4: rego_compile_error: var x assigned before'],
  },
];
