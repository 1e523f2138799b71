import type { DecideCall, Decision } from '@writ/decision';

/** What a caller was told of one decision. */
export interface Told {
  readonly id: string;
  readonly effect: Decision['effect'];
  readonly reason: string;
}

/** Calls that one process makes for one principal before it goes on to the next. */
export const CALLS_PER_PRINCIPAL = 400;
const DENIED_EVERY = 10;

/** Every process goes through the same principals in the same order, so that they meet at each one's budget. */
export function principalOf(index: number): string {
  return `user:${Math.floor(index / CALLS_PER_PRINCIPAL)}`;
}

/** The call number `index` of a process: a read that is allowed, or now and then a refund over the ceiling. */
export function callOf(mark: string, index: number): DecideCall {
  const denied = index % DENIED_EVERY === DENIED_EVERY - 1;
  return {
    idempotency_key: `${mark}-${index}`,
    request: {
      principal: { id: principalOf(index), kind: 'user', scopes: ['read', 'write:refund'] },
      actor: { id: 'agent:load' },
      action: {
        type: 'tool_call',
        phase: 'call',
        tool: denied ? 'refund.issue' : 'db.read',
        args: denied ? { amount_cents: 60_000 + index, by: mark } : { row: index, by: mark },
      },
    },
  };
}

/** A denial that could not be put on record says so, and promises nothing. */
export function isOnRecord(decision: Pick<Decision, 'reasons'>): boolean {
  return !decision.reasons.some(({ message }) => message?.endsWith('(this answer is not on record)'));
}
