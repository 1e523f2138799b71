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
import type { FastifyRequest } from 'fastify';
import type { QueryExplanation } from '../../engine/query-types.ts';
import { HttpError } from '../error-body.ts';
import {
  type ApiContext,
  isOperator,
  mayAskAnyRule,
  type PolicyViewBundle,
  pointFor,
  requireOperator,
} from '../http-api.ts';
import { explainOf, flag } from './annexes.ts';
import { failedEvaluation, notAsked, refusedQuery } from './errors.ts';

/** What one question to the data API is about. */
export interface DataQuestion {
  /** Slash path below `data`. */
  readonly path: string;
  /** Last step of the path. */
  readonly rule: string;
  readonly input: Json | undefined;
}

/** An answer with what it may be accompanied by. */
export interface DataAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly explanation?: QueryExplanation | undefined;
  readonly compileNs?: number;
  readonly evaluationNs?: number;
}

export function questionAt(path: string, input: Json | undefined): DataQuestion {
  return { path, rule: path.slice(path.lastIndexOf('/') + 1), input };
}

/** One question, by whoever may ask it: a decision where the path is an entrypoint, raw evaluation elsewhere. */
export async function answerData(
  request: FastifyRequest,
  context: ApiContext,
  question: DataQuestion,
): Promise<DataAnswer> {
  const profile = profilesOf(context.policies()?.bundles ?? NO_BUNDLES).get(question.path);
  if (profile !== undefined) return decideEntrypoint(request, context, question, profile);
  if (isOperator(request, context)) return evaluateRaw(request, context, question);
  if (mayAskAnyRule(context)) return decideAlone(request, context, question);
  const known = request.headers.authorization !== undefined;
  const message = `\`${question.path}\` is not an entrypoint of the active bundles: evaluating it needs the operator`;
  throw new HttpError(known ? 403 : 401, known ? 'operator_required' : 'unauthenticated', message);
}

const NO_BUNDLES: readonly PolicyViewBundle[] = [];
const profilesKnown = new WeakMap<readonly PolicyViewBundle[], ReadonlyMap<string, Profile>>();

/** The profile of each entrypoint by its path; of two with one path the first counts. Bundles never change in place. */
function profilesOf(bundles: readonly PolicyViewBundle[]): ReadonlyMap<string, Profile> {
  const known = profilesKnown.get(bundles);
  if (known !== undefined) return known;
  const found = new Map<string, Profile>();
  for (const { path, profile: name } of bundles.flatMap((each) => each.entrypoints)) {
    const profile = profileNamed(name);
    if (profile !== undefined && !found.has(path)) found.set(path, profile);
  }
  profilesKnown.set(bundles, found);
  return found;
}

async function decideEntrypoint(
  request: FastifyRequest,
  context: ApiContext,
  question: DataQuestion,
  profile: Profile,
): Promise<DataAnswer> {
  const { rule, input } = question;
  const point = pointFor(request, context);
  const explains = explainOf(request) !== undefined;
  // How a rule comes to its answer shows its source: that is for who may evaluate any rule.
  if (explains && !mayAskAnyRule(context)) requireOperator(request, context);
  if (input === undefined) throw await refusedInput(request, context, '`input` is missing');
  const read = profile.fromInput(input);
  if (!read.ok) throw await refusedInput(request, context, read.problem);
  const decision = await point.decideClaimed({ request: read.request }, read.claimed);
  const explanation = explains ? await explanationOf(request, context, question) : undefined;
  return {
    body: bodyOf(decision, resultFor(decision, dataAnswer(profile, rule, decision))),
    evaluationNs: decision.metadata?.evaluation_ns ?? 0,
    explanation,
  };
}

/** The trace of the rule alone, for the input as it came. */
async function explanationOf(
  request: FastifyRequest,
  context: ApiContext,
  { path, input }: DataQuestion,
): Promise<QueryExplanation | undefined> {
  const mode = explainOf(request);
  if (mode === undefined) return undefined;
  return context.service.administration.queries.trace(path, input, mode);
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

function bodyOf({ decision_id }: Decision, result: Json | undefined): DataAnswer['body'] {
  return result === undefined ? { decision_id } : { decision_id, result };
}

async function evaluateRaw(
  request: FastifyRequest,
  context: ApiContext,
  { path, input }: DataQuestion,
): Promise<DataAnswer> {
  const by = requireOperator(request, context);
  const { queries } = context.service.administration;
  const explain = explainOf(request);
  const strict = flag(request, 'strict-builtin-errors');
  if (!queries.answers(path)) {
    if (!strict && explain === undefined) return evaluatePlain(context, { path, input }, by);
    const message = 'the engine explains nothing here, and has no strict mode';
    throw notAsked({ kind: 'not_asked', code: 'engine_unsupported', message });
  }
  const asked = { path, input, strict, ...(explain === undefined ? {} : { explain }) };
  const answer = await queries.query(asked, by);
  if (answer.kind === 'not_asked') throw notAsked(answer);
  if (answer.kind === 'refused') throw refusedQuery(answer.errors, 'query');
  if (answer.kind === 'error') throw failedEvaluation(answer.errors);
  const value = answer.rows[0]?.values[0];
  const { explanation, timers } = answer;
  return { body: value === undefined ? {} : { result: value }, explanation, ...timers };
}

/** By an engine that has no queries, and for third parties' rules, which are apart. */
async function evaluatePlain(
  context: ApiContext,
  question: Pick<DataQuestion, 'path' | 'input'>,
  by: string,
): Promise<DataAnswer> {
  const found = await context.service.administration.evaluate(question, by);
  if (found.kind === 'error') throw failedEvaluation([{ code: found.code, message: found.message }]);
  return { body: found.kind === 'value' ? { result: found.value } : {} };
}

/** One rule alone, in development: recorded, halted and budgeted like any decision, shaped by the rule itself. */
async function decideAlone(
  request: FastifyRequest,
  context: ApiContext,
  question: DataQuestion,
): Promise<DataAnswer> {
  const { path, rule, input } = question;
  const read = readLoosely(input);
  const asked = await pointFor(request, context).decideRaw({ path, input, request: read.request });
  if (asked.fault !== undefined) throw failedEvaluation([asked.fault]);
  const { decision, value } = asked;
  const result = value ?? resultFor(decision, dataAnswer(read.profile, rule, decision));
  return {
    body: bodyOf(decision, result),
    evaluationNs: decision.metadata?.evaluation_ns ?? 0,
    explanation: await explanationOf(request, context, question),
  };
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
    action: {
      type: 'tool_call',
      phase: 'call',
      ...(input === undefined ? {} : { args: { input } as JsonObject }),
    },
  };
  return { request, profile: fallback };
}
