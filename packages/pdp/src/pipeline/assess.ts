import type { DecisionRequest, Outcome, Reason } from '@writ/decision';
import { gatherFacts } from '@writ/state';
import type { PolicySet } from '../layers/policy-set.ts';
import { readBudgets } from './budgets.ts';
import { factsFor, subjectOf, withGathered } from './gather.ts';
import { judge } from './judge.ts';
import { resolveRequest } from './resolve-request.ts';

/** When and for how long a request is judged. */
export interface AssessOptions {
  readonly nowMs: number;
  readonly deadlineMs: number;
}

/** What policies say about a request by itself. */
export interface Assessment {
  readonly outcome: Outcome;
  /** The strictest first. */
  readonly reasons: readonly Reason[];
}

/**
 * Asks policies about a sample request, without a decision point: no state, no record, no approvals. What a decision
 * point would take from its state is as after a fresh start, unless the sample itself says what it was (`context`,
 * `environment.time`): a sample describes a situation, it is no caller whose claims must be doubted.
 */
export async function assess(
  set: PolicySet,
  request: DecisionRequest,
  { nowMs, deadlineMs }: AssessOptions,
): Promise<Assessment> {
  const resolved = resolveRequest(request, set.registry, {});
  if (!resolved.ok) return refused(resolved.code, resolved.message);
  const budgets = readBudgets(set.bundles, []);
  if (!budgets.ok) return refused('policy_error', budgets.message);
  const facts = factsFor(set.readsOf(resolved.request)?.input);
  const subject = subjectOf(resolved.request);
  const fresh = gatherFacts(facts, subject, budgets.budgets, () => undefined, nowMs);
  const told = withGathered(resolved.request, fresh, new Date(nowMs).toISOString());
  const time = request.environment?.time;
  const context = { ...told.context, ...request.context };
  const judged = await judge(
    {
      ...told,
      ...(Object.keys(context).length === 0 ? {} : { context }),
      environment: { ...told.environment, ...(time === undefined ? {} : { time }) },
    },
    { policies: set, nowMs: time === undefined ? nowMs : Date.parse(time) || nowMs, deadlineMs },
  );
  return { outcome: judged.combined.outcome, reasons: judged.combined.reasons };
}

function refused(code: string, message: string): Assessment {
  return { outcome: 'deny', reasons: [{ code, message, outcome: 'deny' }] };
}
