import type { Json } from '@writ/decision';
import {
  type Diagnostic,
  type EvaluationHost,
  filterTrace,
  type Module,
  moduleToAst,
  type Policy,
  pathSteps,
  queryToAst,
  type ResultRow,
  TraceObserver,
  toParsed,
  traceText,
  type Value,
} from '@writ/rego';
import type { FileNames } from './bundle-groups.ts';
import type {
  CompileAnswer,
  CompileSettings,
  PolicyQueries,
  QueryAnswer,
  QueryError,
  QueryRow,
  QuerySettings,
} from './query-types.ts';
import { eventsToAst } from './trace-ast.ts';

/** Names that no version of the language keeps for itself. */
const NAME =
  /^(?!(?:and|as|contains|data|default|else|every|false|if|import|in|input|not|null|or|package|some|true|with)$)[A-Za-z_]\w*$/;
const INTEGER = /^(?:0|[1-9]\d{0,8})$/;

/** `data.a["b c"][1]`, as OPA reads a path of its data API. */
export function documentQuery(path: string): string {
  const steps = path === '' ? [] : path.split('/');
  return steps.reduce((text, step) => {
    if (NAME.test(step)) return `${text}.${step}`;
    return `${text}[${INTEGER.test(step) ? step : JSON.stringify(step)}]`;
  }, 'data');
}

type Fault = Pick<Diagnostic, 'message'> & {
  readonly code: string;
  readonly location?: Diagnostic['location'] | undefined;
};

/** The policy that is asked: some are compiled only when the first question comes. */
export interface QueriedPolicy {
  readonly rulePaths: readonly string[];
  /** The policy itself; rejects where it cannot be had. */
  whole(): Policy | Promise<Policy>;
}

/** Queries over a compiled policy. */
export function createPolicyQueries(
  { rulePaths, whole }: QueriedPolicy,
  files: FileNames,
  host: EvaluationHost,
): PolicyQueries {
  const placed = ({ code, message, location }: Fault): QueryError => {
    if (location === undefined) return { code, message };
    const { file, row, column } = location;
    const origin = files.origins.get(file);
    const name = origin === undefined ? '' : file;
    return { code, message, location: { file: name, row, col: column } };
  };
  const query = async (text: string, settings: QuerySettings): Promise<QueryAnswer> => {
    const policy = await whole();
    const startedAt = performance.now();
    const { query: prepared, diagnostics } = policy.prepareResults(text);
    if (prepared === undefined) return { kind: 'refused', errors: diagnostics.map(placed) };
    const { input, explain, strict = false, deadlineMs, timeNs } = settings;
    const trace =
      explain === undefined ? undefined : new TraceObserver({ modules: policy.modules, query: text });
    const compiledAt = performance.now();
    const found = prepared.evaluate(input as Value | undefined, {
      strict,
      deadlineMs,
      timeNs,
      host,
      ...(trace === undefined ? {} : { observer: trace }),
    });
    const timers = {
      compileNs: ns(compiledAt - startedAt),
      evaluationNs: ns(performance.now() - compiledAt),
    };
    if (found.kind === 'error') return { kind: 'error', errors: [placed(found)] };
    const rows = found.results.map(rowOf);
    if (trace === undefined || explain === undefined) return { kind: 'rows', rows, timers };
    const events = filterTrace(trace.events, explain);
    const lines = traceText(events).split('\n').slice(0, -1);
    return {
      kind: 'rows',
      rows,
      timers,
      explanation: { events: eventsToAst(events, policy.modules, text), lines },
    };
  };
  const rules = new Set(rulePaths);
  return {
    isVirtual: (path) =>
      path.split('/').some((_step, at, steps) => rules.has(steps.slice(0, at + 1).join('/'))),
    query: (text, settings) => guarded(() => query(text, settings)),
    document: (path, settings) => guarded(() => query(documentQuery(path), settings)),
    compile: (text, settings) => guarded(async () => compile(await whole(), text, settings, host, placed)),
  };
}

function compile(
  policy: Policy,
  text: string,
  settings: CompileSettings,
  host: EvaluationHost,
  placed: (fault: Fault) => QueryError,
): CompileAnswer {
  const startedAt = performance.now();
  const { input, unknowns, disableInlining, shallowInlining, deadlineMs, timeNs } = settings;
  const wrong = [...(unknowns ?? []), ...(disableInlining ?? [])].find((path) => !isReference(path));
  if (wrong !== undefined)
    return {
      kind: 'refused',
      errors: [{ code: 'rego_parse_error', message: `\`${wrong}\` is no reference` }],
    };
  const left = policy.partial(text, {
    deadlineMs,
    timeNs,
    host,
    ...(input === undefined ? {} : { input: input as Value }),
    ...(unknowns === undefined ? {} : { unknowns }),
    ...(disableInlining === undefined ? {} : { disableInlining }),
    ...(shallowInlining === undefined ? {} : { shallowInlining }),
  });
  if (left.kind === 'refused') return { kind: 'refused', errors: left.diagnostics.map(placed) };
  if (left.kind === 'error') return { kind: 'error', errors: [{ code: left.code, message: left.message }] };
  return {
    kind: 'residue',
    queries: left.queries.map(({ text: own, body }) => (own === 'true' ? [] : queryToAst(body))),
    support: left.support.map(({ module }) => supportToAst(module)),
    needsPolicy: left.needsPolicy,
    timers: { compileNs: 0, evaluationNs: ns(performance.now() - startedAt) },
  };
}

/** As OPA prints rules that it makes: heads without the sign of how their value was written. */
function supportToAst(module: Module): object {
  const { rules = [], ...rest } = moduleToAst(module) as { readonly rules?: readonly { head: object }[] };
  return {
    ...rest,
    rules: rules.map(({ head, ...rule }) => ({ ...rule, head: { ...head, assign: undefined } })),
  };
}

/** Is this `input`, `input.a`, `data.a.b`, with whatever steps. */
function isReference(path: string): boolean {
  if (!/^(?:input|data)(?:[.[]|$)/.test(path)) return false;
  try {
    pathSteps(path.replace(/^input/, 'data'));
    return true;
  } catch {
    return false;
  }
}

function rowOf({ bindings, expressions }: ResultRow): QueryRow {
  const members = Object.entries(bindings).map(([name, value]) => [name, toParsed(value) as Json] as const);
  return {
    bindings: Object.fromEntries(members),
    values: expressions.map(({ value }) => toParsed(value) as Json),
  };
}

function ns(ms: number): number {
  return Math.round(ms * 1e6);
}

async function guarded<Answer>(
  work: () => Promise<Answer>,
): Promise<Answer | { kind: 'error'; errors: readonly QueryError[] }> {
  try {
    return await work();
  } catch (error) {
    const message = `the evaluation failed (${error instanceof Error ? error.name : typeof error})`;
    return { kind: 'error', errors: [{ code: 'eval_internal_error', message }] };
  }
}
