import { type BundleProblem, renderProblem } from '@writ/bundle';
import type { EngineDiagnostic } from '../engine/engine.ts';

/** Why bundles do not activate: what is wrong with them as bundles, or what the engine says about their policies. */
export interface LoadFailure {
  readonly ok: false;
  readonly problems: readonly BundleProblem[];
  readonly diagnostics: readonly EngineDiagnostic[];
}

/** A failure for people: every problem and diagnostic, rendered with its source where the engine could. */
export function renderLoadFailure(failure: LoadFailure): string {
  return [...failure.problems.map(renderProblem), ...failure.diagnostics.map(renderDiagnosticLine)].join(
    '\n',
  );
}

function renderDiagnosticLine(diagnostic: EngineDiagnostic): string {
  if (diagnostic.rendered !== undefined) return diagnostic.rendered;
  const place = [diagnostic.file, diagnostic.row, diagnostic.column]
    .filter((part) => part !== undefined)
    .join(':');
  return `${diagnostic.code}: ${diagnostic.message}${place === '' ? '' : ` (${place})`}`;
}
