import type { Observer } from '../runtime/observer.ts';
import type { Location, Module } from '../syntax/ast.ts';
import type { WrittenBranch } from './written.ts';
import { bodiesIn, branchesOf } from './written.ts';

/** A place in a file; rows and columns count from 1, columns in characters. */
export interface SourcePosition {
  readonly row: number;
  readonly column: number;
}

/** An expression, or a head of a rule; `end` is the place behind it. */
export interface SourceRange {
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

/** What was passed of one file, in order. A row that holds both counts as covered and as missed. */
export interface FileCoverage {
  readonly file: string;
  readonly covered: readonly SourceRange[];
  readonly missed: readonly SourceRange[];
  readonly coveredRows: readonly number[];
  readonly missedRows: readonly number[];
  /** 0 to 100, of the rows that can be run. */
  readonly percent: number;
}

/** What the tests ran: expressions that were looked at, and heads of rules that gave a value. */
export interface CoverageReport {
  readonly files: readonly FileCoverage[];
  /** 0 to 100, of the rows of all files; 100 where there are none. */
  readonly percent: number;
}

/** Notes what an evaluation passes. */
export class CoverageObserver implements Observer {
  readonly #passed = new Map<string, Map<number, Location>>();

  enter(source: Location): void {
    this.#note(source);
  }

  exit(source: Location): void {
    this.#note(source);
  }

  fail(): void {}

  /** Whether what begins at a place was passed. */
  has({ file, start }: Location): boolean {
    return this.#passed.get(file)?.has(start) === true;
  }

  /** What was passed, so that threads can tell each other; {@link add} takes it. */
  passed(): readonly Location[] {
    return [...this.#passed.values()].flatMap((places) => [...places.values()]);
  }

  add(passed: readonly Location[]): void {
    for (const location of passed) this.#note(location);
  }

  #note(location: Location): void {
    const places = this.#passed.get(location.file);
    if (places === undefined) this.#passed.set(location.file, new Map([[location.start, location]]));
    else places.set(location.start, location);
  }
}

/** Sets what was passed against all that there is in the modules (`policy.modules`). */
export function coverageReport(modules: readonly Module[], observer: CoverageObserver): CoverageReport {
  const files = modules
    .map((module) => fileCoverage(module, observer))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  const covered = files.reduce((sum, file) => sum + file.coveredRows.length, 0);
  const missed = files.reduce((sum, file) => sum + file.missedRows.length, 0);
  return { files, percent: percentOf(covered, covered + missed) };
}

function fileCoverage(module: Module, observer: CoverageObserver): FileCoverage {
  const covered = new Ranges(module.text);
  const missed = new Ranges(module.text);
  for (const branch of branchesOf(module)) {
    const gaveValue = observer.has(branch.location);
    (gaveValue ? covered : missed).add(branch.head);
    // Where no body is written there is `true` in its place.
    if (branch.body.length === 0) (gaveValue ? covered : missed).add(branch.always);
    for (const { location, kind } of expressionsOf(branch)) {
      if (observer.has(location)) covered.add(location);
      else if (kind !== 'some' && kind !== 'some-in') missed.add(location);
    }
  }
  const coveredRows = covered.rows();
  const missedRows = missed.rows();
  return {
    file: module.file,
    covered: covered.sorted(),
    missed: missed.sorted(),
    coveredRows,
    missedRows,
    percent: percentOf(coveredRows.length, coveredRows.length + missedRows.length),
  };
}

function expressionsOf({ rule, position, body }: WrittenBranch) {
  const { elses: _elses, ...own } = rule;
  const value = position === 0 ? own.head : rule.elses[position - 1]!.value;
  return [...bodiesIn(value), ...bodiesIn(body)].flat();
}

class Ranges {
  readonly #text: string;
  readonly #ranges = new Map<string, SourceRange>();

  constructor(text: string) {
    this.#text = text;
  }

  add({ row, column, start, end }: Location): void {
    if (this.#ranges.has(`${start} ${end}`)) return;
    const lines = this.#text.slice(start, end).split('\n');
    const last = [...lines.at(-1)!].length;
    const isOneLine = lines.length === 1;
    this.#ranges.set(`${start} ${end}`, {
      start: { row, column },
      end: { row: row + lines.length - 1, column: (isOneLine ? column : 1) + last },
    });
  }

  sorted(): readonly SourceRange[] {
    return [...this.#ranges.values()].sort((a, b) => inOrder(a.start, b.start) || inOrder(a.end, b.end));
  }

  rows(): readonly number[] {
    const rows = new Set<number>();
    for (const { start, end } of this.#ranges.values()) {
      for (let row = start.row; row <= end.row; row++) rows.add(row);
    }
    return [...rows].sort((a, b) => a - b);
  }
}

function inOrder(a: SourcePosition, b: SourcePosition): number {
  return a.row - b.row || a.column - b.column;
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : (part / whole) * 100;
}
