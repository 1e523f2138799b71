import type { TraceEvent, TraceOperation } from './trace.ts';

/**
 * How much of a trace is shown, as `opa eval --explain` says it; `notes and fails` is what `opa test` shows of a
 * failure where it is not told a mode.
 */
export type ExplainMode = 'notes' | 'fails' | 'notes and fails' | 'full' | 'debug';

const WANTED: Readonly<Record<Exclude<ExplainMode, 'full' | 'debug'>, readonly TraceOperation[]>> = {
  notes: ['Note'],
  fails: ['Fail'],
  'notes and fails': ['Note', 'Fail'],
};

/**
 * What a mode shows of a trace. `notes` and `fails` show those events, each behind the searches that lead to it.
 * OPA's `debug` adds unifications to `full`; this engine makes none, so the two are the same here.
 */
export function filterTrace(events: readonly TraceEvent[], mode: ExplainMode): readonly TraceEvent[] {
  if (mode === 'full' || mode === 'debug') return events;
  const wanted = WANTED[mode];
  const shown: TraceEvent[] = [];
  const searches = new Map<number, TraceEvent>();
  for (const event of events) {
    if (wanted.includes(event.op)) {
      shown.push(...pathTo(event, searches));
      searches.clear();
    }
    const begins = event.op === 'Enter' || event.op === 'Redo';
    if (begins && event.kind !== 'expression') searches.set(event.queryId, event);
  }
  return shown;
}

function pathTo(event: TraceEvent, searches: ReadonlyMap<number, TraceEvent>): readonly TraceEvent[] {
  const path = [event];
  for (let around = searches.get(event.queryId); around !== undefined; ) {
    path.push(around);
    around = searches.get(around.parentId);
  }
  return path.reverse();
}

/** Blanks between a column and the next one. */
const COLUMN_PADDING = 4;
const VALUE_LENGTH_MAX = 32;

/** A trace as `opa eval --explain` prints it: a line per event, with its place, indented by depth. */
export function traceText(
  events: readonly TraceEvent[],
  options: {
    /** Whether each line begins with its place; true by default. */
    readonly locations?: boolean;
    /** Whether each line ends with the values of its variables, as `--var-values` asks. */
    readonly variables?: boolean;
  } = {},
): string {
  const depths = new Map<number, number>();
  const rows = events.map((event) => {
    let depth = depths.get(event.queryId);
    if (depth === undefined) {
      depth = (depths.get(event.parentId) ?? 0) + 1;
      depths.set(event.queryId, depth);
    }
    return [
      ...(options.locations === false ? [] : [`${event.location.file}:${event.location.row}`]),
      eventText(event, depth),
      ...(options.variables === true ? [variablesText(event)] : []),
    ];
  });
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(most[column] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1 ? cell : `${cell.padEnd(widths[column]! + COLUMN_PADDING)} `,
      );
      return `${cells.join('')}\n`;
    })
    .join('');
}

function variablesText({ variables = {} }: TraceEvent): string {
  const pairs = Object.entries(variables).map(
    ([name, value]) => `${name}: ${shortened(value, VALUE_LENGTH_MAX)}`,
  );
  return `{${pairs.join(', ')}}`;
}

/** A text cut to a length, with dots in the place of what is gone. */
export function shortened(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 3)}...` : text;
}

function eventText(event: TraceEvent, depth: number): string {
  const isOuter = event.op === 'Enter' || (event.op === 'Redo' && event.kind !== 'expression');
  const indent = '| '.repeat(isOuter ? depth - 1 : depth);
  if (event.op === 'Note') return `${indent}Note "${event.message ?? ''}"`;
  return `${indent}${event.op} ${event.text}${event.message === undefined ? '' : ` ${event.message}`}`;
}
