import type { Oracle } from '@writ/testing';

/** How one case of a corpus went. */
export interface CaseResult {
  /** Names the case inside its corpus. */
  readonly id: string;
  readonly kind: 'pass' | 'fail' | 'skip';
  /** Why it failed, or was left out. */
  readonly why?: string;
}

/** A corpus of OPA's, or one that is made from it. */
export interface Corpus {
  readonly name: string;
  readonly run: (oracle: Oracle) => Promise<readonly CaseResult[]>;
  /** Cases that must fail, each with the reason; they run all the same, and one that passes is told. */
  readonly known: Readonly<Record<string, string>>;
}

export const passed = (id: string): CaseResult => ({ id, kind: 'pass' });
export const failed = (id: string, why: string): CaseResult => ({ id, kind: 'fail', why });
export const skipped = (id: string, why: string): CaseResult => ({ id, kind: 'skip', why });
