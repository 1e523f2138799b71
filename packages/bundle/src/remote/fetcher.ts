import type { DeltaArchive } from '../delta/read-delta.ts';
import type { BundleProblem } from '../problem.ts';

/** An archive as it came from where bundles are published. */
export interface Fetched {
  readonly archive: Uint8Array;
  /** Signatures that came beside it. */
  readonly detached: readonly string[];
  /** What names this content there: an ETag, a manifest's digest, a commit. */
  readonly tag: string;
  /** What the bundle is called where its manifest does not say: a commit. */
  readonly revision?: string;
  /** What changed it since it was published, oldest first; `tag` names what comes out. */
  readonly deltas?: readonly DeltaArchive[];
}

export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly fetched: Fetched }
  /** What is there is what `since` names with this change. */
  | { readonly kind: 'delta'; readonly delta: DeltaArchive; readonly tag: string }
  /** What is there is what `since` names. */
  | { readonly kind: 'unchanged' }
  /** Nothing is known; what was there before stays. */
  | { readonly kind: 'failed'; readonly problem: BundleProblem };

/** One way to get a bundle. It never throws, and reads nothing into what it gets. */
export interface Fetcher {
  /** Where the bundle comes from, for people; without credentials. */
  readonly place: string;
  /** Whether `fetch` may wait at the other end for a change, so that asking again at once is right. */
  readonly waits: boolean;
  /** `takesDelta`: what `since` names is at hand, so that a change of it will do. */
  fetch(since: string | undefined, signal: AbortSignal, takesDelta?: boolean): Promise<FetchOutcome>;
  close(): Promise<void>;
}

export function unavailable(message: string, help?: string): FetchOutcome {
  const problem: BundleProblem = {
    code: 'bundle_unavailable',
    message,
    ...(help === undefined ? {} : { help }),
  };
  return { kind: 'failed', problem };
}
