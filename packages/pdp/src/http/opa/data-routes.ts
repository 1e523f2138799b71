import {
  type Decision,
  type DecisionRequest,
  dataAnswer,
  type Json,
  type JsonObject,
  PROFILES,
  type Profile,
  profileNamed,
} from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EngineAnswer } from '../engine/engine.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, isOperator, type PolicyViewBundle, pointFor, requireOperator } from './http-api.ts';
import { queryText, readJsonText } from './reading.ts';

/**
 * OPA's data API. A path that is an entrypoint runs the whole pipeline, with every entrypoint that applies; the path
 * only chooses how the input is read and the answer is shaped. Any other path is raw evaluation for the operator, or,
 * in development on loopback and for a folder without a manifest, one rule asked alone. Undefined is 200 without
 * `result`. (https://www.openpolicyagent.org/docs/rest-api#data-api)
 */
export function registerDataRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post('/v1/data/*', (request, reply) => answer(request, reply, context, inputOfBody(request.body)));
  app.get('/v1/data/*', (request, reply) => {
    const text = queryText(request, 'input');
    return answer(request, reply, context, text === undefined ? undefined : readJsonText(text));
  });
  // The older form: the body is the input, the answer the value alone.
  app.post('/v0/data/*', (request, reply) => answerBare(request, reply, context, pathOf(request)));
  app.post('/', (request, reply) => answerBare(request, reply, context, DEFAULT_DECISION));
}

/** What OPA is asked by `POST /` where nothing else is configured. */
export const DEFAULT_DECISION = 'system/main';

async function answerBare(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  path: string,
): Promise<FastifyReply> {
  const body = await bodyFor(request, context, questionOf(path, request.body as Json | undefined));
  if (!('result' in body)) {
    const document = `data.${path.replaceAll('/', '.')}`;
    throw new HttpError(404, 'undefined_document', `document undefined: ${document}`);
  }
  return sendJson(request, reply, body.result);
}

function questionOf(path: string, input: Json | undefined): DataQuestion {
  return { path, rule: path.slice(path.lastIndexOf('/') + 1), input };
}

function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  reply.header('content-type', 'application/json; charset=utf-8');
  return reply.send(flag(request, 'pretty') ? JSON.stringify(value, undefined, 2) : JSON.stringify(value));
}

/** As OPA has it: the caller may have forgotten it. */
const INPUT_MISSING = {
  warning: { code: 'api_usage_warning', message: "'input' key missing from the request" },
};

function inputOfBody(body: unknown): Json | undefined {
  if (body === undefined) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'invalid_parameter', 'the body is not a JSON object with `input`');
  }
  return Object.hasOwn(body, 'input') ? (body as JsonObject)['input'] : undefined;
}

/** What one question to the data API is about. */
interface DataQuestion {
  readonly path: string;
  /** Last step of the path. */
  readonly rule: string;
  readonly input: Json | undefined;
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  input: Json | undefined,
): Promise<FastifyReply> {
  const startedNs = process.hrtime.bigint();
  const body = await bodyFor(request, context, questionOf(pathOf(request), input));
  const warning = input === undefined && request.method === 'POST' ? INPUT_MISSING : {};
  const provenance = flag(request, 'provenance') ? { provenance: provenanceOf(context) } : {};
  const handlerNs = Number(process.hrtime.bigint() - startedNs);
  const timed = flag(request, 'metrics') || flag(request, 'instrument');
  const metrics = timed ? { metrics: { timer_server_handler_ns: handlerNs } } : {};
  return sendJson(request, reply, { ...body, ...warning, ...provenance, ...metrics });
}

/** An engine behind a URL would take these for a way out of its data. */
const NO_STEPS = ['', '.', '..'];

function pathOf(request: FastifyRequest): string {
  const wildcard = (request.params as Readonly<Record<string, string>>)['*'] ?? '';
  const path = wildcard.replace(/\/+$/, '');
  if (path === '' || path.split('/').some((step) => NO_STEPS.includes(step))) {
    throw new HttpError(400, 'invalid_parameter', 'the path names no rule');
  }
  return path;
}

/** A switch in the query, as OPA reads it: without a value, or `true`. */
export function flag(request: FastifyRequest, name: string): boolean {
  const value = queryText(request, name)?.toLowerCase();
  return value === '' || value === 'true';
}

function provenanceOf(context: ApiContext): object {
  const bundles = context.policies()?.bundles ?? [];
  return { bundles: Object.fromEntries(bundles.map(({ name, revision }) => [name, { revision }])) };
}

