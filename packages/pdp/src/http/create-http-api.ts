import type { Server, ServerResponse } from 'node:http';
import { createListener, type ListenerOptions } from '@writ/identity';
import type { LogQueries } from '@writ/ledger';
import type { Tracer } from '@writ/telemetry';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import type { CallbackReceiver } from '../access-request/callbacks.ts';
import type { LayersView } from '../layers/layers-view.ts';
import type { PolicyWrites } from '../layers/policy-writes.ts';
import type { BundleDesk } from '../pipeline/bundle-desk.ts';
import type { CallerIdentity } from '../pipeline/caller.ts';
import type { DecisionService, PointHandle } from '../pipeline/service.ts';
import { admitRequest, isOpen } from './admit-request.ts';
import { authorizeApiRequest } from './api-authorization.ts';
import { authzenStatus } from './authzen-routes.ts';
import type { Credentials } from './credentials.ts';
import { drain } from './drain.ts';
import { acceptGzip } from './encodings.ts';
import { HttpError } from './error-body.ts';
import { type ApiContext, callerOf, isBreakGlass, type PolicyView } from './http-api.ts';
import { LoadGuard, type LoadLimits } from './load-guard.ts';
import { isOpaPath, opaErrorBody } from './opa/errors.ts';
import { hostName, isLoopbackAddress, LOOPBACK_HOSTS } from './origin-check.ts';
import { readBodiesStrictly } from './reading.ts';
import { RefusalRecord } from './refusal-record.ts';
import { tracedService, traceRequests } from './request-spans.ts';
import { ROUTES } from './routes.ts';
import type { SlackInteractions } from './slack-interactions.ts';
import { listenOnSocket, type UnixSocketOptions } from './unix-sockets.ts';

/** How the HTTP API is set up. */
export interface HttpApiOptions {
  readonly service: DecisionService;
  readonly policies: () => PolicyView | undefined;
  /** Answers `/v1/layers`. */
  readonly layers?: () => Promise<LayersView | undefined>;
  /** Answers `/v1/log/query` and `/v1/log/stats`. The API does not close it. */
  readonly queries?: LogQueries;
  /** Answers `/v1/bundles`. */
  readonly bundles?: BundleDesk;
  /** Further meters of this process for `/metrics`, in Prometheus's text format. */
  readonly meters?: () => string;
  /** Shown by `/v1/bundles`: nothing unsigned is taken. */
  readonly production?: boolean;
  /** Takes what people press in Slack. */
  readonly slack?: SlackInteractions;
  /** Where people reach this service: `https://writ.example.org`. */
  readonly pageUrl?: string;
  /** Where enforcement points may be told what became of access requests. Senders of the same names tell them. */
  readonly callbacks?: readonly CallbackReceiver[];
  /** Opens spans around requests and decisions; absent: none. */
  readonly tracer?: Tracer;
  /** Lets the operator write policies and data over OPA's API; absent: nobody may. */
  readonly writes?: PolicyWrites;
  /** Writ's own version, for OPA's `provenance`. */
  readonly version?: string;
  readonly credentials: Credentials;
  /** Callers without a credential may decide, on loopback only. Never in production. */
  readonly development?: boolean;
  /** Host names beside loopback's under which the API is addressed; no ports. */
  readonly hosts?: readonly string[];
  /** Origins of web pages that may use the API, beside its own. */
  readonly origins?: readonly string[];
  /** Certificate and key of the port, which may change; absent: plain HTTP. */
  readonly tls?: NonNullable<ListenerOptions['tls']>;
  /** Largest body, bytes. Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Every request is also asked of `data.system.authz.allow`, as OPA does; what it does not permit is refused. */
  readonly authorization?: boolean;
  /** How much is served at once, and how much of it to one credential. */
  readonly load?: LoadLimits;
  /** How long what is being served may take to end when it closes, ms. Default 10,000. */
  readonly drainMs?: number;
  /** Who a caller without a credential is taken for in development. */
  readonly anonymous?: CallerIdentity;
}

