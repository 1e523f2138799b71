import type { BatchDatabase } from '../batch.ts';
import type { StoredEntry } from '../contract.ts';
import { StoreError } from '../store-error.ts';

/** What a batch starts from. */
export interface BatchStart {
  readonly logSize: number;
  /** Latest time that was committed, and the database's own time now. */
  readonly clockMs: number;
  readonly wallMs: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** The cells and entries of one batch, read before and written after it: procedures run without waiting. */
export class BatchMemory implements BatchDatabase {
  readonly #start: BatchStart;
  readonly puts = new Map<string, string>();
  readonly removes = new Set<string>();
  readonly entries: StoredEntry[] = [];
  readonly details = new Map<number, string | null>();
  readonly wallMs: number;
  timeMs: number;
  committed = false;

  constructor(start: BatchStart) {
    this.#start = start;
    this.timeMs = start.clockMs;
    this.wallMs = start.wallMs;
  }

  begin(): { readonly logSize: number; readonly clockMs: number } {
    // A second transaction of one batch would not see what the first wrote.
    if (this.committed) throw new StoreError('store_procedure_failed', 'the batch has been closed');
    return this.#start;
  }

  cell(key: string): string | undefined {
    return this.#start.cells.get(key);
  }

  put(key: string, value: string): void {
    this.puts.set(key, value);
  }

  remove(key: string): void {
    this.removes.add(key);
  }

  append(entry: StoredEntry): void {
    this.entries.push(entry);
  }

  replaceDetail(index: number, detail: string | null): void {
    this.details.set(index, detail);
  }

  setClock(nowMs: number): void {
    this.timeMs = nowMs;
  }

  commit(): void {
    this.committed = true;
  }

  rollback(): void {
    this.puts.clear();
    this.removes.clear();
    this.entries.length = 0;
    this.details.clear();
  }
}
