import type { Diagnostic } from '@writ/rego';

/** An error as `opa check --format json` writes it. */
export interface OpaError {
  readonly message: string;
  readonly code: string;
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  readonly details?: unknown;
}

/** A diagnostic in OPA's shape. */
export function opaError({ message, code, location, details }: Diagnostic): OpaError {
  const { file, row, column } = location;
  return {
    message,
    code,
    location: { file, row, col: column },
    ...(details !== undefined && { details: details.json }),
  };
}

/** The first so many errors; where there are more, the last one says that the limit is reached, as OPA does. */
export function limited(diagnostics: readonly Diagnostic[], max: number): readonly Diagnostic[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (max <= 0 || errors.length < max) return diagnostics;
  const shown = errors.slice(0, max);
  const last = shown.at(-1)!;
  return [
    ...shown,
    {
      code: 'rego_compile_error',
      severity: 'error',
      message: 'error limit reached',
      location: last.location,
    },
  ];
}
