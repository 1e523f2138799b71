import { expect } from 'vitest';
import { ruleData } from '../../src/compile/module-source.ts';
import { planOfText, planText } from '../../src/compile/plan-text.ts';
import { compilePlan } from '../../src/compile-plan.ts';
import { CoverageObserver, coverageReport } from '../../src/explain/coverage.ts';
import { RuleOutcomeObserver } from '../../src/explain/rule-outcomes.ts';
import { observeWith } from '../../src/explain/several.ts';
import { TraceObserver } from '../../src/explain/trace.ts';
import type { PolicyPlan } from '../../src/plan/plan.ts';
import { compileModules, compilePolicy } from '../../src/policy.ts';
import type { Policy } from '../../src/policy-types.ts';
import { parseModule } from '../../src/syntax/index.ts';
import { finish } from '../../src/syntax/steps.ts';
import type { JsonObject } from '../../src/value/value.ts';

/** All of a plan as data. */
function dataOf({ groups }: PolicyPlan): unknown {
  return groups.map(({ rules, fallback, ...group }) => ({
    ...group,
    rules: rules.map(ruleData),
    fallback: fallback && ruleData(fallback),
  }));
}

/**
 * Compares the plan of a policy whose rules are looked at one by one with that of one whose are not.
 *
 * @returns how many rules others are like
 */
export function comparePlans(text: string): number {
  const sources = [{ file: 'many.rego', text }];
  const each = compilePlan(sources, {}, false);
  const quick = compilePlan(sources, {});
  expect(quick.diagnostics).toEqual(each.diagnostics);
  if (each.plan === undefined) return 0;
  const written = planText(quick.plan!);
  const expected = dataOf(each.plan);
  expect(dataOf(quick.plan!)).toEqual(expected);
  expect(dataOf(finish(planOfText(written)))).toEqual(expected);
  const path = each.plan.groups[0]!.path.join('/');
  expect(quick.reads(path)).toEqual(each.reads(path));
  return written.templates.length;
}

/** As {@link comparePlans}, for what else can be asked about a policy, and for what it decides and tells of that. */
export function compareAnswers(text: string): void {
  const { module } = parseModule(text, { file: 'many.rego' });
  if (module === undefined) return;
  const { policy } = compilePolicy([{ file: 'many.rego', text }]);
  const { policy: each } = compileModules([module]);
  if (policy === undefined || each === undefined) return;
  for (const input of INPUTS) expect(answersOf(policy, input)).toEqual(answersOf(each, input));
  for (const path of policy.rulePaths) {
    const query = `data.${path.replaceAll('/', '.')}`;
    expect(policy.partial(query)).toEqual(each.partial(query));
    expect(policy.dependencies(query)).toEqual(each.dependencies(query));
  }
  expect(policy.rulePaths).toEqual(each.rulePaths);
  expect(policy.requiredCapabilities()).toEqual(each.requiredCapabilities());
}

const INPUTS: readonly JsonObject[] = [
  {},
  { tool: 'a', amount: 1, roles: ['a', 'b'], identity: { scopes: ['a', 'tool'] }, path: 'a.b/c', user: 'u' },
  { tool: 'b', amount: 10, roles: ['tool'], kind: 'c', name: 'tool', names: { a: true }, limits: { b: 7 } },
  { tool: 'tool', amount: 1000, kind: 'fixed', label: 'a-1', pair: { kind: 'a', level: 1 }, blocked: 'a' },
];
const DATA: JsonObject = { roles: { u: { name: 'a' }, a: { name: 'b' }, b: { name: 'b' } } };

/** What every rule gives, by which rules and past which expressions. */
function answersOf(policy: Policy, input: JsonObject): readonly unknown[] {
  return policy.rulePaths.map((path) => {
    const query = policy.withData(DATA).prepare(path);
    const trace = new TraceObserver(policy, { variables: true });
    const outcomes = new RuleOutcomeObserver(policy);
    const coverage = new CoverageObserver();
    return [
      path,
      query.evaluate(input),
      query.evaluate(input, { observer: observeWith([trace, outcomes, coverage]) }),
      trace.events,
      outcomes.outcomes,
      coverageReport(policy.modules, coverage),
    ];
  });
}
