import type { Observer } from '../runtime/observer.ts';
import type { Location } from '../syntax/ast.ts';

/** Lines of one file. */
export interface FileCoverage {
  readonly file: string;
  readonly covered: readonly number[];
  readonly missed: readonly number[];
  /** 0 to 100, of the lines that can be run. */
  readonly percent: number;
}

/** Which lines the tests ran: expressions that were looked at, and heads of rules that gave a value. */
export interface CoverageReport {
  readonly files: readonly FileCoverage[];
  readonly percent: number;
}

/** Notes the rows that an evaluation passes. */
export class CoverageObserver implements Observer {
  readonly #rows = new Map<string, Set<number>>();

  enter(source: Location): void {
    this.#note(source);
  }

  exit(source: Location): void {
    this.#note(source);
  }

  fail(): void {}

  /** Whether a row was passed. */
  has(file: string, row: number): boolean {
    return this.#rows.get(file)?.has(row) === true;
  }

  #note({ file, row }: Location): void {
    const rows = this.#rows.get(file);
    if (rows === undefined) this.#rows.set(file, new Set([row]));
    else rows.add(row);
  }
}

/** Sets the rows that were passed against all that there are. */
export function coverageReport(
  lines: ReadonlyMap<string, ReadonlySet<number>>,
  observer: CoverageObserver,
): CoverageReport {
  const files = [...lines]
    .map(([file, rows]) => fileCoverage(file, rows, observer))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  const covered = files.reduce((sum, file) => sum + file.covered.length, 0);
  const total = files.reduce((sum, file) => sum + file.covered.length + file.missed.length, 0);
  return { files, percent: percentOf(covered, total) };
}

function fileCoverage(file: string, rows: ReadonlySet<number>, observer: CoverageObserver): FileCoverage {
  const sorted = [...rows].sort((a, b) => a - b);
  const covered = sorted.filter((row) => observer.has(file, row));
  const missed = sorted.filter((row) => !observer.has(file, row));
  return { file, covered, missed, percent: percentOf(covered.length, sorted.length) };
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((part / whole) * 1000) / 10;
}
