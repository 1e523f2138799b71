import type { DecisionPoint } from '@writ/decision';
import { checkDecision, deniedDecision } from '@writ/sdk';

/** What the gateway asks a decision point; none of these ever rejects or hangs. */
export type BoundedPoint = Pick<DecisionPoint, 'decide' | 'complete' | 'list' | 'report'>;

type Settled<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'failed' }
  | { readonly kind: 'late' };

/**
 * A decision point that always answers in time: one that throws, rejects or hangs denies, withholds results and shows
 * nothing. An answer that can't be acted on denies too.
 */
export function boundPoint(point: DecisionPoint, waitMs: number): BoundedPoint {
  return {
    async decide(call) {
      const asked = start(() => point.decide(call));
      const settled = await settle(asked, waitMs);
      if (settled.kind === 'answer') return checkDecision(settled.value, call);
      if (settled.kind === 'failed')
        return deniedDecision('policy_engine_unavailable', 'the decision point failed');
      // An allow that comes after its caller was refused gives back what it reserved.
      void asked.then(
        (late) =>
          late.effect === 'proceed'
            ? point.complete({ decision_id: late.decision_id, status: 'not_sent' }).catch(() => undefined)
            : undefined,
        () => undefined,
      );
      return deniedDecision('policy_timeout', 'the decision point did not answer in time');
    },
    async complete(call) {
      const settled = await settle(
        start(() => point.complete(call)),
        waitMs,
      );
      if (settled.kind === 'answer') return settled.value;
      const message = 'the result could not be put on record';
      return {
        effect: 'refuse',
        outcome: 'deny',
        reasons: [{ code: 'audit_unavailable', message, outcome: 'deny' }],
      };
    },
    async list(call) {
      const settled = await settle(
        start(() => point.list(call)),
        waitMs,
      );
      return settled.kind === 'answer' ? settled.value : { decision_id: '', visible: [] };
    },
    async report(call) {
      await settle(
        start(() => point.report(call)),
        waitMs,
      );
    },
  };
}

/** A synchronous throw is a rejection too. */
async function start<T>(ask: () => Promise<T>): Promise<T> {
  return ask();
}

async function settle<T>(asked: Promise<T>, waitMs: number): Promise<Settled<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settled<T>>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'late' }), waitMs);
  });
  const answer = asked.then(
    (value): Settled<T> => ({ kind: 'answer', value }),
    (): Settled<T> => ({ kind: 'failed' }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
