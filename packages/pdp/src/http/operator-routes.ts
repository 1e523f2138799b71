import type { JsonObject } from '@writ/decision';
import { type ErasureTarget, PERSONAL_FIELDS } from '@writ/ledger';
import type { FastifyInstance } from 'fastify';
import type { ActOutcome, HaltTarget } from '../pipeline/service.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, type PolicyView, pointFor, requireOperator } from './http-api.ts';
import { registerQueryRoutes } from './query-routes.ts';
import { bodyObject, optionalText, queryInteger, requiredText } from './reading.ts';

/** Most entries of the record in one answer. */
export const LOG_ENTRIES_MAX = 1000;
const LOG_ENTRIES_DEFAULT = 20;

interface IdParams {
  readonly Params: { readonly id: string };
}

/** What the operator does: halts, the record; and what is active, which any caller that may decide may see. */
export function registerOperatorRoutes(app: FastifyInstance, context: ApiContext): void {
  const { administration } = context.service;
  app.post('/v1/halt', async (request) => {
    const by = requireOperator(request, context);
    const body = bodyObject(request.body, ['tenant', 'actor', 'all', 'reason']);
    return acted(await administration.halt(targetOf(body), by, optionalText(body, 'reason')));
  });
  app.post('/v1/resume', async (request) => {
    const by = requireOperator(request, context);
    const body = bodyObject(request.body, ['tenant', 'actor', 'all', 'reason']);
    return acted(await administration.resume(targetOf(body), by, optionalText(body, 'reason')));
  });
  app.get('/v1/log', async (request) => {
    requireOperator(request, context);
    const count = Math.min(queryInteger(request, 'count') ?? LOG_ENTRIES_DEFAULT, LOG_ENTRIES_MAX);
    const from = queryInteger(request, 'from');
    const entries =
      from === undefined ? administration.log.tail(count) : administration.log.from(from, count);
    return { size: await administration.log.size(), entries: await entries };
  });
  registerQueryRoutes(app, context);
  app.post('/v1/log/erase', async (request) => {
    const by = requireOperator(request, context);
    const body = bodyObject(request.body, ['tenant', 'principal', 'actor', 'session', 'fields', 'reason']);
    const outcome = await administration.log.erase(erasureOf(body), by, optionalText(body, 'reason'));
    if (!outcome.ok) throw new HttpError(503, outcome.code, outcome.message);
    return outcome.report;
  });
  app.get<IdParams>('/v1/log/:id', async (request) => {
    requireOperator(request, context);
    const entries = await administration.log.show(request.params.id);
    if (entries.length === 0)
      throw new HttpError(404, 'not_found', `no entry of decision \`${request.params.id}\``);
    return { entries };
  });
  app.get('/v1/active', async (request) => {
    pointFor(request, context);
    return activeShown(context.policies());
  });
  app.get('/v1/layers', async (request) => {
    requireOperator(request, context);
    const view = await context.layers?.();
    if (view === undefined) throw new HttpError(404, 'not_found', 'no policies are active here');
    return view;
  });
}

/** Whose fields go; somebody must be named, and fields by their names. */
function erasureOf(body: JsonObject): ErasureTarget {
  const target: { -readonly [Key in keyof ErasureTarget]: ErasureTarget[Key] } = {};
  for (const name of ['tenant', 'principal', 'actor', 'session'] as const) {
    const value = optionalText(body, name);
    if (value !== undefined) target[name] = value;
  }
  if (Object.keys(target).length === 0)
    throw new HttpError(400, 'request_invalid', 'name a tenant, principal, actor or session');
  const { fields } = body;
  if (fields === undefined) return target;
  const known: readonly unknown[] = PERSONAL_FIELDS;
  if (!Array.isArray(fields) || fields.length === 0 || !fields.every((field) => known.includes(field)))
    throw new HttpError(
      400,
      'request_invalid',
      `\`fields\` names fields of entries: ${PERSONAL_FIELDS.join(', ')}`,
    );
  return { ...target, fields };
}

/** What is active, without sources and data. */
function activeShown(view: PolicyView | undefined): object {
  if (view === undefined) return { bundles: [] };
  const bundles = view.bundles.map(({ name, revision, digest, entrypoints, hasManifest }) => ({
    name,
    revision,
    digest,
    has_manifest: hasManifest,
    entrypoints,
  }));
  return { engine: view.engine, bundles };
}

/** Exactly one of `tenant`, `actor`, `all: true`: a halt that names nothing must not be taken for one of everything. */
function targetOf(body: JsonObject): HaltTarget {
  const named = ['tenant', 'actor', 'all'].filter((key) => body[key] !== undefined && body[key] !== false);
  if (named.length !== 1) {
    throw new HttpError(400, 'request_invalid', 'name exactly one of `tenant`, `actor` and `all`');
  }
  if (body['all'] === true) return { kind: 'all' };
  if (body['tenant'] !== undefined) return { kind: 'tenant', tenant: requiredText(body, 'tenant') };
  if (body['actor'] !== undefined) return { kind: 'actor', actor: requiredText(body, 'actor') };
  throw new HttpError(400, 'request_invalid', '`all` is not a boolean');
}

function acted(outcome: ActOutcome): { ok: true } {
  if (outcome.ok) return { ok: true };
  throw new HttpError(503, outcome.code, outcome.message);
}
