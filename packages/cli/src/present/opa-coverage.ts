import type { CoverageReport, FileCoverage } from '@writ/rego';

interface Range {
  readonly start: { readonly row: number };
  readonly end: { readonly row: number };
}

/** Coverage in the shape of `opa test --coverage` and `opa eval --coverage`; ranges are whole rows here. */
export function opaCoverage(report: CoverageReport): object {
  const files = Object.fromEntries(report.files.map((file) => [file.file, fileShape(file)]));
  const covered = report.files.reduce((sum, file) => sum + file.covered.length, 0);
  const missed = report.files.reduce((sum, file) => sum + file.missed.length, 0);
  return {
    files,
    covered_lines: covered,
    not_covered_lines: missed,
    coverage: percentOf(covered, covered + missed),
  };
}

function fileShape({ covered, missed }: FileCoverage): object {
  return {
    ...(covered.length > 0 && { covered: rangesOf(covered) }),
    ...(missed.length > 0 && { not_covered: rangesOf(missed) }),
    ...(covered.length > 0 && { covered_lines: covered.length }),
    ...(missed.length > 0 && { not_covered_lines: missed.length }),
    coverage: percentOf(covered.length, covered.length + missed.length),
  };
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : (part / whole) * 100;
}

/** Rows that follow each other as one range. */
function rangesOf(rows: readonly number[]): readonly Range[] {
  const ranges: { start: { row: number }; end: { row: number } }[] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last !== undefined && last.end.row === row - 1) last.end.row = row;
    else ranges.push({ start: { row }, end: { row } });
  }
  return ranges;
}
