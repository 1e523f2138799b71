import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DecisionPoint } from '@writ/decision';
import { createMcpGateway, type GatewayTelemetry, type McpGateway, routeRequests } from '@writ/gateway';
import { createListener } from '@writ/identity';
import type { DecisionService } from '@writ/pdp';
import { keepReceipts } from '@writ/sdk';
import { CommandError, EXIT } from '../exit-status.ts';
import type { OpenIdentity } from './open-identity.ts';
import type { ListenAddress, Service, ServiceOptions } from './service-options.ts';

export interface OpenGateway {
  readonly url: string;
  readonly replaced: Service['replacedPorts'];
  /** Policies changed: clients whose lists did are told. */
  recheckLists(): void;
  /** Waits for calls under way, refuses those that still come, then ends everything. */
  close(): Promise<void>;
}

/** What the gateway decides with. */
export interface GatewayDecisions {
  readonly telemetry: GatewayTelemetry;
  readonly service: DecisionService;
  readonly hasPolicies: () => boolean;
  readonly changed: Service['changed'];
}

/** How long calls under way are waited for, ms. Orchestrators kill after 30 s as a rule. */
const DRAIN_MS = 10_000;
/** How long answers that are being written are waited for, ms. */
const FLUSH_MS = 1_000;

/** The MCP gateway on its port; undefined where no servers are configured. */
export async function openGateway(
  options: ServiceOptions,
  identity: OpenIdentity,
  { service, hasPolicies, telemetry, changed }: GatewayDecisions,
): Promise<OpenGateway | undefined> {
  const { mcp } = options;
  if (mcp === undefined) return undefined;
  const point = service.as({ pointId: 'mcp-gateway', mayAssert: {}, mode: options.mode ?? 'enforce' });
  const kept = options.receiptsFile === undefined ? point : receiptsIn(options.receiptsFile, point);
  const gateway = createMcpGateway({
    point: options.wrapPoint?.(kept) ?? kept,
    upstreams: mcp.upstreams,
    authenticator: identity.authenticator,
    telemetry,
    onChanged: changed,
    allowedHosts: [...LOOPBACK_NAMES, hostInUrl(mcp.host), ...identity.hosts, ...(options.hosts ?? [])],
    pinsFile: join(options.dataDirectory, 'pins.json'),
    refusals: {
      ...(identity.metadataUrl === undefined ? {} : { resourceMetadata: identity.metadataUrl }),
      ...mcp.refusals,
    },
    ...(mcp.limits === undefined ? {} : { limits: mcp.limits }),
  });
  const server = createListener({
    handle: routeRequests({
      handle: (request, response) => gateway.handle(request, response),
      notReady: () => notReady(gateway, hasPolicies),
      documents: identity.documents,
    }),
    ...(identity.tls === undefined ? {} : { tls: identity.tls }),
  });
  try {
    const port = await listen(server, mcp);
    const replaced = mcp.port === 0 || port === mcp.port ? [] : [{ wanted: mcp.port, taken: port }];
    return {
      url: `${identity.tls === undefined ? 'http' : 'https'}://${hostInUrl(mcp.host)}:${port}/mcp`,
      replaced,
      recheckLists: () => gateway.recheckLists(),
      async close() {
        // The port stays open meanwhile: probes see that nothing more is taken, and late calls are refused on record.
        await gateway.stop(options.drainMs ?? DRAIN_MS);
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        await gateway.close();
        await Promise.race([closed, later(FLUSH_MS)]);
        server.closeAllConnections();
        await kept.close();
      },
    };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

function notReady(gateway: McpGateway, hasPolicies: () => boolean): string | undefined {
  if (gateway.stopping) return 'the gateway is stopping';
  return hasPolicies() ? undefined : 'no policies are active';
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
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
