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
}

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
  const path = pathOf(request);
  const question: DataQuestion = { path, rule: path.slice(path.lastIndexOf('/') + 1), input };
  const body = await bodyFor(request, context, question);
  const provenance = flag(request, 'provenance') ? { provenance: provenanceOf(context) } : {};
  const handlerNs = Number(process.hrtime.bigint() - startedNs);
  const metrics = flag(request, 'metrics') ? { metrics: { timer_server_handler_ns: handlerNs } } : {};
  const whole = { ...body, ...provenance, ...metrics };
  reply.header('content-type', 'application/json; charset=utf-8');
  return reply.send(flag(request, 'pretty') ? JSON.stringify(whole, undefined, 2) : JSON.stringify(whole));
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

function flag(request: FastifyRequest, name: string): boolean {
  const value = queryText(request, name);
  return value !== undefined && value !== 'false';
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
