import type { Prepared } from './attempt.ts';
import { budgetRequests } from './budgets.ts';
import type { OrderedCall } from './commit-order.ts';
import { rateRequests } from './rate-limits.ts';

/** A prepared call as the order of its commit looks at it. `usesApproval`: an approval is to be used up for it. */
export function orderedCall(prepared: Prepared, usesApproval: boolean): Omit<OrderedCall, 'use'> {
  const { draft, request, subject, counted, facts, judgement, stepUp, standing, rates } = prepared;
  const overridden = judgement?.combined.lifted.overridden ?? [];
  return {
    subject,
    counted,
    ...(request.delegation === undefined ? {} : { chain: request.delegation.map(({ id }) => id) }),
    budgets: budgetRequests(facts?.budgets ?? [], request),
    rates: rateRequests(rates ?? []),
    timeBound:
      usesApproval ||
      (standing !== undefined && draft.effect === 'proceed') ||
      stepUp !== undefined ||
      overridden.length > 0,
  };
}
