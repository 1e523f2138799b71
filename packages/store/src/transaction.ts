import type { StoredEntry, Transaction } from './contract.ts';
import { DETAIL_LENGTH_MAX, KEY_LENGTH_MAX, LEAF_BYTES_MAX, VALUE_LENGTH_MAX } from './limits.ts';

/** Whether entries get their place in the log with their transaction, or later by a sequencer. */
export type Places = 'now' | 'later';

/** The place of an entry that has none yet. */
const NO_PLACE = -1;

/**
 * The cells and entries of one batch in memory: what the calls before have kept, and over it what the current call
 * has done so far, which `keep` folds in and `drop` forgets. Nothing reaches the database before the batch ends.
 */
export class BatchState {
  readonly nowMs: number;
  readonly #load: (key: string) => string | undefined;
  readonly #steppedBackMs: number;
  readonly #stored = new Map<string, string | undefined>();
  readonly #kept = new Map<string, string | undefined>();
  readonly #entries: StoredEntry[] = [];
  readonly #logSizeBefore: number;
  readonly #places: Places;
  #call: CallTransaction | undefined;
  #entriesKept = 0;
  /** Texts to stand beside entries of earlier batches. */
  readonly #details = new Map<number, string | null>();

  constructor(
    load: (key: string) => string | undefined,
    logSize: number,
    nowMs: number,
    steppedBackMs: number,
    places: Places = 'now',
  ) {
    this.#places = places;
    this.#load = load;
    this.#logSizeBefore = logSize;
    this.nowMs = nowMs;
    this.#steppedBackMs = steppedBackMs;
  }

  /** Entries appended by the calls that were kept. */
  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  get logSize(): number {
    return this.#logSizeBefore + (this.#places === 'now' ? this.#entries.length : 0);
  }

  /** Starts a call that may touch `keys`; with `closed` it may not append. */
  begin(keys: readonly string[], closed = false): Transaction {
    for (const key of keys) checkKey(key);
    this.#call?.end();
    this.#call = new CallTransaction(this, new Set(keys), this.#steppedBackMs, closed);
    return this.#call;
  }

  keep(): void {
    for (const [key, value] of this.#call?.writes ?? []) this.#kept.set(key, value);
    for (const [index, detail] of this.#call?.details ?? []) this.#details.set(index, detail);
    this.#entriesKept = this.#entries.length;
    this.#call?.end();
    this.#call = undefined;
  }

  drop(): void {
    this.#entries.length = this.#entriesKept;
    this.#call?.end();
    this.#call = undefined;
  }

  value(key: string): string | undefined {
    if (this.#kept.has(key)) return this.#kept.get(key);
    if (!this.#stored.has(key)) this.#stored.set(key, this.#load(key));
    return this.#stored.get(key);
  }

  append(leaf: Uint8Array, detail: string | null): number {
    const index = this.#places === 'now' ? this.logSize : NO_PLACE;
    this.#entries.push({ index, leaf, detail });
    return index;
  }

  /** Details that were replaced, by the position of their entry. */
  get details(): ReadonlyMap<number, string | null> {
    return this.#details;
  }

  /** Number of entries before this batch. */
  get logSizeBefore(): number {
    return this.#logSizeBefore;
  }

  /** Cells whose value is not what the database holds; undefined where the cell is to go. */
  *changes(): Generator<readonly [key: string, value: string | undefined]> {
    for (const [key, value] of this.#kept) {
      if (!this.#stored.has(key) || this.#stored.get(key) !== value) yield [key, value];
    }
  }
}

class CallTransaction implements Transaction {
  readonly nowMs: number;
  readonly clockSteppedBackMs?: number;
  readonly writes = new Map<string, string | undefined>();
  readonly details = new Map<number, string | null>();
  readonly #state: BatchState;
  readonly #declared: ReadonlySet<string>;
  readonly #closed: boolean;
  #ended = false;

  constructor(state: BatchState, declared: ReadonlySet<string>, steppedBackMs: number, closed: boolean) {
    this.#state = state;
    this.#declared = declared;
    this.#closed = closed;
    this.nowMs = state.nowMs;
    if (steppedBackMs > 0) this.clockSteppedBackMs = steppedBackMs;
  }

  get logSize(): number {
    return this.#state.logSize;
  }

  get(key: string): string | undefined {
    this.#check(key);
    return this.writes.has(key) ? this.writes.get(key) : this.#state.value(key);
  }

  put(key: string, value: string): void {
    this.#check(key);
    if (typeof value !== 'string') throw new TypeError(`the value of \`${key}\` is not a string`);
    checkText(value, VALUE_LENGTH_MAX, `the value of \`${key}\``);
    this.writes.set(key, value);
  }

  remove(key: string): void {
    this.#check(key);
    this.writes.set(key, undefined);
  }

  append(leaf: Uint8Array, detail: string | null): number {
    this.#checkRunning();
    if (this.#closed) throw new RangeError('the closing of a batch does not append');
    if (!(leaf instanceof Uint8Array)) throw new TypeError('a leaf is bytes');
    if (leaf.byteLength > LEAF_BYTES_MAX) throw new RangeError(`a leaf has at most ${LEAF_BYTES_MAX} bytes`);
    if (detail !== null) checkText(detail, DETAIL_LENGTH_MAX, 'the detail of an entry');
    // A copy: the procedure may use its buffer again for the next entry.
    return this.#state.append(leaf.slice(), detail);
  }

  replaceDetail(index: number, detail: string | null): void {
    this.#checkRunning();
    // Entries of this batch are not written yet; nobody has read them, so nobody asks to erase from them.
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#state.logSizeBefore)
      throw new RangeError(`entry ${index} is not in the log`);
    if (detail !== null) checkText(detail, DETAIL_LENGTH_MAX, 'the detail of an entry');
    this.details.set(index, detail);
  }

  end(): void {
    this.#ended = true;
  }

  #check(key: string): void {
    this.#checkRunning();
    if (!this.#declared.has(key)) throw new RangeError(`the cell \`${key}\` was not declared by \`keys\``);
  }

  #checkRunning(): void {
    if (this.#ended) throw new RangeError('the transaction has ended');
  }
}

function checkKey(key: string): void {
  if (typeof key !== 'string' || key === '') throw new TypeError('a key is a string that is not empty');
  checkText(key, KEY_LENGTH_MAX, 'a key');
}

/** A lone surrogate has no UTF-8 form: it would be read back as another text. */
function checkText(text: string, lengthMax: number, what: string): void {
  if (text.length > lengthMax) throw new RangeError(`${what} is longer than ${lengthMax}`);
  if (!text.isWellFormed()) throw new RangeError(`${what} has a lone surrogate`);
}
