import {
  type CoverageReport,
  type ExplainSources,
  type ProfileEntry,
  type ResultRow,
  type TraceEvent,
  toJson,
  traceText,
  type Value,
} from '@writ/rego';
import { boxTable } from './box-table.ts';
import { opaCoverage } from './opa-coverage.ts';
import { prettyJson } from './pretty-json.ts';
import { traceJson } from './trace-json.ts';

/** An error in OPA's shape. */
export interface ShownError {
  readonly message: string;
  readonly code?: string;
  readonly location?: { readonly file: string; readonly row: number; readonly col: number };
}

/** What happened, and what the events' trees are read from. */
export interface Explanation {
  readonly events: readonly TraceEvent[];
  readonly sources: ExplainSources;
  /** Lines for people end with the values of variables. */
  readonly variables: boolean;
}

/** Everything that an evaluation gave. */
export interface Shown {
  readonly errors: readonly ShownError[];
  readonly results: readonly ResultRow[];
  readonly metrics?: Readonly<Record<string, number>>;
  readonly explanation?: Explanation;
  readonly profile?: readonly ProfileEntry[];
  readonly coverage?: CoverageReport;
}

export const RESULT_FORMATS = ['json', 'pretty', 'values', 'bindings', 'source', 'raw', 'discard'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

interface PresentOptions {
  /** Longest cell of a table. */
  readonly limit: number;
}

type Presenter = (shown: Shown, options: PresentOptions) => string;

/** What each format prints on standard output, without the last line end; as `opa eval` does. */
export const PRESENTERS: Readonly<Record<ResultFormat, Presenter>> = {
  json: (shown) => jsonText(shown, resultMember(shown.results)),
  discard: (shown) => jsonText(shown, shown.results.length === 0 ? [] : ['"result":"discarded"']),
  values: ({ results }) =>
    results.map(({ expressions }) => prettyJson(jsonOf(expressions.map(({ value }) => value)))).join('\n'),
  bindings: ({ results }) => results.map(({ bindings }) => prettyJson(jsonOf({ ...bindings }))).join('\n'),
  source: () => '',
  raw: ({ results }) => results.map(rawRow).join('\n'),
  pretty: prettyText,
};

function jsonOf(value: Value): string {
  return toJson(value, { escapeHtml: true });
}

function resultMember(results: readonly ResultRow[]): readonly string[] {
  if (results.length === 0) return [];
  const rows = results.map(({ bindings, expressions }) => {
    const shown = expressions.map(({ value, text, location: { row, column } }) => {
      const place = `{"row":${row},"col":${column}}`;
      return `{"value":${jsonOf(value)},"text":${jsonOf(text)},"location":${place}}`;
    });
    const names = Object.keys(bindings).length === 0 ? '' : `,"bindings":${jsonOf({ ...bindings })}`;
    return `{"expressions":[${shown.join(',')}]${names}}`;
  });
  return [`"result":[${rows.join(',')}]`];
}

function jsonText(shown: Shown, result: readonly string[]): string {
  const { errors, metrics, explanation, profile, coverage } = shown;
  const members = [
    ...(errors.length === 0 ? [] : [`"errors":${JSON.stringify(errors)}`]),
    ...result,
    ...(metrics === undefined ? [] : [`"metrics":${JSON.stringify(metrics)}`]),
    ...(explanation === undefined
      ? []
      : [`"explanation":${JSON.stringify(traceJson(explanation.events, explanation.sources))}`]),
    ...(profile === undefined ? [] : [`"profile":${JSON.stringify(profile)}`]),
    ...(coverage === undefined ? [] : [`"coverage":${JSON.stringify(opaCoverage(coverage))}`]),
  ];
  return prettyJson(`{${members.join(',')}}`);
}

/** Strings without their quotes, values of one result with spaces between them. */
function rawRow({ expressions }: ResultRow): string {
  return expressions.map(({ value }) => (typeof value === 'string' ? value : jsonOf(value))).join(' ');
}

function prettyText(shown: Shown, { limit }: PresentOptions): string {
  const { results, errors, metrics, explanation, profile, coverage } = shown;
  const parts = [
    ...(explanation === undefined || explanation.events.length === 0 ? [] : [explanationText(explanation)]),
    ...(errors.length > 0 && results.length === 0
      ? []
      : [results.length === 0 ? 'undefined' : prettyResults(results, limit)]),
    ...(metrics === undefined ? [] : [metricsTable(metrics)]),
    ...(profile === undefined ? [] : [profileTable(profile)]),
    ...(coverage === undefined ? [] : [prettyJson(JSON.stringify(opaCoverage(coverage)))]),
  ];
  return parts.join('\n');
}

function explanationText({ events, variables }: Explanation): string {
  return traceText(events, { variables }).trimEnd();
}

function prettyResults(results: readonly ResultRow[], limit: number): string {
  const [first] = results;
  const isSingle = results.length === 1 && first!.expressions.length === 1;
  if (isSingle && Object.keys(first!.bindings).length === 0) {
    return prettyJson(jsonOf(first!.expressions[0]!.value));
  }
  const names = [...new Set(results.flatMap(({ bindings }) => Object.keys(bindings)))].sort();
  const shownAt = first!.expressions.flatMap((_expression, index) =>
    results.every(({ expressions }) => expressions[index]!.value === true) ? [] : [index],
  );
  const cut = (text: string): string => (text.length > limit ? `${text.slice(0, limit)}...` : text);
  const headers = [...shownAt.map((index) => first!.expressions[index]!.text), ...names];
  if (headers.length === 0) return results.map(() => 'true').join('\n');
  const rows = results.map(({ bindings, expressions }) => [
    ...shownAt.map((index) => cut(jsonOf(expressions[index]!.value))),
    ...names.map((name) => cut(bindings[name] === undefined ? '' : jsonOf(bindings[name]))),
  ]);
  return boxTable(headers.map(cut), rows);
}

function metricsTable(metrics: Readonly<Record<string, number>>): string {
  const rows = Object.entries(metrics).map(([name, value]) => [name, String(value)]);
  return boxTable(['Metric', 'Value'], rows);
}

function profileTable(profile: readonly ProfileEntry[]): string {
  const rows = profile.map(({ total_time_ns, num_eval, num_redo, num_gen_expr, location: { file, row } }) => [
    durationText(total_time_ns),
    String(num_eval),
    String(num_redo),
    String(num_gen_expr),
    `${file}:${row}`,
  ]);
  return boxTable(['Time', 'Num Eval', 'Num Redo', 'Num Gen Expr', 'Location'], rows);
}

/** A duration as Go prints it: `59.009µs`. */
export function durationText(ns: number): string {
  if (ns < 1000) return `${Math.round(ns)}ns`;
  const [amount, unit] = ns < 1e6 ? [ns / 1e3, 'µs'] : ns < 1e9 ? [ns / 1e6, 'ms'] : [ns / 1e9, 's'];
  return `${Number((amount as number).toFixed(6))}${unit}`;
}
