import type { BundleEngine, EngineContent } from '@writ/bundle';
import type { EntrypointKind, Json, JsonObject, Layer } from '@writ/decision';
import type { NondeterministicCache } from '@writ/rego';
import type { PolicyQueries } from './query-types.ts';

/**
 * One interface for every policy engine (embedded `rego`, a real `opa`, `wasm`, `cedar`, `crosscheck` of two).
 * All pass `engineContract` in `test/engine-contract.ts`.
 */

/** A bundle as an engine takes it: already read, checked and digested by `@writ/bundle`. */
export interface EngineBundle {
  readonly name: string;
  readonly revision: string;
  /** `sha256:<hex>`. */
  readonly digest: string;
  readonly regoVersion: 0 | 1;
  /** `version` is this module's own, where it differs from `regoVersion`. */
  readonly modules: readonly { readonly file: string; readonly text: string; readonly version?: 0 | 1 }[];
  readonly data: JsonObject;
  readonly entrypoints: readonly EngineEntrypoint[];
  /** Slash paths below `data` that the bundle owns; by default everything. */
  readonly roots?: readonly string[];
  /** Evaluated apart from all others, with its own data and without network or runtime data. */
  readonly thirdParty?: boolean;
  /** What evaluates it; absent: whichever the service has for bundles in Rego. */
  readonly engine?: BundleEngine;
  /** Wasm modules, or Cedar's policies, schema and entities. */
  readonly engineContent?: EngineContent;
}

export interface EngineEntrypoint {
  /** Slash path below `data`: `agent/tools/decision`. */
  readonly path: string;
  readonly kind: EntrypointKind;
  readonly layer: Layer;
  /** Input profile, `writ/v1` by default; `raw` passes the caller's own document (data API in development only). */
  readonly profile: string;
}

/** A rule that produced the answer, with its place in the bundle. */
export interface EngineRule {
  readonly path: string;
  readonly file: string;
  readonly row: number;
}

export type EngineAnswer =
  | {
      readonly kind: 'value';
      readonly value: Json;
      readonly rules: readonly EngineRule[];
      readonly rulesEvaluated: number;
    }
  | { readonly kind: 'undefined'; readonly rules: readonly EngineRule[]; readonly rulesEvaluated: number }
  | {
      readonly kind: 'error';
      readonly code:
        | 'policy_error'
        | 'policy_timeout'
        | 'policy_engine_unavailable'
        | 'policy_engines_disagree';
      readonly message: string;
      /** Where in the bundle the evaluation stopped, when the engine can tell. */
      readonly place?: { readonly file: string; readonly row: number };
    };

export interface EngineQuestion {
  readonly bundle: string;
  readonly path: string;
  readonly input: Json | undefined;
  /** Milliseconds left for this evaluation. */
  readonly deadlineMs: number;
  /** Nanoseconds since 1970, the same for every evaluation of one decision. */
  readonly timeNs: bigint;
  /**
   * What builtins answered whose answers do not follow from their operands: taken from it, and noted in it, by engines
   * that can. The same for every evaluation of one decision, so that they draw one number.
   */
  readonly nondeterministic?: NondeterministicCache;
}

/** What can be read by an entrypoint; undefined where the engine cannot tell (then everything is gathered). */
export interface ReadPaths {
  readonly input: readonly (readonly string[])[];
  readonly data: readonly (readonly string[])[];
}

/** A compiled set of bundles, swapped in whole. */
export interface LoadedPolicies {
  /** In process engines answer at once, others with a promise. Never throws or rejects: faults are answers. */
  evaluate(question: EngineQuestion): EngineAnswer | Promise<EngineAnswer>;
  reads(bundle: string, path: string): ReadPaths | undefined;
  /** What evaluates these bundles, where several engines do: `rego+cedar`. */
  readonly engine?: string;
  /** For administrators; absent where the engine has none. */
  readonly queries?: PolicyQueries;
  close(): Promise<void>;
}

export interface EngineDiagnostic {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly bundle: string;
  readonly file?: string;
  readonly row?: number;
  readonly column?: number;
  readonly message: string;
  /** Rendered for a terminal: source line, caret, mend. */
  readonly rendered?: string;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly policies: LoadedPolicies;
      readonly warnings: readonly EngineDiagnostic[];
      /** The first parties' rules were the ones that were loaded last: nothing of them was compiled again. */
      readonly reused?: true;
    }
  | { readonly ok: false; readonly diagnostics: readonly EngineDiagnostic[] };

export interface Engine {
  /** Of several side by side, the one for bundles that name none. */
  readonly name: BundleEngine;
  load(bundles: readonly EngineBundle[]): Promise<LoadResult>;
  health(): Promise<{ readonly ok: boolean; readonly message?: string }>;
  close(): Promise<void>;
}
