import { analyse } from '../../src/analysis/analyse.ts';
import { directGroupsSource, partialRuleSource, singleRuleSource } from '../../src/compile/chunk.ts';
import { isDirectGroup } from '../../src/compile/shape.ts';
import { createClosures } from '../../src/eval/closures.ts';
import { planPolicy } from '../../src/plan/planner.ts';
import { parseModule } from '../../src/syntax/index.ts';

/** All the source that is generated for a module. */
export function generatedSources(text: string): readonly string[] {
  const { module } = parseModule(text, { file: 'a.rego' });
  const { policy } = analyse([module!]);
  const { plan } = planPolicy(policy!);
  const backend = createClosures(plan, false);
  return plan.groups.flatMap((group) => {
    if (isDirectGroup(group)) return [directGroupsSource(backend, [group]).text];
    const isPartial = group.kind === 'partial-set' || group.kind === 'partial-object';
    if (!isPartial) return group.rules.map((rule) => singleRuleSource(backend, group, rule).text);
    return group.rules.flatMap((rule) =>
      [false, true].map((keyed) => partialRuleSource(backend, rule, keyed).text),
    );
  });
}
