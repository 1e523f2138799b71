import type { Json } from '@writ/decision';
import type { ExplainMode } from '@writ/rego';

/** An error as OPA's REST API lists it. */
export interface QueryError {
  readonly code: string;
  readonly message: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
}

/** What a query did: as events in OPA's form, or as the lines that OPA prints of them. */
export interface QueryExplanation {
  readonly events: readonly object[];
  readonly lines: readonly string[];
}

/** Time that the stages of a query took, ns. */
export interface QueryTimers {
  readonly compileNs: number;
  readonly evaluationNs: number;
}

/** How a question outside of decisions is evaluated. */
export interface QuerySettings {
  readonly input: Json | undefined;
  /** A failing builtin ends the evaluation. */
  readonly strict?: boolean;
  readonly explain?: ExplainMode;
  /** Milliseconds. */
  readonly deadlineMs: number;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
}

export interface QueryRow {
  readonly bindings: { readonly [name: string]: Json };
  readonly values: readonly Json[];
}

/** `refused`: the query does not compile. `error`: its evaluation ended without an answer. */
export type QueryAnswer =
  | {
      readonly kind: 'rows';
      readonly rows: readonly QueryRow[];
      readonly explanation?: QueryExplanation;
      readonly timers: QueryTimers;
    }
  | { readonly kind: 'refused'; readonly errors: readonly QueryError[] }
  | { readonly kind: 'error'; readonly errors: readonly QueryError[] };

/** What is asked of partial evaluation; the names are OPA's. */
export interface CompileSettings extends Pick<QuerySettings, 'input' | 'deadlineMs' | 'timeNs'> {
  readonly unknowns?: readonly string[];
  readonly disableInlining?: readonly string[];
  readonly shallowInlining?: boolean;
}

/** What is left of a query, as trees in OPA's JSON. */
export type CompileAnswer =
  | {
      readonly kind: 'residue';
      readonly queries: readonly object[];
      readonly support: readonly object[];
      /** What is left reads the policy's own rules and data as well: by itself it is not the whole answer. */
      readonly needsPolicy: boolean;
      readonly timers: QueryTimers;
    }
  | { readonly kind: 'refused'; readonly errors: readonly QueryError[] }
  | { readonly kind: 'error'; readonly errors: readonly QueryError[] };

/** Queries of one's own over the first parties' policies, outside of decisions. Never rejects. */
export interface PolicyQueries {
  query(text: string, settings: QuerySettings): Promise<QueryAnswer>;
  /** The document at a slash path below `data`; a step of digits alone is a place in a list. */
  document(path: string, settings: QuerySettings): Promise<QueryAnswer>;
  compile(text: string, settings: CompileSettings): Promise<CompileAnswer>;
  /** Is the document at a slash path made by rules. */
  isVirtual(path: string): boolean;
}
