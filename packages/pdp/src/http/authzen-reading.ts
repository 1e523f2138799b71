import type { Json, JsonObject } from '@writ/decision';
import type { FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, pointFor } from './http-api.ts';

const ENTITIES = {
  subject: ['type', 'id', 'properties'],
  action: ['name', 'properties'],
  resource: ['type', 'id', 'properties'],
} as const;
/** A part of an evaluation. */
export type EntityName = keyof typeof ENTITIES;
const NAMES: readonly string[] = ['type', 'id', 'name'];

/** The body as an object of `application/json`; what cannot be read is refused, on record. */
export async function bodyOf(request: FastifyRequest, context: ApiContext): Promise<JsonObject> {
  const { 'content-type': type = '' } = request.headers;
  if (!/^application\/json\s*(?:;|$)/i.test(type))
    throw await refused(request, context, 'the `Content-Type` is not `application/json`');
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw await refused(request, context, 'the body is not a JSON object');
  return body as JsonObject;
}

/** What cannot be read is refused before policy, on record. */
export async function refused(
  request: FastifyRequest,
  context: ApiContext,
  problem: string,
): Promise<HttpError> {
  await recordRefused(request, context, problem);
  return new HttpError(400, 'request_invalid', problem);
}

export function recordRefused(request: FastifyRequest, context: ApiContext, message: string): Promise<void> {
  return pointFor(request, context).report({ kind: 'malformed', code: 'request_invalid', message });
}

/**
 * The parts that the standard names: others are for versions to come and are passed over, as it demands; properties
 * and context are kept whole. A sentence where a part that it requires is missing.
 */
export function inputOf(body: JsonObject): JsonObject | string {
  const input: Record<string, Json> = {};
  for (const entity of Object.keys(ENTITIES) as EntityName[]) {
    const read = entityOf(body, entity);
    if (typeof read === 'string') return read;
    input[entity] = read;
  }
  const { context } = body;
  return context === undefined ? input : { ...input, context };
}

/** One part; of what is searched for the names in `open` are not asked for. */
export function entityOf(
  body: JsonObject,
  entity: EntityName,
  open: readonly string[] = [],
): JsonObject | string {
  const keys: readonly string[] = ENTITIES[entity];
  const given = Object.hasOwn(body, entity) ? body[entity] : undefined;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `\`${entity}\` is not an object`;
  const entries = Object.entries(given as JsonObject).filter(
    ([key]) => keys.includes(key) && !open.includes(key),
  );
  const known = new Map<string, Json>(entries);
  const bad = keys.find(
    (key) =>
      NAMES.includes(key) &&
      !open.includes(key) &&
      (typeof known.get(key) !== 'string' || known.get(key) === ''),
  );
  return bad === undefined ? Object.fromEntries(known) : `\`${entity}.${bad}\` is not a text`;
}
