import type { Json } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../error-body.ts';
import type { ApiContext } from '../http-api.ts';
import { queryText, readJsonText } from '../reading.ts';
import { annexesOf, sendJson } from './annexes.ts';
import { answerData, questionAt } from './answer-data.ts';

/**
 * OPA's data API. A path that is an entrypoint runs the whole pipeline, with every entrypoint that applies; the path
 * only chooses how the input is read and the answer is shaped. Any other path is raw evaluation for the operator, or,
 * in development on loopback and for a folder without a manifest, one rule asked alone. Undefined is 200 without
 * `result`. (https://www.openpolicyagent.org/docs/rest-api#data-api)
 */
export function registerDataRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const url of ['/v1/data', '/v1/data/*']) {
    app.post(url, (request, reply) => answer(request, reply, context, inputOfBody(request.body)));
    app.get(url, (request, reply) => {
      const text = queryText(request, 'input');
      return answer(request, reply, context, text === undefined ? undefined : readInputText(text));
    });
  }
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
  const { body } = await answerData(request, context, questionAt(path, request.body as Json | undefined));
  if (!('result' in body)) {
    const document = ['data', ...path.split('/')].join('.');
    const isKnown = context.service.administration.queries.isVirtual(path);
    const what = isKnown ? 'document undefined' : 'document missing';
    throw new HttpError(404, 'undefined_document', `${what}: ${document}`);
  }
  return sendJson(request, reply, body['result']);
}

/** As OPA has it: the caller may have forgotten it. */
const INPUT_MISSING = {
  warning: { code: 'api_usage_warning', message: "'input' key missing from the request" },
};

function inputOfBody(body: unknown): Json | undefined {
  if (body === undefined) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const message = 'body contains malformed input document: the body is not a JSON object with `input`';
    throw new HttpError(400, 'invalid_parameter', message);
  }
  return Object.hasOwn(body, 'input') ? (body as Readonly<Record<string, Json>>)['input'] : undefined;
}

function readInputText(text: string): Json {
  try {
    return readJsonText(text);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const message = `parameter contains malformed input document: ${error.message}`;
    throw new HttpError(400, 'invalid_parameter', message, { ...error.extra, reason: error.code });
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
  input: Json | undefined,
): Promise<FastifyReply> {
  const startedAt = performance.now();
  const found = await answerData(request, context, questionAt(pathOf(request), input));
  const warning = input === undefined && request.method === 'POST' ? INPUT_MISSING : {};
  return sendJson(request, reply, {
    ...found.body,
    ...warning,
    ...annexesOf(request, context, { ...found, startedAt }),
  });
}

/** An engine behind a URL would take these for a way out of its data. */
const NO_STEPS = ['', '.', '..'];

/** The path below `data`; empty for all of it. */
export function pathOf(request: FastifyRequest): string {
  const wildcard = (request.params as Readonly<Record<string, string>>)['*'] ?? '';
  const path = wildcard.replace(/\/+$/, '');
  if (path !== '' && path.split('/').some((step) => NO_STEPS.includes(step))) {
    throw new HttpError(400, 'invalid_parameter', 'the path names no rule');
  }
  return path;
}
