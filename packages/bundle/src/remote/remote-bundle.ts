import { hash } from 'node:crypto';
import { keepReaderReady } from '../large/read-apart.ts';
import type { BundleProblem } from '../problem.ts';
import type { Fetched, Fetcher, FetchOutcome } from './fetcher.ts';
import {
  type ContentFacts,
  type KeptContent,
  type KeptContents,
  keptContents,
  type LastGood,
} from './kept-contents.ts';
import { pollDelayMs } from './poll-delay.ts';

/** How a published bundle is kept up with. */
export interface RemoteOptions {
  readonly name: string;
  readonly fetcher: Fetcher;
  /** Where the last good content is kept, and those before it. */
  readonly directory: string;
  /** How many contents are kept, the one in force among them. Default 10. */
  readonly keep?: number;
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
  /** An operator put an earlier content in place of what is published. */
  readonly rolledBack: boolean;
  /** What is there waits: for the other bundles of its release, or for what is wrong with others to be mended. */
  readonly waiting: boolean;
}

/** How a content that an operator offered fared. */
export type OfferOutcome =
  | { readonly kind: 'accepted' }
  /** It does not activate; why is on record. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It waits for the other bundles of its release. */
  | { readonly kind: 'waiting' }
  /** Something else came in its place, or the bundle was closed. */
  | { readonly kind: 'overtaken' };

/** A bundle that is published elsewhere: fetched, kept, and handed over once; whoever activates it says how that went. */
export interface RemoteBundle {
  readonly name: string;
  /** Ends when the first answer, or what is on disk, is there; or when neither is. */
  start(): Promise<void>;
  /** What is to be activated now: newer content where there is some, else the last good. */
  current(): Fetched | undefined;
  /** Is this what `current` gives, and was it neither activated nor refused so far. */
  isNew(content: Fetched | undefined): boolean;
  /** Calls back whenever `current` has become another. */
  onChange(listener: () => void): void;
  /** What `current` gave was activated, and says this of itself: from now on it is the last good. */
  accepted(content: Fetched | undefined, facts: ContentFacts): Promise<void>;
  /** The highest sequence that was activated. */
  readonly sequence: number | undefined;
  /** What `current` gave does not activate: the last good stays, until something else is published. */
  refused(content: Fetched | undefined, why?: string): void;
  /** What `current` gave has to wait, such as for other bundles: until `retry` the last good is `current`. */
  deferred(content: Fetched | undefined): void;
  /** What waits is `current` once more. */
  retry(): void;
  /**
   * Puts a content of the operator's in place of what is published, which is not asked for again until something else
   * is published there. Resolves when it was activated or refused, as anything that was fetched.
   */
  offer(content: Pick<Fetched, 'archive' | 'detached'>): Promise<OfferOutcome>;
  /** Contents that were in force, the newest first. */
  history(): Promise<readonly KeptContent[]>;
  /** The bytes of one of them, by the digest of the bundle. */
  kept(digest: string): ReturnType<KeptContents['content']>;
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
  readonly #file: KeptContents;
  readonly #ending = new AbortController();
  readonly #now: () => number;
  #good: LastGood | undefined;
  #candidate: Fetched | undefined;
  #waiting: Fetched | undefined;
  #offered: { readonly content: Fetched; readonly end: (outcome: OfferOutcome) => void } | undefined;
  #candidateAt = 0;
  /** What was last seen there, refused or not: asking again for it would only repeat the refusal. */
  #seen: string | undefined;
  /** The same for a server that names no tags. */
  #seenDigest: string | undefined;
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
  #endReady: (() => Promise<void>) | undefined;

  constructor(options: RemoteOptions) {
    this.name = options.name;
    this.#options = options;
    this.#file = keptContents(options.directory, options.name, options.keep);
    this.#now = options.now ?? Date.now;
  }

