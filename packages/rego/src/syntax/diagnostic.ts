import type { Location } from './ast.ts';

/** OPA's error codes (`ast/errors.go`), plus ours for constructs that this engine does not support yet. */
export const DIAGNOSTIC_CODES = [
  'rego_parse_error',
  'rego_compile_error',
  'rego_type_error',
  'rego_unsafe_var_error',
  'rego_recursion_error',
  'rego_unsupported_error',
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** What OPA adds to the message of a type error. */
export interface DiagnosticDetails {
  /** As OPA prints them below the message. */
  readonly lines: readonly string[];
  /** As OPA writes them in JSON. */
  readonly json: unknown;
}

/** A located finding about a policy. `message` is OPA's wording where OPA has one; `help` says how to mend it. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly location: Location;
  readonly details?: DiagnosticDetails;
  /** One sentence: why, in the user's terms. */
  readonly cause?: string;
  /** The mend, with the text that would replace the span where it can be known. */
  readonly help?: string;
  readonly replacement?: { readonly start: number; readonly end: number; readonly text: string };
}
