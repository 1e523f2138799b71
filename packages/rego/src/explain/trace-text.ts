import type { TraceEvent } from './trace.ts';

/** How much of a trace is shown, as `opa eval --explain` says it. */
export type ExplainMode = 'notes' | 'fails' | 'full' | 'debug';

/**
 * What a mode shows of a trace. `notes` and `fails` show those events, each behind the searches that lead to it.
 * OPA's `debug` adds unifications to `full`; this engine makes none, so the two are the same here.
 */
export function filterTrace(events: readonly TraceEvent[], mode: ExplainMode): readonly TraceEvent[] {
  if (mode === 'full' || mode === 'debug') return events;
  const wanted = mode === 'notes' ? 'Note' : 'Fail';
  const shown: TraceEvent[] = [];
  const searches = new Map<number, TraceEvent>();
  for (const event of events) {
    if (event.op === wanted) {
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

/** Blanks between a place and what happened there. */
const COLUMN_PADDING = 4;

/** A trace as `opa eval --explain` prints it: a line per event, with its place, indented by depth. */
export function traceText(
  events: readonly TraceEvent[],
  options: { readonly locations?: boolean } = {},
): string {
  const depths = new Map<number, number>();
  const lines = events.map((event) => {
    let depth = depths.get(event.queryId);
    if (depth === undefined) {
      depth = (depths.get(event.parentId) ?? 0) + 1;
      depths.set(event.queryId, depth);
    }
    return { place: `${event.location.file}:${event.location.row}`, text: eventText(event, depth) };
  });
  const withPlaces = options.locations !== false;
  const width = lines.reduce((most, { place }) => Math.max(most, place.length), 0) + COLUMN_PADDING;
  return lines
    .map(({ place, text }) => (withPlaces ? `${place.padEnd(width)} ${text}\n` : `${text}\n`))
    .join('');
}

function eventText(event: TraceEvent, depth: number): string {
  const isOuter = event.op === 'Enter' || (event.op === 'Redo' && event.kind !== 'expression');
  const indent = '| '.repeat(isOuter ? depth - 1 : depth);
  if (event.op === 'Note') return `${indent}Note "${event.message ?? ''}"`;
  return `${indent}${event.op} ${event.text}${event.message === undefined ? '' : ` ${event.message}`}`;
}
