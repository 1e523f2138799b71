import { describe, expect, test } from 'vitest';
import type { Observer, Policy } from '../../src/index.ts';
import {
  CoverageObserver,
  compilePolicy,
  coverageReport,
  filterTrace,
  observeWith,
  ProfileObserver,
  RuleOutcomeObserver,
  TraceObserver,
  traceText,
} from '../../src/index.ts';

const POLICY = `package a

allow if {
	some role in input.roles
	trace(sprintf("role %s", [role]))
	role == "admin"
}

allow if {
	input.owner == input.user
	not blocked
}

blocked if input.user == "eve"

names contains upper(role) if some role in input.roles
`;

function compiled(): Policy {
  const { policy } = compilePolicy([{ file: 'a.rego', text: POLICY }]);
  return policy!;
}

function ask(policy: Policy, query: string, input: object, observer: Observer): void {
  const prepared = policy.prepareQuery(query);
  expect(prepared.diagnostics).toEqual([]);
  prepared.query!.evaluate(input as never, { observer });
}

describe('a trace', () => {
  test('shows each step of the search, indented by depth', () => {
    const policy = compiled();
    const query = 'data.a.allow = x';
    const trace = new TraceObserver({ modules: policy.modules, query });
    ask(policy, query, { roles: ['guest'], owner: 'ann', user: 'ann' }, trace);
    expect(traceText(filterTrace(trace.events, 'full'))).toBe(`\
query:1       Enter data.a.allow = x
query:1       | Eval data.a.allow = x
query:1       | Index data.a.allow (matched 2 rules, early exit)
a.rego:3      | Enter data.a.allow
a.rego:4      | | Eval some role in input.roles
a.rego:5      | | Eval sprintf("role %s", [role])
a.rego:5      | | Eval trace(sprintf("role %s", [role]))
a.rego:5      | | Note "role guest"
a.rego:6      | | Eval role == "admin"
a.rego:6      | | Fail role == "admin"
a.rego:5      | | Redo trace(sprintf("role %s", [role]))
a.rego:5      | | Redo sprintf("role %s", [role])
a.rego:4      | | Redo some role in input.roles
a.rego:9      | Enter data.a.allow
a.rego:10     | | Eval input.owner == input.user
a.rego:11     | | Eval not blocked
a.rego:11     | | Enter blocked
a.rego:11     | | | Eval blocked
a.rego:11     | | | Index data.a.blocked (matched 1 rule, early exit)
a.rego:14     | | | Enter data.a.blocked
a.rego:14     | | | | Eval input.user == "eve"
a.rego:14     | | | | Fail input.user == "eve"
a.rego:11     | | | Fail blocked
a.rego:9      | | Exit data.a.allow early
a.rego:9      | Redo data.a.allow
a.rego:11     | | Redo not blocked
a.rego:10     | | Redo input.owner == input.user
query:1       | Exit data.a.allow = x
query:1       Redo data.a.allow = x
query:1       | Redo data.a.allow = x
`);
  });

  test('keeps what leads to notes, or to failures', () => {
    const policy = compiled();
    const query = 'data.a.allow';
    const trace = new TraceObserver({ modules: policy.modules, query }, { variables: true });
    ask(policy, query, { roles: ['guest'] }, trace);
    expect(traceText(filterTrace(trace.events, 'notes'), { locations: false })).toBe(
      'Enter data.a.allow\n| Enter data.a.allow\n| | Note "role guest"\n',
    );
    const fails = filterTrace(trace.events, 'fails').filter(({ op }) => op === 'Fail');
    expect(fails.map(({ text }) => text)).toContain('role == "admin"');
    expect(fails.find(({ text }) => text === 'role == "admin"')!.variables).toEqual({ role: '"guest"' });
  });

  test('ends where there is too much of it', () => {
    const policy = compiled();
    const trace = new TraceObserver({ modules: policy.modules }, { eventsMax: 3 });
    policy.prepare('a/allow').evaluate({ roles: ['guest'] }, { observer: trace });
    expect(trace.events).toHaveLength(3);
    expect(trace.truncated).toBe(true);
  });
});

test('a profile counts how often expressions run, by row', () => {
  const policy = compiled();
  const profile = new ProfileObserver();
  policy.prepare('a/allow').evaluate({ roles: ['guest', 'user', 'admin'] }, { observer: profile });
  const rows = profile.report({ order: ['num_eval', 'line'] });
  expect(rows.map(({ location, num_eval, num_redo }) => [location.row, num_eval, num_redo])).toEqual([
    [5, 6, 6],
    [6, 3, 1],
    [4, 1, 3],
  ]);
  for (const row of rows) expect(row.total_time_ns).toBeGreaterThanOrEqual(0);
});

test('rules that decided, and the expression that failed in those that did not', () => {
  const policy = compiled();
  const outcomes = new RuleOutcomeObserver({ modules: policy.modules });
  const input = { roles: ['guest'], owner: 'ann', user: 'bob' };
  policy.prepare('a').evaluate(input, { observer: outcomes });
  expect(
    outcomes.outcomes.map(({ path, location, decided, failedAt }) => [
      path,
      location.row,
      decided,
      failedAt?.text,
    ]),
  ).toEqual([
    ['data.a.allow', 3, false, 'role == "admin"'],
    ['data.a.allow', 9, false, 'input.owner == input.user'],
    ['data.a.blocked', 14, false, 'input.user == "eve"'],
    ['data.a.names', 16, true, undefined],
  ]);
  expect(outcomes.outcomes[0]!.failedAt!.variables).toEqual({ role: 'guest' });
});

test('several observers see one evaluation, and the answer is that of an evaluation nobody sees', () => {
  const policy = compiled();
  const coverage = new CoverageObserver();
  const trace = new TraceObserver({ modules: policy.modules });
  const observer = observeWith([coverage, trace, new ProfileObserver()]);
  for (const input of [{}, { roles: ['admin'] }, { owner: 1, user: 1 }, { owner: 'eve', user: 'eve' }]) {
    const seen = policy.prepare('a').evaluate(input, { observer });
    expect(seen).toEqual(policy.prepare('a').evaluate(input));
  }
  expect(coverageReport(policy.modules, coverage).percent).toBe(100);
  expect(trace.events.length).toBeGreaterThan(20);
});
