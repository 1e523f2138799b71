import { join } from 'node:path';
import { type LogQueries, openLogQueries } from '@writ/ledger';
import {
  createHttpApi,
  type Disagreement,
  type HttpApi,
  liveLayers,
  readOperatorToken,
  startAlerts,
  startChannels,
  tokenDigest,
} from '@writ/pdp';
import { LocalError, type LocalPoint, openLocal } from '@writ/sdk/local';
import type { StoreRecovery } from '@writ/store';
import { NO_LOG, NO_TRACER } from '@writ/telemetry';
import { CommandError, EXIT } from '../exit-status.ts';
import { changedLine } from '../output/changed-line.ts';
import { ownVersion } from '../own-version.ts';
import type { OpenChannels } from './open-channels.ts';
import { type OpenGateway, openGateway } from './open-gateway.ts';
import { type OpenIdentity, openIdentity } from './open-identity.ts';
import { type OpenTelemetry, openTelemetry } from './open-telemetry.ts';
import { quarantineAlerts } from './quarantine-alerts.ts';
import { announce, withdraw } from './service-file.ts';
import { loggedEvents, loggedService } from './service-log.ts';
import type { Service, ServiceEvents, ServiceOptions } from './service-options.ts';

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

async function start(given: ServiceOptions, undo: Undo[]): Promise<Omit<Service, 'close'>> {
  const telemetry = await openTelemetry(given.telemetry);
  undo.push(() => telemetry.close());
  const isLogged = telemetry.log !== NO_LOG;
  const options = isLogged ? { ...given, events: loggedEvents(given.events, telemetry.log) } : given;
  const { dataDirectory } = options;
  const identity = await openIdentity(options.identity, (message) =>
    options.events?.onFault?.('identity', message),
  );
  undo.push(() => identity.close());
  const approvers = (options.approvers ?? []).map(({ approver }) => approver);
  tellDisagreements(options);
  const asking = options.channels?.();
  if (asking !== undefined) undo.push(() => asking.close());
  const channels = (asking?.senders ?? []).map(({ name }) => name);
  let mcp: OpenGateway | undefined;
  const onActivated: NonNullable<ServiceEvents['onActivated']> = (change) => {
    options.events?.onActivated?.(change);
    mcp?.recheckLists();
  };
  const local = await openLocal({ ...options, ...options.events, onActivated, approvers, channels });
  undo.push(() => local.close());
  const { policies, bundles, store, recovery, writes } = local;
  const point = isLogged ? loggedService(local.point, telemetry) : local.point;
  // The owner of the files keeps the index; a client's queries go through the owner's API. On PostgreSQL each node has one.
  const queries =
    store.role === 'owner' || options.store !== undefined
      ? openLogQueries(
          options.store === undefined ? dataDirectory : join(dataDirectory, 'record-copy/service'),
          {
            onFault: (message) => options.events?.onFault?.('indexing the record', message),
            ...(options.store === undefined ? {} : { postgres: options.store }),
          },
        )
      : undefined;
  if (queries !== undefined) undo.push(() => queries.close());
  const shared = { point, policies, bundles, ...(writes === undefined ? {} : { writes }) };
  const api = await openApi(
    options,
    { identity, ...(asking === undefined ? {} : { asking }), ...(queries === undefined ? {} : { queries }) },
    { ...shared, telemetry },
  );
  undo.push(() => api.api.close());
  if (channels.length > 0 || approvers.length > 0) undo.push(tellChannels(options, point, asking));
  const changed = tellQuarantine(options, asking, undo);
  mcp = await openGateway(options, identity, {
    telemetry,
    service: point,
    hasPolicies: () => policies.current() !== undefined,
    changed,
  });
  const gateway = mcp;
  if (gateway !== undefined) undo.push(() => gateway.close());
  const announceAgain = (): void =>
    announce(dataDirectory, {
      pid: process.pid,
      api: api.url,
      ...(mcp === undefined ? {} : { mcp: mcp.url }),
      ...(identity.tls === undefined ? {} : { certificate: identity.tls.keyPair.current().cert }),
    });
  announceAgain();
  identity.tls?.keyPair.onChange(announceAgain);
  undo.push(() => withdraw(dataDirectory));
  return {
    apiUrl: api.url,
    mcpUrl: mcp?.url,
    replacedPorts: [...api.replaced, ...(mcp?.replaced ?? [])],
    dataDirectory,
    point,
    changed,
    role: store.role,
    repaired: describeRecovery(recovery),
  };
}

