import { readEntry } from '@writ/ledger';
import {
  cellKey,
  PENDING_KEEP_MS,
  PENDING_PREFIX,
  type PendingSummary,
  pendingApprovalId,
  readPending,
} from '@writ/state';
import { type Store, scanPages } from '@writ/store';
import type { PendingLine } from './pending-line.ts';

/** Entries of the record that are followed at most. */
const FOLLOWED_MAX = 4_000;
/** So many are followed even where fewer approvals wait; beyond, reading the list anew is less to read. */
const FOLLOWED_MIN = 4;

/** Cells read at once. */
const PAGE = 10_000;

/** One approval that waits, with what of its line does not change with time. */
export interface PendingItem {
  readonly id: string;
  readonly summary: PendingSummary;
  /** Its line, without its age. */
  readonly line: Omit<PendingLine, 'age_seconds'>;
}

/**
 * What waits for people, kept in memory beside the state. Every step of an approval is an entry of the record, so that
 * a list is brought up to date by the entries since the last one and the cells that they name, in whichever process
 * they were made. On PostgreSQL an entry of another node shows with its place, within a second.
 */
export class PendingIndex {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #items = new Map<string, PendingItem>();
  /** Approvals that this process moved: they show at once. */
  readonly #moved = new Set<string>();
  #sorted: readonly PendingItem[] | undefined;
  #seen: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** The next time that the list is brought up to date, where somebody waits for it. */
  #next: Promise<void> | undefined;

  constructor(store: Store, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** Tells of an approval that was asked for or moved. */
  note(id: string): void {
    this.#moved.add(id);
  }

  /** Everything that waits, the oldest first, as committed; some may have expired. Rejects with the store's error. */
  async list(): Promise<readonly PendingItem[]> {
    // One that has not begun yet serves all who come before it does: it sees what was committed until then.
    this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      return this.#refresh();
    });
    const refreshed = this.#next;
    this.#turn = refreshed.catch(() => undefined);
    await refreshed;
    this.#forget();
    this.#sorted ??= [...this.#items.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    return this.#sorted;
  }

  /** Sweeping removes cells without an entry of the record. */
  #forget(): void {
    const before = this.#nowMs() - PENDING_KEEP_MS;
    for (const { id, summary } of this.#items.values()) {
      if (summary.expires_ms < before && this.#items.delete(id)) this.#sorted = undefined;
    }
  }

  async #refresh(): Promise<void> {
    const size = await this.#store.logSize();
    const seen = this.#seen;
    if (seen === undefined || size < seen || size - seen > this.#followedMax()) await this.#readWhole();
    else await this.#follow(seen, size);
    this.#seen = size;
  }

  #followedMax(): number {
    return Math.min(FOLLOWED_MAX, Math.max(FOLLOWED_MIN, this.#items.size));
  }

  async #readWhole(): Promise<void> {
    this.#moved.clear();
    const cells: (readonly [key: string, text: string])[] = [];
    for await (const page of scanPages(this.#store, PENDING_PREFIX, { size: PAGE })) cells.push(...page);
    this.#items.clear();
    this.#sorted = undefined;
    for (const [key, text] of cells) this.#put(pendingApprovalId(key), text);
  }

  async #follow(seen: number, size: number): Promise<void> {
    const ids = new Set(this.#moved);
    this.#moved.clear();
    const entries = size > seen ? await this.#store.entries(seen, size) : [];
    for (const entry of entries) {
      const read = readEntry(entry);
      const id = read.ok && read.value.core.kind === 'approval' ? read.value.core.approval_id : undefined;
      if (id !== undefined) ids.add(id);
    }
    await Promise.all(
      [...ids].map(async (id) => this.#put(id, await this.#store.read(cellKey('approval-pending', id)))),
    );
  }

  #put(id: string, text: string | undefined): void {
    const summary = text === undefined ? undefined : readPending(text);
    if (summary === undefined) {
      if (this.#items.delete(id)) this.#sorted = undefined;
      return;
    }
    const { v: _version, upkeep_ms: _upkeep, created_ms, expires_ms, ...rest } = summary;
    const created_at = new Date(created_ms).toISOString();
    const line = { id, ...rest, created_at, expires_at: new Date(expires_ms).toISOString() };
    this.#items.set(id, { id, summary, line });
    this.#sorted = undefined;
  }
}