async function bodyFor(
  request: FastifyRequest,
  context: ApiContext,
  question: DataQuestion,
): Promise<object> {
  const bundles = context.policies()?.bundles ?? [];
  const entrypoint = bundles.flatMap((each) => each.entrypoints).find(({ path }) => path === question.path);
  const profile = entrypoint === undefined ? undefined : profileNamed(entrypoint.profile);
  if (profile !== undefined) return decideEntrypoint(request, context, question, profile);
  if (isOperator(request, context)) return evaluateRaw(request, context, question);
  if (mayAskAnyRule(context, bundles)) return decideAlone(request, context, question);
  const known = request.headers.authorization !== undefined;
  const message = `\`${question.path}\` is not an entrypoint of the active bundles: evaluating it needs the operator`;
  throw new HttpError(known ? 403 : 401, known ? 'operator_required' : 'unauthenticated', message);
}

function mayAskAnyRule(context: ApiContext, bundles: readonly PolicyViewBundle[]): boolean {
  return (
    context.development &&
    context.loopback &&
    bundles.length > 0 &&
    bundles.every((each) => !each.hasManifest)
  );
}

async function decideEntrypoint(
  request: FastifyRequest,
  context: ApiContext,
  { rule, input }: DataQuestion,
  profile: Profile,
): Promise<object> {
  const point = pointFor(request, context);
  if (input === undefined) throw await refusedInput(request, context, '`input` is missing');
  const read = profile.fromInput(input);
  if (!read.ok) throw await refusedInput(request, context, read.problem);
  const decision = await point.decideClaimed({ request: read.request }, read.claimed);
  return bodyOf(decision, resultFor(decision, dataAnswer(profile, rule, decision)));
}

/** An input that the profile cannot read is refused before policy, on record. */
async function refusedInput(
  request: FastifyRequest,
  context: ApiContext,
  problem: string,
): Promise<HttpError> {
  await pointFor(request, context).report({ kind: 'malformed', code: 'request_invalid', message: problem });
  return new HttpError(400, 'invalid_parameter', problem);
}

/** What policies leave undefined has no result, as with OPA. */
function resultFor(decision: Decision, result: Json | undefined): Json | undefined {
  return decision.reason === 'policy_undefined' ? undefined : result;
}

function bodyOf({ decision_id }: Decision, result: Json | undefined): object {
  return result === undefined ? { decision_id } : { decision_id, result };
}

async function evaluateRaw(
  request: FastifyRequest,
  context: ApiContext,
  { path, input }: DataQuestion,
): Promise<object> {
  const by = requireOperator(request, context);
  const found = await context.service.administration.evaluate({ path, input }, by);
  if (found.kind === 'error') throw evaluationError(found);
  return found.kind === 'value' ? { result: found.value } : {};
}

function evaluationError({
  code,
  message,
}: Pick<Extract<EngineAnswer, { kind: 'error' }>, 'code' | 'message'>): HttpError {
  return new HttpError(500, 'internal_error', 'evaluating the rule failed', { errors: [{ code, message }] });
}

/** One rule alone, in development: recorded, halted and budgeted like any decision, shaped by the rule itself. */
async function decideAlone(
  request: FastifyRequest,
  context: ApiContext,
  { path, rule, input }: DataQuestion,
): Promise<object> {
  const read = readLoosely(input);
  const asked = await pointFor(request, context).decideRaw({ path, input, request: read.request });
  if (asked.fault !== undefined) {
    throw new HttpError(500, 'internal_error', 'evaluating the rule failed', { errors: [asked.fault] });
  }
  const { decision, value } = asked;
  if (value !== undefined) return bodyOf(decision, value);
  return bodyOf(decision, resultFor(decision, dataAnswer(read.profile, rule, decision)));
}

/** The first profile that can read the input says whom and what the question is about, for the record. */
function readLoosely(input: Json | undefined): {
  readonly request: DecisionRequest;
  readonly profile: Profile;
} {
  const fallback = PROFILES['tools/v1'];
  for (const profile of input === undefined ? [] : Object.values(PROFILES)) {
    const read = profile.fromInput(input as Json);
    if (read.ok) return { request: read.request, profile };
  }
  const request: DecisionRequest = {
    principal: { id: 'anonymous' },
    actor: { id: 'anonymous' },
    action: { type: 'tool_call', phase: 'call', ...(input === undefined ? {} : { args: { input } }) },
  };
  return { request, profile: fallback };
}