/** Tells of definitions that are quarantined: those who watch the process, and the channels. */
function tellQuarantine(
  options: ServiceOptions,
  asking: OpenChannels | undefined,
  undo: Undo[],
): Service['changed'] {
  const alerts = startAlerts({
    senders: asking?.senders ?? [],
    onFault: (what, error) => options.events?.onFault?.(what, error),
  });
  undo.push(() => alerts.close());
  const quarantine = quarantineAlerts((alert) => alerts.tell(alert));
  undo.push(() => quarantine.close());
  return (definition) => {
    options.events?.onFault?.(changedLine(definition), undefined);
    quarantine.changed(definition);
  };
}

/** Kinds of disagreement that are told; the record has every single one. */
const DISAGREEMENTS_TOLD_MAX = 1_000;

/** Each kind once: a rule that two engines read differently comes up with every call. */
function tellDisagreements({ disagreements, events }: ServiceOptions): void {
  const told = new Set<string>();
  disagreements?.on('disagreement', ({ bundle, path, engines, answers }: Disagreement) => {
    const message = `bundle \`${bundle}\`: ${engines[0]} and ${engines[1]} differ about data.${path.replaceAll('/', '.')} (${answers.join(', ')}): denied`;
    if (told.has(message) || told.size >= DISAGREEMENTS_TOLD_MAX) return;
    told.add(message);
    events?.onFault?.('crosscheck', message);
  });
}

/** Tells channels from the outbox, and looks after what waits: reminders, escalations, ends. */
function tellChannels(
  options: ServiceOptions,
  point: Service['point'],
  asking: OpenChannels | undefined,
): Undo {
  const { pageUrl, senders = [] } = asking ?? {};
  const running = startChannels({
    desk: point.administration.channels,
    senders,
    ...(pageUrl === undefined ? {} : { pageUrl }),
    onFault: (what, error) => options.events?.onFault?.(what, error),
  });
  return () => running.close();
}

function pageHost(pageUrl: string | undefined): readonly string[] {
  return pageUrl === undefined ? [] : [new URL(pageUrl).hostname];
}

interface OpenApi {
  readonly api: HttpApi;
  readonly url: string;
  readonly replaced: Service['replacedPorts'];
}

/** What was opened before the API. */
interface OpenedBefore {
  readonly identity: OpenIdentity;
  readonly asking?: OpenChannels;
  readonly queries?: LogQueries;
}

async function openApi(
  options: ServiceOptions,
  { identity: { tls }, asking, queries }: OpenedBefore,
  {
    point,
    policies,
    bundles,
    telemetry: { meters, tracer },
    writes,
  }: Pick<LocalPoint, 'point' | 'policies' | 'bundles' | 'writes'> & { readonly telemetry: OpenTelemetry },
): Promise<OpenApi> {
  const api = createHttpApi({
    service: point,
    ...(queries === undefined ? {} : { queries }),
    ...(writes === undefined ? {} : { writes }),
    version: ownVersion(),
    meters: () => meters.text(),
    ...(tracer === NO_TRACER ? {} : { tracer }),
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
      approvers: (options.approvers ?? []).flatMap(({ approver, tokenSha256 }) =>
        tokenSha256 === undefined ? [] : [{ approver: { ...approver, channel: 'api' }, tokenSha256 }],
      ),
    },
    development: options.development,
    ...(asking?.slack === undefined ? {} : { slack: asking.slack }),
    ...(asking?.pageUrl === undefined ? {} : { pageUrl: asking.pageUrl }),
    ...(asking === undefined ? {} : { callbacks: asking.callbacks }),
    hosts: [...(options.hosts ?? []), ...pageHost(asking?.pageUrl)],
    ...(tls === undefined ? {} : { tls }),
    authorization: options.authorization ?? false,
    ...(options.load === undefined ? {} : { load: options.load }),
    ...(options.bodyBytesMax === undefined ? {} : { bodyBytesMax: options.bodyBytesMax }),
    ...(options.drainMs === undefined ? {} : { drainMs: options.drainMs }),
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
  try {
    for (const socket of options.sockets ?? []) await api.listenOnSocket(socket);
  } catch (error) {
    await api.close();
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      EXIT.unavailable,
      `can't listen on a socket: ${message}`,
      'see `listen` in writ.yaml',
    );
  }
  const replaced = port === 0 || listening.port === port ? [] : [{ wanted: port, taken: listening.port }];
  return { api, url: listening.url, replaced };
}

function describeRecovery(recovery: StoreRecovery | undefined): string | undefined {
  if (recovery?.unclean !== true) return undefined;
  return (
    `the last process did not close; nothing that it acknowledged was lost: ${recovery.framesRecovered} committed frames recovered, ` +
    `${recovery.framesIgnored} uncommitted ones left out, files ${recovery.check}, ${recovery.logSize} entries`
  );
}
