import type { DecisionContext, DecisionRequest } from '@writ/decision';
import {
  type BudgetDefinition,
  CONTEXT_FACTS,
  type ContextFact,
  factKeys,
  factsRead,
  type Gathered,
  gatherFacts,
  knownSubject,
  type StateSubject,
} from '@writ/state';
import type { Store } from '@writ/store';
import { mayRecall, type StateMemory } from './state-memory.ts';

/** Whose state a request touches: ids from the caller's credential, a session id that only subdivides. */
export function subjectOf(request: DecisionRequest): StateSubject {
  const tenant = request.principal.tenant;
  const session = request.context?.session_id;
  return knownSubject({
    principal: request.principal.id,
    actor: request.actor.id,
    ...(tenant === undefined ? {} : { tenant }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(request.actor.class === undefined ? {} : { actor_class: request.actor.class }),
    ...(request.action.tool === undefined ? {} : { tool: request.action.tool }),
  });
}

/** The facts of the state that policies may read: all of them where nobody can tell. */
export function factsFor(reads: readonly (readonly string[])[] | undefined): readonly ContextFact[] {
  return reads === undefined ? CONTEXT_FACTS : factsRead(reads);
}

/**
 * Reads exactly the cells of these facts, as committed. `memory` is given only where a commit follows that compares.
 * Rejects with the store's error.
 */
export async function gather(
  store: Store,
  facts: readonly ContextFact[],
  subject: StateSubject,
  budgets: readonly BudgetDefinition[],
  nowMs: number,
  memory?: StateMemory,
): Promise<Gathered> {
  const keys = factKeys(facts, subject, budgets);
  const recalled = memory !== undefined && mayRecall(facts) ? memory.recall(keys) : undefined;
  if (recalled !== undefined) {
    return gatherFacts(facts, subject, budgets, (key) => recalled.get(key), nowMs);
  }
  const values = await Promise.all(keys.map((key) => store.read(key)));
  const cells = new Map(keys.map((key, index) => [key, values[index]]));
  return gatherFacts(facts, subject, budgets, (key) => cells.get(key), nowMs);
}

/** The request with what was gathered; of two opinions about risk, the higher one. */
export function withGathered(request: DecisionRequest, gathered: Gathered, time: string): DecisionRequest {
  const context: DecisionContext = { ...request.context, ...gathered.context };
  const observed = request.context?.risk_score;
  const risk = gathered.context.risk_score;
  const highest =
    observed === undefined || risk === undefined ? {} : { risk_score: Math.max(observed, risk) };
  const whole = { ...context, ...highest };
  return {
    ...request,
    ...(Object.keys(whole).length === 0 ? {} : { context: whole }),
    environment: { ...request.environment, time },
  };
}
