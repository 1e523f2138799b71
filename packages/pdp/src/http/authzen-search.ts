import { createHash } from 'node:crypto';
import { canonicalJson, type Json, type JsonObject, PROFILES } from '@writ/decision';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SearchKind } from '../pipeline/search.ts';
import { bodyOf, type EntityName, entityOf, refused } from './authzen-reading.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, pointFor } from './http-api.ts';

export const SEARCH_KINDS: readonly SearchKind[] = ['subject', 'resource', 'action'];
/** Results on one page where the caller names no limit, and the most that it can name. */
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const { fromInput, toAnswer } = PROFILES['authzen/v1'];

export function searchPath(kind: SearchKind): string {
  return `/access/v1/search/${kind}`;
}

/**
 * AuthZEN's searches: which subjects, resources or actions an evaluation would permit, of those that the active policies
 * know by name. (https://openid.net/specs/authorization-api-1_0.html#name-search-apis)
 */
export function registerSearchRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const kind of SEARCH_KINDS)
    app.post(searchPath(kind), async (request, reply) => searchFor(kind, request, reply, context));
}

async function searchFor(
  kind: SearchKind,
  request: FastifyRequest,
  reply: FastifyReply,
  context: ApiContext,
): Promise<JsonObject> {
  const body = await bodyOf(request, context);
  const read = readSearch(kind, body);
  if (typeof read === 'string') throw await refused(request, context, read);
  const { parts, sought, page, asked, digest } = read;
  const requestOf = (candidate: JsonObject) => {
    const made = fromInput({ ...parts, [kind]: candidate });
    return made.ok ? made.request : undefined;
  };
  const answer = await pointFor(request, context).search({
    kind,
    type: (kind === 'action' ? parts['resource'] : sought)?.['type'] as string,
    requestOf,
    permits: (decision) => (toAnswer(decision) as JsonObject)['decision'] === true,
    ...(sought?.['properties'] === undefined ? {} : { properties: sought['properties'] as JsonObject }),
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: page.after }),
    asked,
  });
  if (!answer.ok) throw new HttpError(500, answer.code, answer.message);
  reply.header('x-writ-decision', answer.decisionId);
  const { results, next } = answer;
  const token = next === undefined ? '' : tokenOf({ after: next, limit: page.limit, digest });
  const isPaged = page.isAsked || token !== '';
  return {
    ...(isPaged ? { page: { next_token: token, count: results.length } } : {}),
    results: results as readonly Json[],
  };
}

interface SearchRead {
  /** What is given of an evaluation; what is searched for is put in its place. */
  readonly parts: { readonly [Part in EntityName | 'context']?: JsonObject };
  /** What is searched for, as far as it is described. */
  readonly sought?: JsonObject;
  readonly page: Page;
  readonly asked: JsonObject;
  /** Of all that a later page must repeat. */
  readonly digest: string;
}

function readSearch(kind: SearchKind, body: JsonObject): SearchRead | string {
  const parts: Record<string, JsonObject> = {};
  let sought: JsonObject | undefined;
  for (const entity of ['subject', 'action', 'resource'] as const) {
    if (entity === kind && kind === 'action') continue;
    // The id of what is searched for is passed over, as the standard demands.
    const read = entityOf(body, entity, entity === kind ? ['id'] : []);
    if (typeof read === 'string') return read;
    if (entity === kind) sought = read;
    else parts[entity] = read;
  }
  if (sought?.['properties'] !== undefined && !isObject(sought['properties']))
    return `\`${kind}.properties\` is not an object`;
  const { context } = body;
  if (context !== undefined && !isObject(context)) return '`context` is not an object';
  if (context !== undefined) parts['context'] = context;
  const asked: JsonObject = { ...parts, ...(sought === undefined ? {} : { [kind]: sought }) };
  const digest = createHash('sha256').update(canonicalJson({ kind, asked })).digest('base64url');
  const page = readPage(body['page'], digest);
  if (typeof page === 'string') return page;
  // Whether the parts make an evaluation at all shows with any candidate.
  const sample = kind === 'action' ? { name: 'sample' } : { type: 'sample', ...sought, id: 'sample' };
  const made = fromInput({ ...parts, [kind]: sample });
  // An action and a type that are no pair are nothing that is known, not a mistake.
  if (!made.ok && !made.problem.startsWith('input: ')) return made.problem;
  return { parts, ...(sought === undefined ? {} : { sought }), page, asked, digest };
}

interface Page {
  readonly isAsked: boolean;
  readonly limit: number;
  readonly after?: string;
}

interface Token {
  readonly after: string;
  readonly limit: number;
  readonly digest: string;
}

/** A place in the order of candidates is no secret: each result is judged anew, wherever the page begins. */
function tokenOf({ after, limit, digest }: Token): string {
  return Buffer.from(JSON.stringify([after, limit, digest])).toString('base64url');
}

function readPage(given: Json | undefined, digest: string): Page | string {
  if (given === undefined) return { isAsked: false, limit: LIMIT_DEFAULT };
  if (!isObject(given)) return '`page` is not an object';
  const { token, limit } = given;
  const isLimit = limit === undefined || (Number.isSafeInteger(limit) && (limit as number) >= 0);
  if (!isLimit) return '`page.limit` is no whole number';
  const wanted = limit === undefined ? undefined : Math.min(limit as number, LIMIT_MAX);
  if (token === undefined || token === '') return { isAsked: true, limit: wanted ?? LIMIT_DEFAULT };
  const read = typeof token === 'string' ? readToken(token) : undefined;
  if (read === undefined) return '`page.token` is none that this service gave';
  if (read.digest !== digest || (wanted !== undefined && wanted !== read.limit))
    return '`page.token` belongs to another search: repeat all that it asked';
  return { isAsked: true, limit: read.limit, after: read.after };
}

function readToken(token: string): Token | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (!Array.isArray(value)) return undefined;
    const [after, limit, digest] = value as readonly unknown[];
    if (typeof after !== 'string' || typeof limit !== 'number' || typeof digest !== 'string')
      return undefined;
    return Number.isSafeInteger(limit) && limit >= 0 && limit <= LIMIT_MAX
      ? { after, limit, digest }
      : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
