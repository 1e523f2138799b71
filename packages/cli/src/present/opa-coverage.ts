import type { CoverageReport, FileCoverage, SourcePosition, SourceRange } from '@writ/rego';

/** Coverage in the shape of `opa test --coverage` and `opa eval --coverage`; why a range was missed is not told. */
export function opaCoverage(report: CoverageReport): object {
  const files = Object.fromEntries(report.files.map((file) => [file.file, fileShape(file)]));
  const covered = report.files.reduce((sum, { coveredRows }) => sum + coveredRows.length, 0);
  const missed = report.files.reduce((sum, { missedRows }) => sum + missedRows.length, 0);
  return {
    files,
    covered_lines: covered,
    not_covered_lines: missed,
    coverage: percentOf(covered, covered + missed),
  };
}

function fileShape({ covered, missed, coveredRows, missedRows }: FileCoverage): object {
  const coverage = percentOf(coveredRows.length, coveredRows.length + missedRows.length);
  return {
    ...(covered.length > 0 && { covered: covered.map(rangeShape) }),
    ...(missed.length > 0 && { not_covered: missed.map(rangeShape) }),
    ...(coveredRows.length > 0 && { covered_lines: coveredRows.length }),
    ...(missedRows.length > 0 && { not_covered_lines: missedRows.length }),
    ...(coverage > 0 && { coverage }),
  };
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100;
}

function rangeShape({ start, end }: SourceRange): object {
  return { start: positionShape(start), end: positionShape(end) };
}

function positionShape({ row, column }: SourcePosition): object {
  return { row, col: column };
}
