import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DecisionPoint } from '@writ/decision';
import { createMcpGateway, type McpGateway } from '@writ/gateway';
import { createAuthenticator, staticKeys } from '@writ/identity';
import { type LogQueries, openLogQueries } from '@writ/ledger';
import {
  createHttpApi,
  type DecisionService,
  type HttpApi,
  liveLayers,
  readOperatorToken,
  tokenDigest,
} from '@writ/pdp';
import { keepReceipts } from '@writ/sdk';
import { LocalError, type LocalPoint, openLocal } from '@writ/sdk/local';
import type { StoreRecovery } from '@writ/store';
import { CommandError, EXIT } from '../exit-status.ts';
import { ownVersion } from '../own-version.ts';
import { announce, withdraw } from './service-file.ts';
import type { ListenAddress, Service, ServiceOptions } from './service-options.ts';

/** Undoes what was started, last first, so that a failure half-way leaves nothing running. */
type Undo = () => Promise<void> | void;

/** Starts a decision point with its API and, where upstreams are configured, the MCP gateway. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const undo: Undo[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return { ...(await start(options, undo)), close };
  } catch (error) {
    await close();
    if (!(error instanceof LocalError)) throw error;
    throw new CommandError(LOCAL_STATUS[error.code], error.message);
  }
}

const LOCAL_STATUS = { data_unavailable: EXIT.unavailable, policies_invalid: EXIT.badInput } as const;

async function start(options: ServiceOptions, undo: Undo[]): Promise<Omit<Service, 'close'>> {
  const { dataDirectory } = options;
  const local = await openLocal({ ...options, ...options.events });
  undo.push(() => local.close());
  const { point, policies, bundles, store, recovery, writes } = local;
  // The owner of the files keeps the index; a client's queries go through the owner's API.
  const queries =
    store.role === 'owner' && options.store === undefined
      ? openLogQueries(dataDirectory, {
          onFault: (message) => options.events?.onFault?.('indexing the record', message),
        })
      : undefined;
  if (queries !== undefined) undo.push(() => queries.close());
  const shared = { point, policies, bundles, ...(writes === undefined ? {} : { writes }) };
  const api = await openApi(options, shared, queries);
  undo.push(() => api.api.close());
  const mcp = await openGateway(options, point);
  if (mcp !== undefined) undo.push(() => mcp.close());
  announce(dataDirectory, {
    pid: process.pid,
    api: api.url,
    ...(mcp === undefined ? {} : { mcp: mcp.url }),
  });
  undo.push(() => withdraw(dataDirectory));
  return {
    apiUrl: api.url,
    mcpUrl: mcp?.url,
    replacedPorts: [...api.replaced, ...(mcp?.replaced ?? [])],
    dataDirectory,
    point,
    role: store.role,
    repaired: describeRecovery(recovery),
  };
}

interface OpenApi {
  readonly api: HttpApi;
  readonly url: string;
  readonly replaced: Service['replacedPorts'];
}

async function openApi(
  options: ServiceOptions,
  { point, policies, bundles, writes }: Pick<LocalPoint, 'point' | 'policies' | 'bundles' | 'writes'>,
  queries: LogQueries | undefined,
): Promise<OpenApi> {
  const api = createHttpApi({
    service: point,
    ...(queries === undefined ? {} : { queries }),
    ...(writes === undefined ? {} : { writes }),
    version: ownVersion(),
    bundles,
    production: options.production ?? false,
    policies: () => {
      const set = policies.current();
      return set === undefined ? undefined : { engine: set.engine, bundles: set.bundles };
    },
    layers: () => liveLayers(policies, options.bundles, options.overrides),
    credentials: {
      operatorSha256: tokenDigest(await readOperatorToken(options.dataDirectory)),
      points: options.points ?? [],
    },
    development: options.development,
    ...(options.hosts === undefined ? {} : { hosts: options.hosts }),
    anonymous: { pointId: 'anonymous', mayAssert: {}, mode: options.mode ?? 'enforce' },
  });
  const { host, port, orFree } = options.api;
  let listening = await api.listen({ host, port });
  if (!listening.ok && listening.code === 'address_in_use' && orFree)
    listening = await api.listen({ host, port: 0 });
  if (!listening.ok) {
    await api.close();
    const status = listening.code === 'authentication_required' ? EXIT.config : EXIT.unavailable;
    const help =
      listening.code === 'address_in_use'
        ? 'name another port with --addr, or stop what listens there'
        : 'beyond loopback callers must authenticate: list points in writ.yaml';
    throw new CommandError(status, listening.message, help);
  }
  const replaced = port === 0 || listening.port === port ? [] : [{ wanted: port, taken: listening.port }];
  return { api, url: listening.url, replaced };
}

interface OpenGateway {
  readonly url: string;
  readonly replaced: Service['replacedPorts'];
  close(): Promise<void>;
}

async function openGateway(
  options: ServiceOptions,
  service: DecisionService,
): Promise<OpenGateway | undefined> {
  const { mcp } = options;
  if (mcp === undefined) return undefined;
  const point = service.as({ pointId: 'mcp-gateway', mayAssert: {}, mode: options.mode ?? 'enforce' });
  const kept = options.receiptsFile === undefined ? point : receiptsIn(options.receiptsFile, point);
  const gateway = createMcpGateway({
    point: options.wrapPoint?.(kept) ?? kept,
    upstreams: mcp.upstreams,
    authenticator: createAuthenticator({
      providers: [staticKeys(mcp.callers)],
      ...(mcp.anonymous === undefined ? {} : { anonymous: mcp.anonymous }),
    }),
    allowedHosts: [...LOOPBACK_NAMES, hostInUrl(mcp.host), ...(options.hosts ?? [])],
    pinsFile: join(options.dataDirectory, 'pins.json'),
    ...(mcp.refusals === undefined ? {} : { refusals: mcp.refusals }),
    ...(mcp.limits === undefined ? {} : { limits: mcp.limits }),
  });
  const server = serveGateway(gateway);
  try {
    const port = await listen(server, mcp);
    const replaced = mcp.port === 0 || port === mcp.port ? [] : [{ wanted: mcp.port, taken: port }];
    return {
      url: `http://${hostInUrl(mcp.host)}:${port}/mcp`,
      replaced,
      async close() {
        server.close();
        await gateway.close();
        await kept.close();
        server.closeAllConnections();
      },
    };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

function receiptsIn(file: string, point: DecisionPoint): DecisionPoint {
  try {
    return keepReceipts(point, file);
  } catch (cause) {
    throw new CommandError(
      EXIT.config,
      `receipts can't be kept: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function serveGateway(gateway: McpGateway): Server {
  return createServer((request, response) => {
    if (new URL(request.url ?? '/', 'http://gateway').pathname !== '/mcp') {
      response.writeHead(404, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end('{"code":"not_found","message":"the gateway is at /mcp"}');
      return;
    }
    gateway.handle(request, response).catch(() => response.destroy());
  });
}

function listen(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = (port: number): void => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' && address.orFree && port !== 0) attempt(0);
        else
          reject(
            new CommandError(
              EXIT.unavailable,
              `can't listen on ${address.host}:${port}: ${error.code ?? error.message}`,
              error.code === 'EADDRINUSE'
                ? 'name another port with --mcp-addr, or stop what listens there'
                : undefined,
            ),
          );
      });
      server.listen(port, address.host, () => {
        server.removeAllListeners('error');
        resolve((server.address() as AddressInfo).port);
      });
    };
    attempt(address.port);
  });
}

function describeRecovery(recovery: StoreRecovery | undefined): string | undefined {
  if (recovery?.unclean !== true) return undefined;
  return (
    `the last process did not close; nothing that it acknowledged was lost: ${recovery.framesRecovered} committed frames recovered, ` +
    `${recovery.framesIgnored} uncommitted ones left out, files ${recovery.check}, ${recovery.logSize} entries`
  );
}
