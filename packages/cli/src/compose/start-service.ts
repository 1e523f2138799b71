import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { bearerCallers, createMcpGateway, type McpGateway } from '@writ/gateway';
import { LEDGER_PROCEDURES, openFileSigner, startCheckpointer } from '@writ/ledger';
import {
  createDecisionPoint,
  createHttpApi,
  createPolicySource,
  DECISION_PROCEDURES,
  type DecisionService,
  type HttpApi,
  loadPolicies,
  type PolicySet,
  type PolicySource,
  readOperatorToken,
  renderLoadFailure,
  tokenDigest,
  watchPolicies,
} from '@writ/pdp';
import { STATE_PROCEDURES, startSweeper } from '@writ/state';
import { openStore, type Store, StoreError } from '@writ/store';
import { CommandError, EXIT } from '../exit-status.ts';
import { announce, withdraw } from './service-file.ts';
import type { ListenAddress, Service, ServiceOptions } from './service-options.ts';

/** Undoes what was started, last first, so that a failure half-way leaves nothing running. */
type Undo = () => Promise<void> | void;

/**
 * Starts a decision point with its API and, where upstreams are configured, the MCP gateway. Policies must compile: a
 * service that starts without any would deny everything and look as if it worked.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const undo: Undo[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return await start(options, undo, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: ServiceOptions, undo: Undo[], close: () => Promise<void>): Promise<Service> {
  const { dataDirectory, events } = options;
  const store = await openData(dataDirectory);
  undo.push(() => store.close());
  const checkpointer = startCheckpointer({
    store,
    signer: openFileSigner(join(dataDirectory, 'credentials')),
    directory: dataDirectory,
    trust: options.trust ?? 'cooperative',
    onFault: (error) => events?.onFault?.('signing the record', error),
  });
  undo.push(() => checkpointer.close());
  const sweeper = startSweeper(store, {
    onFault: (error) => events?.onFault?.('clearing expired state', error),
  });
  undo.push(() => sweeper.close());
  undo.push(() => options.engine.close());
  const { policies, set } = await activate(options);
  undo.push(() => policies.close());
  const point = createPoint(options, store, policies);
  undo.push(() => point.close());
  await point.administration.recordActivation({ ok: true, bundles: namesOf(set) });
  if (options.watch) undo.push(watchBundles(options, policies, point));

  const api = await openApi(options, point, policies);
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
    repaired: describeRecovery(store),
    close,
  };
}

async function openData(directory: string): Promise<Store> {
  try {
    return await openStore({
      directory,
      procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES, ...STATE_PROCEDURES],
    });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new CommandError(
      EXIT.unavailable,
      `${error.code}: the data in ${directory} can't be opened: ${error.message}`,
    );
  }
}

async function activate(options: ServiceOptions): Promise<{ policies: PolicySource; set: PolicySet }> {
  const loaded = await loadPolicies(options.bundles, options.engine);
  if (!loaded.ok)
    throw new CommandError(EXIT.badInput, `the policies do not activate\n${renderLoadFailure(loaded)}`);
  for (const warning of loaded.warnings) options.events?.onFault?.(warning.message, undefined);
  return { policies: createPolicySource(loaded.set), set: loaded.set };
}

function createPoint(options: ServiceOptions, store: Store, policies: PolicySource): DecisionService {
  return createDecisionPoint({
    store,
    policies,
    trust: options.trust ?? 'cooperative',
    budgets: options.budgets ?? [],
    caller: { pointId: 'in-process', mayAssert: {}, mode: options.mode ?? 'enforce' },
    limits: {
      ...(options.decisionMs === undefined ? {} : { decisionMs: options.decisionMs }),
      ...(options.approvalMs === undefined ? {} : { approvalMs: options.approvalMs }),
    },
  });
}

function namesOf(set: PolicySet): { [name: string]: { revision: string; digest: string } } {
  return Object.fromEntries(set.bundles.map(({ name, revision, digest }) => [name, { revision, digest }]));
}

function watchBundles(options: ServiceOptions, policies: PolicySource, point: DecisionService): Undo {
  const { events } = options;
  const watch = watchPolicies(options.bundles, options.engine, policies, {
    onActivated: async (change, set) => {
      await point.administration.recordActivation({ ok: true, bundles: namesOf(set) });
      events?.onActivated?.(change);
    },
    onRefused: async (failure) => {
      const active = policies.current();
      const bundles = active === undefined ? {} : namesOf(active);
      await point.administration.recordActivation({
        ok: false,
        bundles,
        message: renderLoadFailure(failure),
      });
      events?.onRefused?.(failure);
    },
    onError: (error) => events?.onFault?.('watching the policies', error),
  });
  return () => watch.close();
}

interface OpenApi {
  readonly api: HttpApi;
  readonly url: string;
  readonly replaced: Service['replacedPorts'];
}

async function openApi(
  options: ServiceOptions,
  point: DecisionService,
  policies: PolicySource,
): Promise<OpenApi> {
  const api = createHttpApi({
    service: point,
    policies: () => {
      const set = policies.current();
      return set === undefined ? undefined : { engine: set.engine, bundles: set.bundles };
    },
    credentials: {
      operatorSha256: tokenDigest(await readOperatorToken(options.dataDirectory)),
      points: options.points ?? [],
    },
    development: options.development,
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
  const gateway = createMcpGateway({
    point: options.wrapPoint?.(point) ?? point,
    upstreams: mcp.upstreams,
    resolveCaller: bearerCallers(mcp.callers, mcp.anonymous),
    pinsFile: join(options.dataDirectory, 'pins.json'),
  });
  const server = serveGateway(gateway);
  try {
    const port = await listen(server, mcp);
    const replaced = mcp.port === 0 || port === mcp.port ? [] : [{ wanted: mcp.port, taken: port }];
    return {
      url: `http://${mcp.host.includes(':') ? `[${mcp.host}]` : mcp.host}:${port}/mcp`,
      replaced,
      async close() {
        server.close();
        await gateway.close();
        server.closeAllConnections();
      },
    };
  } catch (error) {
    await gateway.close();
    throw error;
  }
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

function describeRecovery(store: Store): string | undefined {
  const { recovery } = store;
  if (recovery?.unclean !== true) return undefined;
  return (
    `the last process did not close: ${recovery.framesRecovered} committed frames recovered, ` +
    `${recovery.framesIgnored} uncommitted ones left out, files ${recovery.check}, ${recovery.logSize} entries`
  );
}
