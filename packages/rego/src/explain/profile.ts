import type { Observer } from '../runtime/observer.ts';
import type { Location } from '../syntax/ast.ts';

/** What the expressions of one row cost; the names are those of `opa eval --profile`. */
export interface ProfileEntry {
  readonly total_time_ns: number;
  readonly num_eval: number;
  readonly num_redo: number;
  readonly num_gen_expr: number;
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
}

/** What a profile is sorted by, most costly first; `file` and `line` too, last first, as in OPA. */
export type ProfileOrder = 'total_time_ns' | 'num_eval' | 'num_redo' | 'num_gen_expr' | 'file' | 'line';

interface Row {
  readonly location: Location;
  readonly expressions: Set<number>;
  timeNs: number;
  evals: number;
  redos: number;
}

const NS_PER_MS = 1_000_000;

/**
 * Measures how long expressions take and how often they run, by row. Time counts for an expression from its start, or
 * from when the search comes back to it, to the next such event, as in OPA.
 */
export class ProfileObserver implements Observer {
  readonly #rows = new Map<string, Row>();
  #present: Row | undefined;
  #since = 0;

  enter(source: Location): void {
    this.#goTo(source).evals += 1;
  }

  redo(source: Location): void {
    this.#goTo(source).redos += 1;
  }

  fail(): void {}

  exit(): void {}

  /** The rows, most costly first. */
  report(
    options: { readonly limit?: number; readonly order?: readonly ProfileOrder[] } = {},
  ): readonly ProfileEntry[] {
    this.#count();
    const order = options.order ?? ['total_time_ns', 'num_eval', 'num_redo', 'file', 'line'];
    const entries = [...this.#rows.values()].map(entryOf);
    entries.sort((a, b) => {
      for (const by of order) {
        const difference = ORDERS[by](a, b);
        if (difference !== 0) return difference;
      }
      return 0;
    });
    return options.limit === undefined ? entries : entries.slice(0, options.limit);
  }

  #goTo(source: Location): Row {
    this.#count();
    const key = `${source.row} ${source.file}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { location: source, expressions: new Set(), timeNs: 0, evals: 0, redos: 0 };
      this.#rows.set(key, row);
    }
    row.expressions.add(source.start);
    this.#present = row;
    return row;
  }

  #count(): void {
    const now = performance.now();
    if (this.#present !== undefined) this.#present.timeNs += (now - this.#since) * NS_PER_MS;
    this.#since = now;
    this.#present = undefined;
  }
}

function entryOf({ location, expressions, timeNs, evals, redos }: Row): ProfileEntry {
  return {
    total_time_ns: Math.round(timeNs),
    num_eval: evals,
    num_redo: redos,
    num_gen_expr: expressions.size,
    location: { file: location.file, row: location.row, col: location.column },
  };
}

const ORDERS: Readonly<Record<ProfileOrder, (a: ProfileEntry, b: ProfileEntry) => number>> = {
  total_time_ns: (a, b) => b.total_time_ns - a.total_time_ns,
  num_eval: (a, b) => b.num_eval - a.num_eval,
  num_redo: (a, b) => b.num_redo - a.num_redo,
  num_gen_expr: (a, b) => b.num_gen_expr - a.num_gen_expr,
  file: (a, b) => (a.location.file === b.location.file ? 0 : a.location.file < b.location.file ? 1 : -1),
  line: (a, b) => b.location.row - a.location.row,
};
