import type { BundleProblem } from '../problem.ts';
import type { Fetched, Fetcher, FetchOutcome } from './fetcher.ts';
import { type LastGood, type LastGoodFile, lastGoodFile } from './last-good.ts';

/** How a published bundle is kept up with. */
export interface RemoteOptions {
  readonly name: string;
  readonly fetcher: Fetcher;
  /** Where the last good content is kept. */
  readonly directory: string;
  /** Time between two questions, ms; each is moved by up to a tenth. Default 30,000. */
  readonly pollMs?: number;
  /** Longest wait after failures, which doubles from a second, ms. Default 60,000. */
  readonly backOffMaxMs?: number;
  /** Longest time that a start waits for the first answer, ms. Default 10,000. */
  readonly startMs?: number;
  /** Beyond this age of what is known, ms, nothing is decided by it; by default it serves however old it is. */
  readonly maxAgeMs?: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What is known of a published bundle at one moment. */
export interface RemoteStatus {
  readonly name: string;
  readonly place: string;
  /** Of the content in force. */
  readonly tag: string | undefined;
  /** Milliseconds since the content in force was last known to be what is published. */
  readonly ageMs: number | undefined;
  /** Older than `maxAgeMs`. */
  readonly stale: boolean;
  /** `disk`: nothing has been fetched since the start. */
  readonly from: 'network' | 'disk' | undefined;
  /** The last question failed so. */
  readonly failure: BundleProblem | undefined;
}

/** A bundle that is published elsewhere: fetched, kept, and handed over once; whoever activates it says how that went. */
export interface RemoteBundle {
  readonly name: string;
  /** Ends when the first answer, or what is on disk, is there; or when neither is. */
  start(): Promise<void>;
  /** What is to be activated now: newer content where there is some, else the last good. */
  current(): Fetched | undefined;
  /** Calls back whenever `current` has become another. */
  onChange(listener: () => void): void;
  /** What `current` gave was activated, with its manifest's sequence: from now on it is the last good. */
  accepted(content: Fetched | undefined, sequence?: number): Promise<void>;
  /** The highest sequence that was activated. */
  readonly sequence: number | undefined;
  /** What `current` gave does not activate: the last good stays, until something else is published. */
  refused(content: Fetched | undefined): void;
  status(): RemoteStatus;
  close(): Promise<void>;
}

/** Keeps up with a published bundle. Never throws; what fails is in `status`. */
export function createRemoteBundle(options: RemoteOptions): RemoteBundle {
  return new Remote(options);
}

/** Deltas on top of one snapshot: each is checked and applied again at every activation. */
const DELTAS_MAX = 32;

class Remote implements RemoteBundle {
  readonly name: string;
  readonly #options: RemoteOptions;
  readonly #file: LastGoodFile;
  readonly #ending = new AbortController();
  readonly #now: () => number;
  #good: LastGood | undefined;
  #candidate: Fetched | undefined;
  #candidateAt = 0;
  /** What was last seen there, refused or not: asking again for it would only repeat the refusal. */
  #seen: string | undefined;
  /** A delta did not do: the next question is for the whole bundle, at once. */
  #needsSnapshot = false;
  /** Ends the wait, and a question that a server keeps waiting. */
  #hurry = new AbortController();
  #confirmedAt: number | undefined;
  #from: 'network' | 'disk' | undefined;
  #failure: BundleProblem | undefined;
  #failures = 0;
  #listener: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RemoteOptions) {
    this.name = options.name;
    this.#options = options;
    this.#file = lastGoodFile(options.directory, options.name);
    this.#now = options.now ?? Date.now;
  }