  async start(): Promise<void> {
    this.#endReady = keepReaderReady();
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

  isNew(content: Fetched | undefined): boolean {
    return content !== undefined && content === this.#candidate;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  get sequence(): number | undefined {
    return this.#good?.sequence;
  }

  async accepted(content: Fetched | undefined, facts: ContentFacts): Promise<void> {
    // What came meanwhile waits for its own judgement.
    if (content === undefined || content !== this.#candidate) return;
    const known = facts.sequence ?? this.#good?.sequence;
    const before = this.#good;
    const isOffered = this.#offered?.content === content;
    this.#candidate = undefined;
    this.#confirmedAt = this.#candidateAt;
    this.#good = {
      ...content,
      confirmedAt: this.#candidateAt,
      ...(known === undefined ? {} : { sequence: known }),
      ...(isOffered && before !== undefined ? { supersedes: before.supersedes ?? digestOf(before) } : {}),
    };
    try {
      await this.#file.write(this.#good, facts);
    } finally {
      this.#endOffer(content, { kind: 'accepted' });
    }
  }

  refused(content: Fetched | undefined, why = ''): void {
    this.#endOffer(content, { kind: 'refused', why });
    if (content === undefined || content !== this.#candidate) return;
    this.#candidate = undefined;
    if ((content.deltas?.length ?? 0) === 0) return;
    this.#seen = undefined;
    this.#needsSnapshot = true;
    this.#hurry.abort();
  }

  deferred(content: Fetched | undefined): void {
    if (content === undefined || content !== this.#candidate) return;
    this.#waiting = content;
    this.#candidate = undefined;
    // It stays an offer: what is published must not be asked for again once it is in force.
    if (this.#offered?.content === content) this.#offered.end({ kind: 'waiting' });
  }

  retry(): void {
    this.#candidate ??= this.#waiting;
    this.#waiting = undefined;
  }

  offer({ archive, detached }: Pick<Fetched, 'archive' | 'detached'>): Promise<OfferOutcome> {
    this.#endOffer(this.#offered?.content, { kind: 'overtaken' });
    // What is published there now is what it takes the place of.
    const content: Fetched = { archive, detached, tag: this.#seen ?? this.#good?.tag ?? '' };
    this.#waiting = undefined;
    this.#candidate = content;
    this.#candidateAt = this.#now();
    const ended = new Promise<OfferOutcome>((end) => {
      this.#offered = { content, end };
    });
    if (this.#ending.signal.aborted) this.#endOffer(content, { kind: 'overtaken' });
    else this.#listener?.();
    return ended;
  }

  history(): Promise<readonly KeptContent[]> {
    return this.#file.history();
  }

  kept(digest: string): ReturnType<KeptContents['content']> {
    return this.#file.content(digest);
  }

  #endOffer(content: Fetched | undefined, outcome: OfferOutcome): void {
    if (content === undefined || this.#offered?.content !== content) return;
    this.#offered.end(outcome);
    this.#offered = undefined;
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
      rolledBack: this.#good?.supersedes !== undefined,
      waiting: this.#waiting !== undefined,
    };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#endOffer(this.#offered?.content, { kind: 'overtaken' });
    await this.#running;
    await this.#endReady?.();
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

  /**
   * Only what is in force can be changed by a delta, and only where it is what is published; after many, the whole is
   * asked for once again.
   */
  #takesDelta(since: string | undefined): boolean {
    const good = this.#good;
    const isInForce = since !== undefined && since !== '' && since === good?.tag;
    return (
      isInForce &&
      good.supersedes === undefined &&
      this.#candidate === undefined &&
      (good.deltas?.length ?? 0) < DELTAS_MAX
    );
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
    const digest = seenDigestOf(fetched);
    const known = (this.#seen === fetched.tag && fetched.tag !== '') || this.#seenDigest === digest;
    this.#seen = fetched.tag;
    this.#seenDigest = digest;
    if (this.#isInForce(fetched)) this.#confirmedAt = this.#now();
    else if (!known) {
      this.#endOffer(this.#candidate, { kind: 'overtaken' });
      this.#waiting = undefined;
      this.#candidate = fetched;
      this.#candidateAt = this.#now();
    }
  }

  /** What is published is the last good, or what an operator rolled back from. */
  #isInForce(fetched: Fetched): boolean {
    if (this.#good === undefined) return false;
    const digest = digestOf(fetched);
    return digest === digestOf(this.#good) || digest === this.#good.supersedes;
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

  #delayMs(): number {
    const { pollMs, backOffMaxMs, random, fetcher } = this.#options;
    return pollDelayMs({ failures: this.#failures, waits: fetcher.waits, pollMs, backOffMaxMs, random });
  }
}

/** SHA-256 over the digests of an archive and its deltas, hex. */
function digestOf({ archive, deltas = [] }: Fetched): string {
  const parts = [archive, ...deltas.map((delta) => delta.archive)];
  return hash('sha256', parts.map((part) => hash('sha256', part, 'hex')).join(), 'hex');
}

/** The same with the signatures beside it: one that was missing may have been added. */
function seenDigestOf(fetched: Fetched): string {
  return [digestOf(fetched), ...fetched.detached.map((text) => hash('sha256', text, 'hex'))].join();
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