/** Where to listen. Port 0 takes a free one. */
export interface ListenOptions {
  readonly host?: string;
  readonly port?: number;
}

/** The HTTP API: not listening yet. */
export interface HttpApi {
  readonly app: FastifyInstance;
  /** Listens, and gives the base URL. Refuses an address beyond loopback while no credential is configured. */
  listen(options?: ListenOptions): Promise<ListenResult>;
  /**
   * Listens on a Unix socket beside that; peers are known by the file's permissions. Through an `operator` socket
   * whoever sends no token is the operator, and `system.authz` is not asked: it works when that policy is broken.
   * Rejects where the file is somebody else's.
   */
  listenOnSocket(options: UnixSocketOptions & { readonly operator?: boolean }): Promise<void>;
  /** Refuses what comes from now on, lets what is being served end, and closes what is left after `drainMs`. */
  close(): Promise<void>;
}

export type ListenResult =
  | { readonly ok: true; readonly url: string; readonly port: number }
  | {
      readonly ok: false;
      readonly code: 'authentication_required' | 'address_in_use' | 'address_unavailable';
      readonly message: string;
    };

export const BODY_BYTES_MAX = 1024 * 1024;
/** Longest time in which a request, and its headers, must have come in, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 5_000;
/** Connections at once; further ones are closed. */
const CONNECTIONS_MAX = 10_000;

const ANONYMOUS: CallerIdentity = { pointId: 'anonymous', mayAssert: {}, mode: 'enforce' };

