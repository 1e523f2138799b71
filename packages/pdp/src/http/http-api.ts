import type { BundleModule, Entrypoint } from '@writ/bundle';
import type { LogQueries } from '@writ/ledger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallbackReceiver } from '../access-request/callbacks.ts';
import type { LayersView } from '../layers/layers-view.ts';
import type { PolicyWrites } from '../layers/policy-writes.ts';
import { type Approver, operatorApprover } from '../pipeline/approver.ts';
import type { BundleDesk } from '../pipeline/bundle-desk.ts';
import type { CallerIdentity } from '../pipeline/caller.ts';
import type { DecisionService, PointHandle } from '../pipeline/service.ts';
import { type Authenticated, authenticate, type Credentials } from './credentials.ts';
import { HttpError } from './error-body.ts';
import type { LoadGuard } from './load-guard.ts';
import type { SlackInteractions } from './slack-interactions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Found out once. */
    bearer: Authenticated | undefined;
  }
}

/** What the policies' side shows to the HTTP API. */
export interface PolicyView {
  readonly engine: string;
  readonly bundles: readonly PolicyViewBundle[];
}

/** One active bundle as `GET /v1/active`, `GET /v1/policies` and the data API need it. */
export interface PolicyViewBundle {
  readonly name: string;
  readonly revision: string;
  readonly digest: string;
  readonly entrypoints: readonly Entrypoint[];
  readonly modules: readonly BundleModule[];
  /** False for a directory without `.manifest`. */
  readonly hasManifest: boolean;
}

/** What the routes of the HTTP API share. */
export interface ApiContext {
  readonly service: DecisionService;
  readonly credentials: Credentials;
  readonly policies: () => PolicyView | undefined;
  /** Writes of policies and data; absent where they are turned off. */
  readonly writes?: PolicyWrites;
  /** Writ's own version. */
  readonly version: string;
  /** The picture of layers and bundles; undefined where nothing is active. */
  readonly layers?: () => Promise<LayersView | undefined>;
  /** Queries over the record; absent where this process keeps no index. */
  readonly queries?: LogQueries;
  /** Bundles as the operator sees them; absent where this process has none of its own. */
  readonly bundles?: BundleDesk;
  /** Further meters of this process, as Prometheus reads them. */
  readonly meters?: () => string;
  readonly production: boolean;
  /** Slack's buttons; absent where nobody is asked there. */
  readonly slack?: SlackInteractions;
  /** Where people reach this service. */
  readonly pageUrl?: string;
  /** Where enforcement points may be told what became of access requests. */
  readonly callbacks: readonly CallbackReceiver[];
  /** Development: callers without a credential may decide, and rules without a manifest may be asked, on loopback. */
  readonly development: boolean;
  /** The listener can be reached from this machine only. */
  readonly loopback: boolean;
  /** Connections through the operator's own socket: whoever may open its file is the operator. */
  readonly operatorSockets: WeakSet<object>;
  /** Bounds what is served at once. */
  readonly load: LoadGuard;
  /** Who callers without a credential are, where they may decide at all. */
  readonly anonymous: CallerIdentity;
}

export type RegisterRoutes = (app: FastifyInstance, context: ApiContext) => void;

/** Whose request it is, by its token or, through the operator's own socket, without one. */
export function bearerOf(request: FastifyRequest, context: ApiContext): Authenticated {
  // Several steps of one request ask: the digest of its token is compared once.
  request.bearer ??= findBearer(request, context);
  return request.bearer;
}

function findBearer(request: FastifyRequest, context: ApiContext): Authenticated {
  const { authorization } = request.headers;
  if (authorization === undefined)
    return isBreakGlass(request, context) ? { kind: 'operator', name: 'operator' } : ANONYMOUS_BEARER;
  const found = authenticate(authorization, context.credentials);
  if (found.kind === 'refused') throw new HttpError(401, 'unauthenticated', 'the bearer token is not known');
  return found;
}

const ANONYMOUS_BEARER: Authenticated = Object.freeze({ kind: 'anonymous' });

/** The name that a credential stands for; undefined where there is none. */
export function nameOf(bearer: Authenticated): string | undefined {
  switch (bearer.kind) {
    case 'operator':
      return bearer.name;
    case 'point':
      return bearer.caller.pointId;
    case 'approver':
      return bearer.approver.id;
    default:
      return undefined;
  }
}

/** Did it come through the operator's own socket. */
export function isBreakGlass({ raw }: FastifyRequest, { operatorSockets }: ApiContext): boolean {
  return operatorSockets.has(raw.socket);
}

/** 401 for whoever may use nothing of this API. */
export function requireKnownCaller(request: FastifyRequest, context: ApiContext): void {
  if (bearerOf(request, context).kind !== 'approver') callerOf(request, context);
}

/** Who asks, as an enforcement point; 401 where it may not decide. */
export function callerOf(request: FastifyRequest, context: ApiContext): CallerIdentity {
  const found = bearerOf(request, context);
  if (found.kind === 'point') return found.caller;
  if (found.kind === 'operator') return { ...context.anonymous, pointId: found.name };
  if (found.kind === 'approver')
    throw new HttpError(403, 'assertion_not_permitted', 'the credential of an approver asks for nobody');
  if (context.development && context.loopback) return context.anonymous;
  throw new HttpError(401, 'unauthenticated', 'this endpoint needs a bearer token');
}

/** The decision point as this caller may use it; 401 where it may not. */
export function pointFor(request: FastifyRequest, context: ApiContext): PointHandle {
  return context.service.as(callerOf(request, context));
}

/** The operator's name; 401 without a credential, 403 with one of somebody else's. */
export function requireOperator(request: FastifyRequest, context: ApiContext): string {
  const found = bearerOf(request, context);
  if (found.kind === 'operator') return found.name;
  if (found.kind === 'anonymous') {
    throw new HttpError(401, 'unauthenticated', "this endpoint needs the operator's bearer token");
  }
  throw new HttpError(
    403,
    'operator_required',
    'an enforcement point may not do this: it needs the operator',
  );
}

/** Who judges approvals: an approver, or the operator; 401 without a credential, 403 with an enforcement point's. */
export function approverOf(request: FastifyRequest, context: ApiContext): Approver {
  const found = bearerOf(request, context);
  if (found.kind === 'approver') return found.approver;
  return operatorApprover(requireOperator(request, context));
}

/** Is the bearer somebody who judges approvals. */
export function isApprover(request: FastifyRequest, context: ApiContext): boolean {
  const { kind } = bearerOf(request, context);
  return kind === 'operator' || kind === 'approver';
}

/** Is the bearer the operator. */
export function isOperator(request: FastifyRequest, context: ApiContext): boolean {
  return bearerOf(request, context).kind === 'operator';
}

/** May callers without a credential ask any rule: in development on loopback, where no bundle has a manifest. */
export function mayAskAnyRule({ development, loopback, policies }: ApiContext): boolean {
  const bundles = policies()?.bundles ?? [];
  return development && loopback && bundles.length > 0 && bundles.every((each) => !each.hasManifest);
}
