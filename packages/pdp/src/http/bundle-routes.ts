import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BundleDesk, RollbackCode } from '../pipeline/bundle-desk.ts';
import { type BundleEvent, bundleHistory } from './bundle-history.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, requireOperator } from './http-api.ts';
import { bodyObject, optionalText, queryInteger } from './reading.ts';

/** Longest body of a rollback, bytes: an archive of 48 MiB in base64. */
export const ROLLBACK_BYTES_MAX = 64 * 1024 * 1024;
const EVENTS_DEFAULT = 50;
const EVENTS_MAX = 500;
const DETACHED_MAX = 16;

interface NameParams {
  readonly Params: { readonly name: string };
}
interface ArchiveParams {
  readonly Params: { readonly name: string; readonly digest: string };
}

/** What the operator sees of bundles, and rollbacks. */
export function registerBundleRoutes(app: FastifyInstance, context: ApiContext): void {
  const history = async (request: FastifyRequest, bundle?: string): Promise<HistoryView> => {
    requireOperator(request, context);
    const count = Math.max(1, Math.min(queryInteger(request, 'count') ?? EVENTS_DEFAULT, EVENTS_MAX));
    const named = bundle === undefined ? {} : { bundle };
    const tell = () => bundleHistory(context.service.administration, context.queries, { ...named, count });
    if (bundle === undefined) return tell();
    const desk = deskOf(context);
    if (!(await desk.list()).some(({ name }) => name === bundle)) throw unknown(bundle);
    return { ...(await tell()), kept: ((await desk.kept(bundle)) ?? []).map(shownKept) };
  };
  app.get('/v1/bundles', async (request) => {
    requireOperator(request, context);
    return { production: context.production, bundles: await deskOf(context).list() };
  });
  app.get('/v1/bundles/history', (request) => history(request));
  app.get<NameParams>('/v1/bundles/:name/history', (request) => history(request, request.params.name));
  app.get<ArchiveParams>('/v1/bundles/:name/kept/:digest', async (request) => {
    requireOperator(request, context);
    const { name, digest } = request.params;
    const kept = await deskOf(context).archive(name, digest);
    if (kept === undefined) throw new HttpError(404, 'not_found', `no such content of \`${name}\` is kept`);
    return { archive: Buffer.from(kept.archive).toString('base64'), detached: kept.detached };
  });
  app.post<NameParams>(
    '/v1/bundles/:name/rollback',
    {
      bodyLimit: ROLLBACK_BYTES_MAX,
      // Before the body, which may be large, is read.
      onRequest: async (request) => void requireOperator(request, context),
    },
    async (request) => {
      const by = requireOperator(request, context);
      const body = bodyObject(request.body, ['archive', 'detached', 'reason']);
      const offered = { archive: archiveOf(body['archive']), detached: detachedOf(body['detached']) };
      const { name } = request.params;
      const outcome = await deskOf(context).rollback(name, offered, by, optionalText(body, 'reason'));
      if (!outcome.ok) throw new HttpError(STATUS[outcome.code], outcome.code, outcome.message);
      const { ok: _, ...done } = outcome;
      return { bundle: name, ...done };
    },
  );
}

const STATUS: Readonly<Record<RollbackCode, number>> = {
  bundle_unknown: 404,
  bundle_not_published: 409,
  rollback_unsigned: 409,
  rollback_unknown: 409,
  rollback_refused: 422,
  rollback_overtaken: 409,
  audit_unavailable: 503,
  state_unavailable: 503,
};

function deskOf({ bundles }: ApiContext): BundleDesk {
  if (bundles !== undefined) return bundles;
  throw new HttpError(404, 'not_found', 'this process shows no bundles');
}

function unknown(name: string): HttpError {
  return new HttpError(404, 'bundle_unknown', `there is no bundle \`${name}\``);
}

/** A content that can be gone back to, as `GET /v1/bundles/{name}/history` shows it. */
export interface KeptView {
  /** RFC 3339. */
  readonly activated_at: string;
  readonly revision: string;
  readonly digest: string;
  readonly sequence?: number;
  readonly rollback_to?: string;
  readonly release?: string;
  readonly signed_by: readonly string[];
}

/** What `GET /v1/bundles/history` answers, and for one bundle with what of it is kept, the newest first. */
export interface HistoryView {
  readonly events: readonly BundleEvent[];
  readonly complete: boolean;
  readonly kept?: readonly KeptView[];
}

type Kept = NonNullable<Awaited<ReturnType<BundleDesk['kept']>>>[number];

function shownKept({
  activatedAt,
  revision,
  digest,
  sequence,
  rollbackTo,
  release,
  signedBy,
}: Kept): KeptView {
  return {
    activated_at: new Date(activatedAt).toISOString(),
    revision,
    digest,
    ...(sequence === undefined ? {} : { sequence }),
    ...(rollbackTo === undefined ? {} : { rollback_to: rollbackTo }),
    ...(release === undefined ? {} : { release }),
    signed_by: signedBy,
  };
}

function archiveOf(value: unknown): Uint8Array {
  if (typeof value !== 'string' || value === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    throw new HttpError(400, 'request_invalid', '`archive` is not the archive in base64');
  return Buffer.from(value, 'base64');
}

function detachedOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.length <= DETACHED_MAX;
  if (!isList || !value.every((each): each is string => typeof each === 'string'))
    throw new HttpError(
      400,
      'request_invalid',
      `\`detached\` is not a list of at most ${DETACHED_MAX} texts`,
    );
  return value;
}
