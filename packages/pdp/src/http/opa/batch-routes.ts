import { type Json, newDecisionId } from '@writ/decision';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BATCH_MAX } from '../decision-routes.ts';
import { HttpError } from '../error-body.ts';
import type { ApiContext } from '../http-api.ts';
import { annexesOf, memberOf, sendJson } from './annexes.ts';
import { answerData, questionAt } from './answer-data.ts';
import { pathOf } from './data-routes.ts';

/** One answer of a batch, with the status that it would have alone. */
interface BatchItem {
  readonly status: number;
  readonly body: object;
}

/**
 * Several inputs for one path, as Enterprise OPA has it and the clients of OPA and Styra ask it: `{inputs: {name: input},
 * common_input}`, answer `{batch_decision_id, responses: {name: answer}}`. Each is one question to the data API. Status
 * 200 where all have answers, 500 where none has, 207 (and each with its own `http_status_code`) else.
 * (https://docs.styra.com/enterprise-opa/reference/api-reference/batch-api)
 */
export function registerOpaBatchRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const url of ['/v1/batch/data', '/v1/batch/data/*'])
    app.post(url, async (request, reply) => {
      const startedAt = performance.now();
      const path = pathOf(request);
      const inputs = inputsOf(request.body);
      const common = memberOf(request.body, 'common_input');
      const answered = await Promise.all(
        [...inputs].map(
          async ([name, input]) =>
            [name, await itemOf(request, context, path, merged(common, input))] as const,
        ),
      );
      const failures = answered.filter(([, { status }]) => status !== 200).length;
      const status = failures === 0 ? 200 : failures === answered.length ? 500 : 207;
      const responses = answered.map(
        ([name, item]) => [name, status === 207 ? withStatus(item) : item.body] as const,
      );
      reply.code(status);
      return sendJson(request, reply, {
        batch_decision_id: newDecisionId(Date.now(), (count) =>
          crypto.getRandomValues(new Uint8Array(count)),
        ),
        responses: Object.fromEntries(responses),
        ...annexesOf(request, context, { startedAt }),
      });
    });
}

function withStatus({ status, body }: BatchItem): object {
  // Clients know these two.
  return { http_status_code: status === 200 ? '200' : '500', ...body };
}

function inputsOf(body: unknown): ReadonlyMap<string, Json> {
  const inputs = memberOf(body, 'inputs');
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs))
    throw new HttpError(400, 'invalid_parameter', "the body has no object 'inputs'");
  const entries = Object.entries(inputs as Readonly<Record<string, Json>>);
  if (entries.length > BATCH_MAX)
    throw new HttpError(400, 'invalid_parameter', `more than ${BATCH_MAX} inputs`);
  return new Map(entries);
}

/** What all inputs have in common; where both are objects, the input's own members win. */
function merged(common: Json | undefined, input: Json): Json {
  if (common === undefined || !isObject(common) || !isObject(input)) return input;
  return { ...common, ...input };
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What fails concerns one input alone, but for what the caller may not ask at all. */
async function itemOf(
  request: FastifyRequest,
  context: ApiContext,
  path: string,
  input: Json,
): Promise<BatchItem> {
  try {
    const { body } = await answerData(request, context, questionAt(path, input));
    return { status: 200, body };
  } catch (error) {
    if (!(error instanceof HttpError) || error.status === 401 || error.status === 403) throw error;
    return { status: error.status, body: error.body };
  }
}
