import { expect } from 'vitest';
import { ruleData } from '../../src/compile/module-source.ts';
import { planOfText, planText } from '../../src/compile/plan-text.ts';
import { compilePlan } from '../../src/compile-plan.ts';
import type { PolicyPlan } from '../../src/plan/plan.ts';
import { compileModules, compilePolicy } from '../../src/policy.ts';
import { parseModule } from '../../src/syntax/index.ts';
import { finish } from '../../src/syntax/steps.ts';

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

/** As {@link comparePlans}, for what else can be asked about a policy. */
export function compareAnswers(text: string): void {
  const { policy } = compilePolicy([{ file: 'many.rego', text }]);
  const { policy: each } = compileModules([parseModule(text, { file: 'many.rego' }).module!]);
  if (policy === undefined || each === undefined) return;
  for (const path of policy.rulePaths) {
    const query = `data.${path.replaceAll('/', '.')}`;
    expect(policy.partial(query)).toEqual(each.partial(query));
    expect(policy.dependencies(query)).toEqual(each.dependencies(query));
  }
  expect(policy.rulePaths).toEqual(each.rulePaths);
  expect(policy.requiredCapabilities()).toEqual(each.requiredCapabilities());
}
