import { closeSync, openSync, writeSync } from 'node:fs';
import type { Decision, DecisionPoint } from '@writ/decision';

/** What an enforcement point keeps of an answer that it acted on: enough to find it again in the record. */
export interface Receipt {
  readonly decision_id: string;
  /** RFC 3339, UTC: the point's own clock. */
  readonly time: string;
  readonly outcome: Decision['outcome'];
  readonly effect: Decision['effect'];
  readonly arg_hash?: string;
  readonly forwarded_hash?: string;
  /** Signed by the node that decided, in a cluster. */
  readonly receipt?: string;
}

/**
 * The same point, which also keeps a receipt of every decision in a file of the caller's own: one JSON object a line,
 * written before the answer is acted on. `writ log reconcile` compares them with the record. An answer whose receipt
 * cannot be written is not given: the call rejects.
 */
export function keepReceipts(point: DecisionPoint, path: string): DecisionPoint {
  let file: number | undefined = openSync(path, 'a', 0o600);
  return {
    decide: async (call) => {
      const decision = await point.decide(call);
      if (file === undefined) throw new Error('the receipts are closed');
      writeSync(file, `${JSON.stringify(receiptOf(decision))}\n`);
      return decision;
    },
    complete: (call) => point.complete(call),
    list: (call) => point.list(call),
    report: (call) => point.report(call),
    approval: point.approval,
    close: async () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      await point.close();
    },
  };
}

function receiptOf({
  decision_id,
  outcome,
  effect,
  arg_hash,
  forwarded_hash,
  metadata: { receipt },
}: Decision): Receipt {
  return {
    decision_id,
    time: new Date().toISOString(),
    outcome,
    effect,
    ...(arg_hash === undefined ? {} : { arg_hash }),
    ...(forwarded_hash === undefined ? {} : { forwarded_hash }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
