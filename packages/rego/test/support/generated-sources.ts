import { analyse } from '../../src/analysis/analyse.ts';
import { chunkText, directGroupsSource, rulesSource } from '../../src/compile/chunk.ts';
import { isDirectGroup } from '../../src/compile/shape.ts';
import { writeModule } from '../../src/compile/write-module.ts';
import { planPolicy } from '../../src/plan/planner.ts';
import { parseModule } from '../../src/syntax/index.ts';

/** All the source that is generated for a module, one function at a time, and the module that holds all of it. */
export function generatedSources(text: string): readonly string[] {
  const { module } = parseModule(text, { file: 'a.rego' });
  const { policy } = analyse([module!]);
  const { plan } = planPolicy(policy!);
  const chunks = plan.groups.flatMap((group) => {
    if (isDirectGroup(group)) return [directGroupsSource(plan, [group])];
    const isPartial = group.kind === 'partial-set' || group.kind === 'partial-object';
    return group.rules.flatMap((_rule, position) =>
      (isPartial ? (['partial', 'keyed'] as const) : (['single'] as const)).map((form) =>
        rulesSource(plan, [{ group, position, form }]),
      ),
    );
  });
  const whole = writeModule({
    plan,
    queries: {},
    data: undefined,
    allowNet: undefined,
    runtime: '@writ/rego/runtime',
  });
  // Its first line is a comment of this program.
  return [...chunks.map(chunkText), whole.slice(whole.indexOf('\n'))];
}
