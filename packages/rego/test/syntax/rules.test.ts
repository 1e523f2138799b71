import { describe, expect, test } from 'vitest';
import { moduleOf, rulesOf } from './show.ts';

describe('version 1', () => {
  test.each([
    ['p := 1', 'complete p := 1'],
    ['p = 1', 'complete p = 1'],
    ['p if a', 'complete p = true if { a }'],
    ['p if { a; b }', 'complete p = true if { a; b }'],
    ['p := x if { x := 1 }', 'complete p := x if { x := 1 }'],
    ['p.q.r := 1', 'complete p.q.r := 1'],
    ['p.q if a', 'complete p.q = true if { a }'],
    ['p contains 1', 'partial-set p contains 1'],
    ['p contains x if some x in xs', 'partial-set p contains x if { some x in xs }'],
    ['p.q contains x if { x := 1 }', 'partial-set p.q contains x if { x := 1 }'],
    ['p[x] if x := 1', 'partial-object p[x] = true if { x := 1 }'],
    ['p["a b"] if x', 'complete p["a b"] = true if { x }'],
    ['p[x] := y if { x := 1; y := 2 }', 'partial-object p[x] := y if { x := 1; y := 2 }'],
    ['p.q[x].r := 1 if x := 2', 'partial-object p.q[x].r := 1 if { x := 2 }'],
    ['p[1] := 2', 'partial-object p[1] := 2'],
    ['p[input.x] := 1', 'partial-object p[input.x] := 1'],
    ['f(x) := y if y := x', 'function f(x) := y if { y := x }'],
    ['f(x) if x', 'function f(x) = true if { x }'],
    ['f(x, [y, _]) = 1', 'function f(x, [y, $0]) = 1'],
    ['or(x) := x', 'function or(x) := x'],
    ['import rego.v2\nor(x) := x', 'function or(x) := x'],
    ['plus(x, y) = x', 'function plus(x, y) = x'],
    ['a.f(x) := 1', 'function a.f(x) := 1'],
    ['default p := {"a": [1]}', 'default complete p := {"a": [1]}'],
    ['default p = false', 'default complete p = false'],
    ['default f(_, x) := 1', 'default function f($0, x) := 1'],
    ['default p := [x | x := 1]', 'default complete p := [x | x := 1]'],
    ['if.foo := 1', 'complete if.foo := 1'],
    ['default.foo := 1', 'complete default.foo := 1'],
  ])('%s', (text, rule) => {
    expect(rulesOf(text)).toEqual([rule]);
  });

  test('braces after `if` are a body, an object or comprehension is a literal', () => {
    expect(rulesOf('p if { true }')).toEqual(['complete p = true if { true }']);
    expect(rulesOf('p if {"a": 1} == x')).toEqual(['complete p = true if { equal({"a": 1}, x) }']);
    expect(rulesOf('p if {x | x := 1}')).toEqual(['complete p = true if { {x | x := 1} }']);
    expect(rulesOf('p if {1, 2} == x')).toEqual(['complete p = true if { equal(set(1, 2), x) }']);
  });

  test('else branches are flattened', () => {
    expect(rulesOf('p := 1 if a else := 2 if { b; c } else = 3 if d else := 4')).toEqual([
      'complete p := 1 if { a } else 2 if { b; c } else 3 if { d } else 4',
    ]);
    expect(rulesOf('f(x) if x else if { x == 1 }')).toEqual([
      'function f(x) = true if { x } else true if { equal(x, 1) }',
    ]);
  });

  test('a keyword before a reference starts the next rule', () => {
    expect(rulesOf('p := 1\nif.foo := 2\np if { a }\nelse.foo := 3\nwith.foo := 4')).toEqual([
      'complete p := 1',
      'complete if.foo := 2',
      'complete p = true if { a }',
      'complete else.foo := 3',
      'complete with.foo := 4',
    ]);
  });

  test('a rule spans from its name to its end', () => {
    const text = 'package a\n\ndefault p := 1\n\np := 2 if {\n  a\n} else := 3 if b # no\n';
    const { rules } = moduleOf(text);
    expect(rules.map(({ location }) => text.slice(location.start, location.end))).toEqual([
      'default p := 1',
      'p := 2 if {\n  a\n} else := 3 if b',
    ]);
    expect(rules[1]?.elses[0]?.location).toMatchObject({ row: 7, column: 3 });
  });
});

describe('version 0', () => {
  const rules = (text: string): string[] => rulesOf(text, { version: 0 });

  test.each([
    ['p { a; b }', 'complete p = true if { a; b }'],
    ['p = x { x := 1 }', 'complete p = x if { x := 1 }'],
    ['p[x] { x := 1 }', 'partial-set p contains x if { x := 1 }'],
    ['p.a { b }', 'partial-set p contains "a" if { b }'],
    ['p.a.b { c }', 'complete p.a.b = true if { c }'],
    ['p[x] = y { x := 1; y := 2 }', 'partial-object p[x] = y if { x := 1; y := 2 }'],
    ['p[x] := y { x := 1; y := 2 }', 'partial-object p[x] := y if { x := 1; y := 2 }'],
    ['p.q[x] { x := 1 }', 'partial-object p.q[x] = true if { x := 1 }'],
    ['p["a"]', 'partial-set p contains "a"'],
    ['p.a = 1', 'complete p.a = 1'],
    ['p.a.b', 'complete p.a.b = true'],
    ['f(x) { x }', 'function f(x) = true if { x }'],
    ['f(x) = y { y := x }', 'function f(x) = y if { y := x }'],
    ['f(1)', 'function f(1) = true'],
    ['default p = 1', 'default complete p = 1'],
    ['if { contains }', 'complete if = true if { contains }'],
    ['in = every { every := 1 }', 'complete in = every if { every := 1 }'],
  ])('%s', (text, rule) => {
    expect(rules(text)).toEqual([rule]);
  });

  test('further bodies make further rules; wildcards among the arguments stay apart', () => {
    expect(rules('f(_, x) = 1 { a } { b }')).toEqual([
      'function f($0, x) = 1 if { a }',
      'function f($1, x) = 1 if { b }',
    ]);
  });

  test('imports switch keywords on', () => {
    expect(rules('import future.keywords.if\nimport future.keywords.contains\np contains 1 if x')).toEqual([
      'partial-set p contains 1 if { x }',
    ]);
    expect(rules('import rego.v1\np[x] if x := 1')).toEqual(['partial-object p[x] = true if { x := 1 }']);
    expect(rules('import future.keywords.every\np { every x in xs { x } }')).toEqual([
      'complete p = true if { every x in xs { x } }',
    ]);
  });

  test('`import rego.v1` makes the module one of version 1', () => {
    expect(moduleOf('package a\nimport rego.v1\np if x', { version: 0 }).version).toBe(1);
    expect(moduleOf('package a\np { x }', { version: 0 }).version).toBe(0);
  });
});

test('trees are frozen', () => {
  const [rule] = moduleOf('package a\np := [1]').rules;
  expect(Object.isFrozen(rule)).toBe(true);
  expect(Object.isFrozen(rule?.head.value)).toBe(true);
});
