import type { Store, Transaction } from '@writ/store';
import { readCell, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';

/** Somebody who may approve is away, and whose yes counts in their place. */
export interface Away extends Versioned {
  readonly id: string;
  readonly groups: readonly string[];
  readonly delegate: string;
  readonly until_ms: number;
}

const AWAY_PREFIX = 'approver-away/';
/** People who may be away at once; further ones have no delegate. */
const AWAY_MAX = 10_000;

export function awayKey(id: string): string {
  return cellKey('approver-away', id);
}

/** Names a delegate until a time, or, without one, ends that. */
export function setAway(
  transaction: Transaction,
  id: string,
  away:
    | { readonly delegate: string; readonly untilMs: number; readonly groups: readonly string[] }
    | undefined,
): void {
  if (away === undefined) transaction.remove(awayKey(id));
  else {
    const { delegate, untilMs, groups } = away;
    writeCell<Away>(transaction, awayKey(id), { v: 1, id, groups, delegate, until_ms: untilMs });
  }
}

/** Everybody who is away at `nowMs`; or only those for whom `delegate` stands in. */
export async function listAway(
  store: Pick<Store, 'scan'>,
  nowMs: number,
  delegate?: string,
): Promise<readonly Away[]> {
  const cells = await store.scan(AWAY_PREFIX, AWAY_MAX);
  return cells.flatMap(([key, text]) => {
    const away = readCell<Away>(() => text, key);
    const holds = away !== undefined && away.until_ms > nowMs;
    return holds && (delegate === undefined || away.delegate === delegate) ? [away] : [];
  });
}
