import { type Store, scanPages, type Transaction } from '@writ/store';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';

/** Something that a channel has to be told of an approval. It stays until the channel was told. */
export interface OutboxNotice extends Versioned {
  readonly channel: string;
  readonly approval_id: string;
  /** `requested`, `voted`, `approved`, `denied`, `cancelled`, `revoked`, `used`, `expired`, `reminder`, `escalated`. */
  readonly event: string;
  readonly created_ms: number;
  readonly attempts: number;
  /** Not before. */
  readonly next_ms: number;
  /** Who tries now, and until when nobody else does. */
  readonly lease?: { readonly owner: string; readonly until_ms: number };
}

/** How long a notice is kept at most. Its channel gives it up before; one that is not configured any more never would. */
export const OUTBOX_KEEP_MS = 7 * 24 * 60 * 60_000;
/** Notices that are enough for one look: those that wait to be tried again must not hide the ones behind them. */
const DUE_MAX = 100;

/** The cells that telling these channels of one step writes. */
export function outboxKeys(approvalId: string, channels: readonly string[], step: string): readonly string[] {
  return channels.map((channel) => cellKey('outbox', channel, approvalId, step));
}

/** Puts a step of an approval before its channels, in the transaction of the step itself: none is lost, none invented. */
export function tellChannels(
  transaction: Transaction,
  approvalId: string,
  channels: readonly string[],
  told: { readonly event: string; readonly step: string },
): void {
  for (const channel of channels) {
    writeCell<OutboxNotice>(transaction, cellKey('outbox', channel, approvalId, told.step), {
      v: 1,
      channel,
      approval_id: approvalId,
      event: told.event,
      created_ms: transaction.nowMs,
      attempts: 0,
      next_ms: transaction.nowMs,
    });
  }
}

/** Notices of a channel that are due and nobody tries, by their cells, the oldest first: some 100, where there are more. */
export async function dueNotices(
  store: Pick<Store, 'scan'>,
  channel: string,
  nowMs: number,
): Promise<readonly (readonly [key: string, notice: OutboxNotice])[]> {
  const found: (readonly [key: string, notice: OutboxNotice])[] = [];
  for await (const page of scanPages(store, `${cellKey('outbox', channel)}/`)) {
    for (const [key, text] of page) {
      const notice = readableNotice(key, text);
      const due = notice !== undefined && notice.next_ms <= nowMs && (notice.lease?.until_ms ?? 0) <= nowMs;
      if (due) found.push([key, notice]);
    }
    if (found.length >= DUE_MAX) break;
  }
  return found.toSorted(([, first], [, second]) => first.created_ms - second.created_ms);
}

/** One that another version wrote is its to tell, and holds up no other. */
function readableNotice(key: string, text: string): OutboxNotice | undefined {
  try {
    return readCell<OutboxNotice>(() => text, key);
  } catch {
    return undefined;
  }
}

/** Takes a notice for `owner`; undefined where it is gone or somebody else has it. */
export function claimNotice(
  transaction: Transaction,
  key: string,
  owner: string,
  leaseMs: number,
): OutboxNotice | undefined {
  const notice = readCell<OutboxNotice>(readerOf(transaction), key);
  if (notice === undefined || (notice.lease !== undefined && notice.lease.until_ms > transaction.nowMs))
    return undefined;
  const claimed = { ...notice, lease: { owner, until_ms: transaction.nowMs + leaseMs } };
  writeCell(transaction, key, claimed);
  return claimed;
}

/** Ends an attempt: told, or to be tried again after a time. A lease that was lost changes nothing. */
export function settleNotice(
  transaction: Transaction,
  key: string,
  owner: string,
  outcome: { readonly told: true } | { readonly told: false; readonly retryMs: number },
): void {
  const notice = readCell<OutboxNotice>(readerOf(transaction), key);
  if (notice?.lease?.owner !== owner) return;
  if (outcome.told) {
    transaction.remove(key);
    return;
  }
  const { lease: _lease, ...rest } = notice;
  writeCell(transaction, key, {
    ...rest,
    attempts: notice.attempts + 1,
    next_ms: transaction.nowMs + outcome.retryMs,
  });
}

/** What a channel keeps of an approval: where its message is, so that it can be changed. */
export function memoKey(approvalId: string, channel: string): string {
  return cellKey('channel-memo', approvalId, channel);
}

interface Memo extends Versioned {
  readonly text: string;
  readonly kept_ms: number;
}

export function writeMemo(transaction: Transaction, key: string, text: string): void {
  writeCell<Memo>(transaction, key, { v: 1, text, kept_ms: transaction.nowMs });
}

export function readMemo(read: CellReader, key: string): string | undefined {
  return readCell<Memo>(read, key)?.text;
}
