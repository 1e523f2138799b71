import { describe, expect, test } from 'vitest';
import type { JsonObject, PartialOptions, Residue } from '../../src/index.ts';
import { couldBeTrue, isAlwaysTrue, prepareResidue } from '../../src/index.ts';
import { ProgramSource } from '../differential/program.ts';
import { policyOf } from '../support/compile.ts';
import type { EquivalenceReport } from './equivalence.ts';
import { compareResidues } from './equivalence.ts';

const POLICY = policyOf(`package t

default allow := false

allow if {
	input.method == "GET"
	some role in data.roles[input.user]
	role == "admin"
}

allow if {
	input.method == "POST"
	is_owner(input.user, input.doc)
}

is_owner(u, d) if d.owner == u

is_owner(u, d) if u in d.editors

deny contains msg if {
	not input.secure
	msg := sprintf("insecure %s", [input.user])
}

deny contains "blocked" if {
	some b in data.blocked
	b == input.user
}

quiet if count(deny) == 0

visible if {
	data.flag
	some d in data.depts
	input.row.dept == d.id
	input.row.level <= d.level
}

hidden if {
	not data.flag
	input.row.level == 1
}

open if data.flag

chain := 1 if {
	input.a
} else := 2 if {
	data.flag
	input.b
} else := 3

all_low if {
	every d in data.depts {
		d.level > input.min
	}
}

as_bob if allow with input.user as "bob"
`);

const DATA: JsonObject = {
  flag: true,
  roles: { alice: ['admin'], bob: ['dev'] },
  blocked: ['eve', 'mallory'],
  depts: [
    { id: 'a', level: 1 },
    { id: 'b', level: 2 },
  ],
};

function residueOf(query: string, options: PartialOptions = {}): Residue {
  const residue = POLICY.partial(query, { data: DATA, ...options });
  if (residue.kind !== 'residue') throw new Error(JSON.stringify(residue));
  return residue;
}

function texts(query: string, options: PartialOptions = {}): string[] {
  return residueOf(query, options).queries.map(({ text }) => text);
}

describe('what is left of a query', () => {
  test('asks only about what is unknown: data is worked in, rules and functions are put in place', () => {
    const expected = [
      'input.method = "GET"; "alice" = input.user',
      'input.method = "POST"; u = input.user; d = input.doc; d.owner = u',
      'input.method = "POST"; u = input.user; d = input.doc; u in d.editors',
    ];
    expect(texts('data.t.allow')).toEqual(expected);
    expect(texts('data.t.allow == true')).toEqual(expected);
    expect(texts('data.t.visible')).toEqual([
      'input.row.dept = "a"; input.row.level <= 1',
      'input.row.dept = "b"; input.row.level <= 2',
    ]);
  });

  test('is nothing where it cannot hold, and true where it always does', () => {
    expect(couldBeTrue(residueOf('data.t.hidden'))).toBe(false);
    expect(isAlwaysTrue(residueOf('data.t.open'))).toBe(true);
    expect(isAlwaysTrue(residueOf('data.t.visible'))).toBe(false);
    expect(couldBeTrue(residueOf('data.t.nothing'))).toBe(false);
  });

  test('is less where part of the input is known', () => {
    const input = { method: 'POST', user: 'alice' };
    expect(texts('data.t.allow', { input, unknowns: ['input.doc'] })).toEqual([
      'd = input.doc; d.owner = "alice"',
      'd = input.doc; "alice" in d.editors',
    ]);
  });

  test('binds the variables of the query', () => {
    expect(texts('data.t.deny[x]')).toContain('x = "blocked"; "eve" = input.user');
    expect(residueOf('data.t.deny[x]').variables).toEqual(['x']);
  });

  test('has supporting rules for defaults, chains and whole sets', () => {
    const { queries, support } = residueOf('x = data.t.chain');
    expect(queries.map(({ text }) => text)).toEqual(['x = data.partial.t.chain']);
    expect(support[0]?.text).toContain('chain := 1 if {\n\tinput.a\n} else := 2 if {\n\ttrue;\n\tinput.b\n}');
    expect(texts('data.t.quiet')).toEqual(['x = (count(data.partial.t.deny)); x = 0']);
  });

  test('keeps rules apart where it is told to', () => {
    expect(texts('data.t.visible', { disableInlining: ['data.t.visible'] })).toEqual([
      'data.partial.t.visible',
    ]);
    expect(texts('data.t.allow', { shallowInlining: true })[1]).toContain('data.partial.t.is_owner(');
  });

  test('leaves what stands below `with` as it is, and says that the policy is needed for it', () => {
    const residue = residueOf('data.t.as_bob');
    expect(residue.needsPolicy).toBe(true);
    const left = prepareResidue(residue, POLICY);
    const answer = left.evaluate({ method: 'POST', user: 'x', doc: { owner: 'bob' } }, { data: DATA });
    expect(answer.kind === 'bindings' && answer.bindings.length).toBe(1);
  });

  test('can be read where a known scalar stands before a step', () => {
    const policy = policyOf(
      'package t\n\np := y if {\n\tx := data.text\n\ty := x[input.k] with input.z as 1\n}\n',
    );
    const residue = policy.partial('y = data.t.p', { data: { text: 'abc' } });
    expect(residue).toMatchObject({ kind: 'residue', needsPolicy: true });
  });

  test('ends where it would take too many steps, and refuses what is no query', () => {
    expect(POLICY.partial('data.t.allow', { data: DATA, stepsMax: 3 })).toMatchObject({
      code: 'eval_cancel_error',
    });
    expect(POLICY.partial('x > 1')).toMatchObject({ kind: 'refused' });
  });
});

const UNKNOWNS = [['input'], ['input.n', 'input.x'], ['data.d', 'input.u']];

test('what is left, evaluated later, gives what the whole would have given at once', () => {
  const source = new ProgramSource(1);
  const report: EquivalenceReport = { compared: 0, defined: 0, decided: 0, differences: [] };
  for (let index = 0; index < 60; index++) compareResidues(source.next(), UNKNOWNS[index % 3]!, report);
  expect(report.differences).toEqual([]);
  expect(report.defined).toBeGreaterThan(100);
  expect(report.decided).toBeGreaterThan(10);
});
