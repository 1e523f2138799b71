import type { Json } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ApiContext, requireOperator } from '../http-api.ts';
import { queryText } from '../reading.ts';
import { annexesOf, explainOf, flag, memberOf, sendJson, textsOf } from './annexes.ts';
import { failedEvaluation, invalid, notAsked, refusedQuery } from './errors.ts';

/**
 * OPA's queries and partial evaluation, for the operator: raw evaluation, outside of decisions, on record.
 * (https://www.openpolicyagent.org/docs/rest-api#query-api, …#compile-api)
 */
export function registerOpaQueryRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/v1/query', (request, reply) => {
    const text = queryText(request, 'q');
    if (text === undefined) throw invalid("missing parameter 'q'");
    return answerQuery(request, reply, context, text, undefined);
  });
  app.post('/v1/query', (request, reply) => {
    const text = memberOf(request.body, 'query');
    if (typeof text !== 'string' || text === '') throw invalid("missing required 'query' value");
    return answerQuery(request, reply, context, text, memberOf(request.body, 'input'));
  });
  app.post('/v1/compile', (request, reply) => answerCompile(request, reply, context));
}

async function answerQuery(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  text: string,
  input: Json | undefined,
): Promise<FastifyReply> {
  const startedAt = performance.now();
  const by = requireOperator(request, context);
  const explain = explainOf(request);
  const answer = await context.service.administration.queries.query(
    {
      text,
      input,
      strict: flag(request, 'strict-builtin-errors'),
      ...(explain === undefined ? {} : { explain }),
    },
    by,
  );
  if (answer.kind === 'not_asked') throw notAsked(answer);
  if (answer.kind === 'refused') throw refusedQuery(answer.errors, 'query');
  if (answer.kind === 'error') throw failedEvaluation(answer.errors);
  const { rows, explanation, timers } = answer;
  return sendJson(request, reply, {
    ...(rows.length === 0 ? {} : { result: rows.map(({ bindings }) => bindings) }),
    ...annexesOf(request, context, { explanation, ...timers, startedAt }),
  });
}

const COMPILE_KEYS = ['query', 'input', 'unknowns', 'options'];

async function answerCompile(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
): Promise<FastifyReply> {
  const startedAt = performance.now();
  const by = requireOperator(request, context);
  const { body } = request;
  const stranger = Object.keys((body as object | undefined) ?? {}).find((key) => !COMPILE_KEYS.includes(key));
  if (stranger !== undefined) throw invalid(`unknown key '${stranger}'`);
  const text = memberOf(body, 'query');
  if (typeof text !== 'string' || text === '') throw invalid("missing required 'query' value");
  const unknowns = textsOf(memberOf(body, 'unknowns'), 'unknowns');
  const options = memberOf(body, 'options');
  const disableInlining = textsOf(memberOf(options, 'disableInlining'), 'options.disableInlining');
  const answer = await context.service.administration.queries.compile(
    {
      text,
      input: memberOf(body, 'input'),
      ...(unknowns === undefined ? {} : { unknowns }),
      ...(disableInlining === undefined ? {} : { disableInlining }),
    },
    by,
  );
  if (answer.kind === 'not_asked') throw notAsked(answer);
  if (answer.kind === 'refused') throw refusedQuery(answer.errors, 'module(s)');
  if (answer.kind === 'error') throw failedEvaluation(answer.errors);
  const { queries, support, needsPolicy, timers } = answer;
  return sendJson(request, reply, {
    result: {
      ...(queries.length === 0 ? {} : { queries }),
      ...(support.length === 0 ? {} : { support }),
      // OPA's residue never needs more than itself; whoever takes it for the whole must be told.
      ...(needsPolicy ? { needs_policy: true } : {}),
    },
    ...annexesOf(request, context, { ...timers, startedAt }),
  });
}
