import { claimNotice, memoKey, type OutboxNotice, settleNotice, writeMemo } from '@writ/state';
import type { Procedure } from '@writ/store';

/** One step of telling a channel. */
export type OutboxRequest = { readonly key: string; readonly owner: string } & (
  | { readonly act: 'claim'; readonly leaseMs: number }
  | {
      readonly act: 'told';
      /** What the channel wants to remember of this approval. */
      readonly memo?: { readonly approvalId: string; readonly channel: string; readonly text: string };
    }
  | { readonly act: 'retry'; readonly retryMs: number }
);

/** Claims a notice, removes one that was told, or puts it off. */
const outboxProcedure: Procedure<OutboxRequest, OutboxNotice | null> = {
  name: 'pdp.outbox',
  keys: (request) => [
    request.key,
    ...(request.act === 'told' && request.memo !== undefined
      ? [memoKey(request.memo.approvalId, request.memo.channel)]
      : []),
  ],
  run: (transaction, request) => {
    const { key, owner } = request;
    switch (request.act) {
      case 'claim':
        return claimNotice(transaction, key, owner, request.leaseMs) ?? null;
      case 'told': {
        const { memo } = request;
        if (memo !== undefined) writeMemo(transaction, memoKey(memo.approvalId, memo.channel), memo.text);
        settleNotice(transaction, key, owner, { told: true });
        return null;
      }
      case 'retry':
        settleNotice(transaction, key, owner, { told: false, retryMs: request.retryMs });
        return null;
    }
  },
};

export default outboxProcedure;
