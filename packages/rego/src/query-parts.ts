import { type Captured, isCaptureName } from './analysis/capture-values.ts';
import { pathSteps } from './plan/document-path.ts';
import type { ResultRow } from './policy-types.ts';
import type { Value } from './value/value.ts';

/** An answer of a query, with the values of its expressions apart from its own variables. */
export function resultRow(
  row: Readonly<Record<string, Value>>,
  captured: readonly Captured[],
  query: string,
): ResultRow {
  return {
    bindings: Object.fromEntries(Object.entries(row).filter(([name]) => !isCaptureName(name))),
    expressions: captured.map(({ location, variable }) => ({
      value: variable === undefined ? true : row[variable]!,
      text: query.slice(location.start, location.end),
      location,
    })),
  };
}

/** `input.a.b` or `data.c` as steps, `input` or `data` first. */
export function unknownSteps(path: string): readonly string[] {
  const [root] = /^input(?![^.[])/.exec(path) ?? ['data'];
  return [root, ...pathSteps(root === 'input' ? `data${path.slice('input'.length)}` : path)];
}
