import type { Json } from '@writ/decision';

/** A bundle's Cedar as it goes to the thread that evaluates it. */
export interface SentCedar {
  readonly bundle: string;
  readonly policies: readonly SourceFile[];
  readonly schema: SourceFile | undefined;
  /** Entities of the bundle, in Cedar's JSON. */
  readonly entities: SourceFile | undefined;
}

export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A policy as reasons name it. */
export interface CedarPolicy {
  /** Its annotation `@id`, else `policy` and its number. */
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly file: string;
  readonly row: number;
  readonly annotations: { readonly [name: string]: string };
}

/** Something that is wrong with a bundle's Cedar. */
export interface CedarProblem {
  readonly message: string;
  readonly file: string;
  readonly row?: number;
}

export interface FoundCedar {
  readonly bundle: string;
  readonly policies: readonly CedarPolicy[];
  /** Names below `context.session` that they can read. */
  readonly session: readonly string[] | 'all';
  readonly problems: readonly CedarProblem[];
  readonly warnings: readonly CedarProblem[];
}

/** An entity in Cedar's JSON form. */
export interface CedarEntity {
  readonly uid: CedarUid;
  readonly attrs: { readonly [name: string]: Json };
  readonly parents: readonly CedarUid[];
  readonly tags?: { readonly [name: string]: Json };
}

export interface CedarUid {
  readonly type: string;
  readonly id: string;
}

export type CedarRequest =
  | { readonly kind: 'load'; readonly bundles: readonly SentCedar[] }
  | { readonly kind: 'evaluate'; readonly bundle: string; readonly input: Json };

export type CedarReply =
  | { readonly kind: 'loaded'; readonly found: readonly FoundCedar[] }
  /** `determining`: ids of the policies that the decision follows from. */
  | { readonly kind: 'judged'; readonly decision: 'allow' | 'deny'; readonly determining: readonly string[] }
  | { readonly kind: 'failed-evaluation'; readonly message: string };
