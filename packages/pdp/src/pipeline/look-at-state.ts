import { type BudgetDefinition, CONTEXT_FACTS, type StateSubject } from '@writ/state';
import type { Core } from './core.ts';
import { gather } from './gather.ts';
import type { BudgetState, SessionFacts } from './service.ts';

/** Everything that policies could read of a session now, for operators: a snapshot that nothing is decided by. */
export async function sessionFacts(core: Core, subject: StateSubject): Promise<SessionFacts> {
  const { context } = await gather(core.store, CONTEXT_FACTS, subject, definitions(core), core.clock.nowMs());
  return context;
}

/** The budgets in force, each with what the subject used of it where one is named. */
export async function budgetStates(
  core: Core,
  subject: StateSubject | undefined,
): Promise<readonly BudgetState[]> {
  const budgets = definitions(core);
  if (subject === undefined) return budgets;
  const { context } = await gather(core.store, ['budgets'], subject, budgets, core.clock.nowMs());
  return budgets.map((budget) => {
    const use = context.budgets?.[budget.name];
    return use === undefined ? budget : { ...budget, used: use.used };
  });
}

function definitions(core: Core): readonly BudgetDefinition[] {
  const set = core.source.current();
  return set === undefined ? [] : core.factsOf(set).budgets;
}
