import { APPROVAL_KEEP_MS } from './approval.ts';
import { readPending } from './approval-pending.ts';
import { readCell, type Versioned } from './cell.ts';
import { IDEMPOTENCY_MS } from './idempotency.ts';
import { OUTBOX_KEEP_MS } from './outbox.ts';
import { NAMED_SESSION_IDLE_MS } from './session.ts';
import { readStanding } from './standing.ts';

/** What a cell of one of these kinds may hold that tells when it means nothing any more. */
interface Expiring extends Versioned {
  readonly expires_ms?: number;
  readonly last_ms?: number;
  readonly opened_ms?: number;
  readonly created_ms?: number;
  readonly kept_ms?: number;
}

/** One kind of cells that expire. */
interface SweptKind {
  /**
   * How its keys lie: in `shards`; by `time`, so that mostly the expired ones come first; or by names (`plain`), which
   * are few.
   */
  readonly layout: 'shards' | 'time' | 'plain';
  /** When a cell's text means nothing any more; undefined where that is not known, and then it stays. */
  readonly expiryMs: (text: string, key: string) => number | undefined;
}

/** How long what expired stays in the list, so that its end is told before it goes. */
export const PENDING_KEEP_MS = 10 * 60_000;

const byExpiry = (text: string, key: string) => read(text, key).expires_ms;

/** Kinds of cells that expire, by the first part of their keys. */
export const SWEPT: Readonly<Record<string, SweptKind>> = {
  session: {
    layout: 'shards',
    expiryMs: (text, key) => after(read(text, key).last_ms, NAMED_SESSION_IDLE_MS),
  },
  idem: { layout: 'shards', expiryMs: byExpiry },
  counter: { layout: 'shards', expiryMs: byExpiry },
  rate: { layout: 'shards', expiryMs: byExpiry },
  'step-up': { layout: 'shards', expiryMs: byExpiry },
  'step-up-proof': { layout: 'shards', expiryMs: byExpiry },
  'approval-for': { layout: 'shards', expiryMs: (text) => after(timeInId(text), APPROVAL_KEEP_MS) },
  'approval-group': { layout: 'shards', expiryMs: (text) => after(timeInId(text), APPROVAL_KEEP_MS) },
  // A completion may be repeated as long as its decision may.
  decision: {
    layout: 'time',
    expiryMs: (text, key) => after(read(text, key).opened_ms, IDEMPOTENCY_MS),
  },
  approval: { layout: 'time', expiryMs: (text, key) => after(byExpiry(text, key), APPROVAL_KEEP_MS) },
  'approval-pending': { layout: 'time', expiryMs: (text) => after(pendingExpiry(text), PENDING_KEEP_MS) },
  'channel-memo': {
    layout: 'time',
    expiryMs: (text, key) => after(read(text, key).kept_ms, APPROVAL_KEEP_MS),
  },
  standing: { layout: 'plain', expiryMs: (text, key) => after(standingEnd(text, key), APPROVAL_KEEP_MS) },
  // Of channels that are not configured any more: what a channel of today can't be told, it gives up itself.
  outbox: { layout: 'plain', expiryMs: (text, key) => after(read(text, key).created_ms, OUTBOX_KEEP_MS) },
};

/** Whether what a cell says means nothing any more at `nowMs`. */
export function hasExpired(key: string, text: string | undefined, nowMs: number): boolean {
  const kind = SWEPT[key.slice(0, key.indexOf('/'))];
  if (kind === undefined || text === undefined) return false;
  const expiry = knownExpiry(kind, text, key);
  return expiry !== undefined && nowMs > expiry;
}

/** What can't be read stays, and keeps nothing else from being swept. */
function knownExpiry({ expiryMs }: SweptKind, text: string, key: string): number | undefined {
  try {
    return expiryMs(text, key);
  } catch {
    return undefined;
  }
}

function read(text: string, key: string): Expiring {
  return readCell<Expiring>(() => text, key) ?? { v: 1 };
}

function standingEnd(text: string, key: string): number | undefined {
  const state = readStanding(() => text, key);
  return state === undefined ? undefined : Date.parse(state.grant.expires_at);
}

function after(startMs: number | undefined, keptMs: number): number | undefined {
  return startMs === undefined ? undefined : startMs + keptMs;
}

/** When a pending approval ends: in its summary, or the whole text of a cell that an earlier version wrote. */
function pendingExpiry(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : readPending(text)?.expires_ms;
}

/** The time in an approval's id (a UUID of version 7). */
function timeInId(id: string): number | undefined {
  const [, high, low] = /^apr-([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