  async start(): Promise<void> {
    this.#good = await this.#file.read();
    if (this.#good !== undefined) {
      this.#from = 'disk';
      this.#confirmedAt = this.#good.confirmedAt;
    }
    const first = AbortSignal.any([
      this.#ending.signal,
      AbortSignal.timeout(this.#options.startMs ?? 10_000),
    ]);
    const since = this.#good?.tag;
    this.#take(await this.#options.fetcher.fetch(since, first, this.#takesDelta(since)), since);
    this.#running = this.#poll();
  }

  current(): Fetched | undefined {
    return this.#candidate ?? this.#good;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  get sequence(): number | undefined {
    return this.#good?.sequence;
  }

  async accepted(content: Fetched | undefined, sequence?: number): Promise<void> {
    // What came meanwhile waits for its own judgement.
    if (content === undefined || content !== this.#candidate) return;
    this.#candidate = undefined;
    this.#confirmedAt = this.#candidateAt;
    const known = sequence ?? this.#good?.sequence;
    this.#good = {
      ...content,
      confirmedAt: this.#candidateAt,
      ...(known === undefined ? {} : { sequence: known }),
    };
    await this.#file.write(this.#good);
  }

  refused(content: Fetched | undefined): void {
    if (content === undefined || content !== this.#candidate) return;
    this.#candidate = undefined;
    if ((content.deltas?.length ?? 0) === 0) return;
    this.#seen = undefined;
    this.#needsSnapshot = true;
    this.#hurry.abort();
  }

  status(): RemoteStatus {
    const ageMs = this.#confirmedAt === undefined ? undefined : Math.max(0, this.#now() - this.#confirmedAt);
    const { maxAgeMs } = this.#options;
    return {
      name: this.name,
      place: this.#options.fetcher.place,
      tag: this.current()?.tag,
      ageMs,
      stale: maxAgeMs !== undefined && (ageMs === undefined || ageMs > maxAgeMs),
      from: this.#from,
      failure: this.#failure,
    };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#options.fetcher.close();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const hurry = new AbortController();
      this.#hurry = hurry;
      const either = AbortSignal.any([signal, hurry.signal]);
      if (!this.#needsSnapshot) await pause(this.#delayMs(), either);
      if (signal.aborted) return;
      if (hurry.signal.aborted) continue;
      this.#needsSnapshot = false;
      const before = this.current();
      const since = this.#seen;
      const outcome = await this.#options.fetcher.fetch(since, either, this.#takesDelta(since));
      if (hurry.signal.aborted) continue;
      this.#take(outcome, since);
      if (this.current() !== before && !signal.aborted) this.#listener?.();
    }
  }

  /** Only what is in force can be changed by a delta; after many, the whole is asked for once again. */
  #takesDelta(since: string | undefined): boolean {
    const good = this.#good;
    const isInForce = since !== undefined && since !== '' && since === good?.tag;
    return isInForce && this.#candidate === undefined && (good.deltas?.length ?? 0) < DELTAS_MAX;
  }

  #take(outcome: FetchOutcome, since: string | undefined): void {
    if (outcome.kind === 'failed') {
      this.#failure = outcome.problem;
      this.#failures += 1;
      return;
    }
    this.#failure = undefined;
    this.#failures = 0;
    this.#from = 'network';
    if (outcome.kind === 'unchanged') {
      this.#seen ??= this.#good?.tag;
      if (this.#seen === this.#good?.tag) this.#confirmedAt = this.#now();
      return;
    }
    const fetched = outcome.kind === 'delta' ? this.#changed(outcome, since) : outcome.fetched;
    if (fetched === undefined) return;
    const known = this.#seen === fetched.tag && fetched.tag !== '';
    this.#seen = fetched.tag;
    const same = this.#good !== undefined && isSame(this.#good, fetched);
    if (same) this.#confirmedAt = this.#now();
    else if (!known) {
      this.#candidate = fetched;
      this.#candidateAt = this.#now();
    }
  }

  /** What is in force with a change that came; undefined where something else came into force meanwhile. */
  #changed(
    { delta, tag }: Extract<FetchOutcome, { readonly kind: 'delta' }>,
    since: string | undefined,
  ): Fetched | undefined {
    const good = this.#good;
    if (good === undefined || good.tag !== since) return undefined;
    const { archive, detached, revision, deltas = [] } = good;
    return {
      archive,
      detached,
      tag,
      ...(revision === undefined ? {} : { revision }),
      deltas: [...deltas, delta],
    };
  }

  /** A failure is asked about again soon, then ever later; a server that waits by itself is asked at once. */
  #delayMs(): number {
    const { pollMs = 30_000, backOffMaxMs = 60_000, random = Math.random } = this.#options;
    if (this.#failures > 0) {
      const grown = Math.min(1000 * 2 ** (this.#failures - 1), backOffMaxMs);
      return Math.min(grown, Math.max(pollMs, 1000)) * (0.5 + random() / 2);
    }
    if (this.#options.fetcher.waits) return 0;
    return pollMs * (0.9 + random() / 5);
  }
}

function isSame(left: Fetched, right: Fetched): boolean {
  const archives = ({ archive, deltas = [] }: Fetched): Uint8Array[] => [
    archive,
    ...deltas.map((delta) => delta.archive),
  ];
  const [ours, theirs] = [archives(left), archives(right)];
  return (
    ours.length === theirs.length && ours.every((bytes, index) => Buffer.compare(bytes, theirs[index]!) === 0)
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    timer.unref();
    signal.addEventListener('abort', end, { once: true });
  });
}