/**
 * The decision API over HTTP: `/v1/decide`, `/v1/complete`, `/v1/list`, `/v1/report`, `/v1/explain`, approvals, halts,
 * the record, OPA's `/v1/data` and AuthZEN's `/access/v1`. Every error body is `{code, message, …}`.
 */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { tls, bodyBytesMax = BODY_BYTES_MAX } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    routerOptions: { maxParamLength: 1024 },
    // Requests that come while it closes are refused with a code of ours.
    return503OnClosing: false,
    // Whoever sends slowly must not hold connections and memory for ever.
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    ...(tls === undefined ? {} : { serverFactory: tlsFactory(tls) }),
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  const refused = new RefusalRecord((load) => options.service.administration.recordRefusedLoad(load));
  const context = contextOf(options, refused);
  const hosts = [...LOOPBACK_HOSTS, ...(options.hosts ?? [])].map((host) => host.toLowerCase());
  const origins = options.origins ?? [];
  const sockets: Server[] = [];
  const waiting = new Set<ServerResponse>();
  const originPolicy = { hosts, origins };
  app.decorateRequest('bearer', undefined);
  // Called back, not awaited: nothing here waits, and every request comes through.
  app.addHook('onRequest', (request, reply, done) => {
    try {
      admitRequest(request, reply, { context, originPolicy, waiting });
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
  if (options.authorization === true)
    app.addHook('preHandler', async (request) => {
      if (request.routeOptions.config.ownAuthentication === true) return;
      if (!isOpen(request) && !isBreakGlass(request, context)) await authorizeApiRequest(request, context);
    });
  acceptGzip(app);
  readBodiesStrictly(app, bodyBytesMax);
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const answer = errorFrom(error);
    if (answer.malformed) {
      const { code, message } = answer;
      await reporterOf(request, context)?.report({ kind: 'malformed', code, message });
    }
    const { retry_after: retryAfter } = answer.extra;
    if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
    const body = isOpaPath(request.url) ? opaErrorBody(request.url, answer) : answer.body;
    return reply.code(authzenStatus(request.url, answer.status)).send(body);
  });
  app.setNotFoundHandler(({ url }, reply) =>
    // OPA's own paths exist: there only the method is wrong.
    isOpaPath(url)
      ? reply.code(405).send()
      : reply.code(404).send({ code: 'not_found', message: 'no such endpoint' }),
  );
  if (options.tracer !== undefined) traceRequests(app, options.tracer);
  for (const register of ROUTES) {
    register(app, context);
  }
  return {
    app,
    listen: async (listen = {}) => {
      const host = listen.host ?? '127.0.0.1';
      context.loopback = isLoopbackAddress(host);
      const bound = hostName(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
      if (bound !== undefined && !hosts.includes(bound)) hosts.push(bound);
      return listenOn(app, context, host, listen.port ?? 0, tls === undefined ? 'http' : 'https');
    },
    listenOnSocket: async ({ operator = false, ...socket }) => {
      await app.ready();
      const mark = (connection: object): void => {
        if (operator) context.operatorSockets.add(connection);
      };
      sockets.push(await listenOnSocket((request, response) => app.routing(request, response), socket, mark));
    },
    close: () => drain({ app, sockets, waiting, load: context.load, refused }, options.drainMs),
  };
}

/** By whom a malformed body is put on record; nobody where the bearer speaks for no enforcement point. */
function reporterOf(request: FastifyRequest, context: ApiContext): PointHandle | undefined {
  try {
    return context.service.as(callerOf(request, context));
  } catch {
    return undefined;
  }
}

/** What the routes share; where it listens is known later. */
function contextOf(
  options: HttpApiOptions,
  refused: RefusalRecord,
): { -readonly [Key in keyof ApiContext]: ApiContext[Key] } {
  return {
    service: options.tracer === undefined ? options.service : tracedService(options.service, options.tracer),
    credentials: options.credentials,
    policies: options.policies,
    ...(options.layers === undefined ? {} : { layers: options.layers }),
    ...(options.queries === undefined ? {} : { queries: options.queries }),
    ...(options.bundles === undefined ? {} : { bundles: options.bundles }),
    ...(options.meters === undefined ? {} : { meters: options.meters }),
    production: options.production ?? false,
    ...(options.writes === undefined ? {} : { writes: options.writes }),
    ...(options.slack === undefined ? {} : { slack: options.slack }),
    ...(options.pageUrl === undefined ? {} : { pageUrl: options.pageUrl }),
    callbacks: options.callbacks ?? [],
    version: options.version ?? '',
    development: options.development ?? false,
    loopback: true,
    operatorSockets: new WeakSet(),
    load: new LoadGuard(options.load, () => performance.now(), refused),
    anonymous: options.anonymous ?? ANONYMOUS,
  };
}

/** Fastify knows which server it is given only by its type. */
function tlsFactory(tls: NonNullable<ListenerOptions['tls']>): FastifyServerFactory {
  return ((handle: ListenerOptions['handle']) => createListener({ handle, tls })) as FastifyServerFactory;
}

async function listenOn(
  app: FastifyInstance,
  context: ApiContext,
  host: string,
  port: number,
  scheme: 'http' | 'https',
): Promise<ListenResult> {
  const { points, operatorSha256 } = context.credentials;
  if (!context.loopback && points.length === 0) {
    const message = `listening on ${host} needs a credential for at least one enforcement point`;
    return { ok: false, code: 'authentication_required', message };
  }
  if (!context.loopback && operatorSha256 === undefined) {
    return {
      ok: false,
      code: 'authentication_required',
      message: `listening on ${host} needs the operator's token`,
    };
  }
  try {
    await app.listen({ host, port });
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const message = taken ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port}`;
    return { ok: false, code: taken ? 'address_in_use' : 'address_unavailable', message };
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const name = host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host;
  return { ok: true, url: `${scheme}://${name}:${bound}`, port: bound };
}

/** One place turns whatever was thrown into an answer; what is not known says nothing about itself. */
function errorFrom(error: FastifyError): HttpError {
  if (error instanceof HttpError) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new HttpError(413, 'json_size', 'the body is too large', {}, true);
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return new HttpError(status, 'request_invalid', 'the request cannot be read');
  return new HttpError(500, 'internal_error', 'the decision point failed');
}
