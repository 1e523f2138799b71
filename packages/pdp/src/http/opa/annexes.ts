import type { Json } from '@writ/decision';
import type { ExplainMode } from '@writ/rego';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { QueryExplanation } from '../../engine/query-types.ts';
import type { ApiContext } from '../http-api.ts';
import { queryText } from '../reading.ts';
import { invalid } from './errors.ts';

/** A switch in the query, as OPA reads it: without a value, or `true`. */
export function flag(request: FastifyRequest, name: string): boolean {
  const value = queryText(request, name)?.toLowerCase();
  return value === '' || value === 'true';
}

const EXPLAIN_MODES: readonly ExplainMode[] = ['notes', 'fails', 'full', 'debug'];

/** What `explain` asks for; other values than OPA's are passed over, as OPA does. */
export function explainOf(request: FastifyRequest): ExplainMode | undefined {
  const asked = queryText(request, 'explain');
  return EXPLAIN_MODES.find((mode) => mode === asked);
}

/** What an answer is accompanied by where the caller asks for it. */
export interface Annexes {
  readonly explanation?: QueryExplanation | undefined;
  readonly compileNs?: number;
  readonly evaluationNs?: number;
  /** When the handler began, by `performance.now()`. */
  readonly startedAt: number;
}

/** `explanation`, `metrics` and `provenance`, each where it is asked for, under OPA's names. */
export function annexesOf(request: FastifyRequest, context: ApiContext, annexes: Annexes): object {
  const { explanation } = annexes;
  const pretty = flag(request, 'pretty');
  return {
    ...(flag(request, 'provenance') ? { provenance: provenanceOf(context) } : {}),
    ...(explanation === undefined ? {} : { explanation: pretty ? explanation.lines : explanation.events }),
    ...(flag(request, 'metrics') || flag(request, 'instrument') ? { metrics: metricsOf(annexes) } : {}),
  };
}

function metricsOf({ compileNs = 0, evaluationNs = 0, startedAt }: Annexes): Record<string, number> {
  return {
    timer_rego_query_compile_ns: compileNs,
    timer_rego_query_eval_ns: evaluationNs,
    timer_server_handler_ns: Math.round((performance.now() - startedAt) * 1e6),
  };
}

/** Writ has a version where OPA has its own; how it was built is not known here. */
function provenanceOf(context: ApiContext): object {
  const bundles = context.policies()?.bundles ?? [];
  return {
    version: context.version,
    build_commit: '',
    build_timestamp: '',
    build_hostname: '',
    ...(bundles.length === 0
      ? {}
      : { bundles: Object.fromEntries(bundles.map(({ name, revision }) => [name, { revision }])) }),
  };
}

/** An answer as JSON, on several lines where `pretty` is asked for. */
export function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  reply.header('content-type', 'application/json; charset=utf-8');
  return reply.send(flag(request, 'pretty') ? JSON.stringify(value, undefined, 2) : JSON.stringify(value));
}

/** The member of a body that must be an object. */
export function memberOf(body: unknown, name: string): Json | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, name) ? (body as Readonly<Record<string, Json>>)[name] : undefined;
}

/** A list of texts in a body; undefined where there is none. */
export function textsOf(value: Json | undefined, name: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
  throw invalid(`'${name}' is not a list of texts`);
}
