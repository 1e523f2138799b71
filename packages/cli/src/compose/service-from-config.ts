import { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import type { ReleaseRequirement } from '@writ/bundle';
import { GATEWAY_LIMITS, type RefusalOptions, UPSTREAM_LIMITS, type UpstreamConfig } from '@writ/gateway';
import {
  type CheckpointSigner,
  commandSigner,
  LedgerError,
  parseWitnessKey,
  type Witness,
} from '@writ/ledger';
import type { OverrideTerms } from '@writ/pdp';
import type { Config } from '../config/config.ts';
import { limitsOf } from '../config/limits-config.ts';
import type { LoadedConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { bundleSources } from './bundle-sources.ts';
import { callerOf, defined } from './caller-of.ts';
import type { ConfiguredApprover } from './configured-approver.ts';
import { isLoopback } from './loopback.ts';
import { openChannels } from './open-channels.ts';
import { openEngines } from './open-engines.ts';
import type { IdentityOptions } from './open-identity.ts';
import { readText } from './read-text.ts';
import type { ListenAddress, ServiceOptions } from './service-options.ts';

/** What the command line says beside the configuration; goes before it. */
export interface ServiceOverrides {
  readonly bundle?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly addr?: string;
  readonly mcpAddr?: string;
  readonly data?: string;
  readonly engine?: string;
}

const DEFAULT_API = '127.0.0.1:8181';
const DEFAULT_MCP = '127.0.0.1:8182';

/** A service's options from `writ.yaml` and the command line. */
export function serviceFromConfig(loaded: LoadedConfig, overrides: ServiceOverrides): ServiceOptions {
  const { config, folder } = loaded;
  const upstreams = upstreamsOf({ config, folder });
  const disagreements = new EventEmitter();
  const policyWrites = config.api?.policy_writes ?? false;
  if (policyWrites && config.production === true)
    throw new CommandError(
      EXIT.config,
      '`api.policy_writes` lets policies be changed without review or signature, which production refuses',
      'take it out of writ.yaml, and publish signed bundles',
    );
  // An address that somebody named is where clients will go: on another port, whoever holds this one would answer them.
  const api = parseAddress(
    overrides.addr ?? config.listen?.api ?? DEFAULT_API,
    overrides.addr === undefined && config.listen?.api === undefined,
  );
  // Without points nothing listens there at all, which the API says itself.
  if ((config.points ?? []).length > 0) requireTls('the decision API', api, config);
  const dataDirectory = resolve(overrides.data ?? resolve(folder, config.data_dir ?? '.writ'));
  return {
    dataDirectory,
    ...(config.store === undefined ? {} : { store: config.store }),
    bundles: bundleSources({
      bundles: config.bundles,
      folder,
      dataDirectory,
      production: config.production ?? false,
      writable: policyWrites,
      ...(overrides.bundle === undefined ? {} : { paths: overrides.bundle }),
      ...(overrides.entrypoint === undefined ? {} : { entrypoints: overrides.entrypoint }),
    }),
    ...(policyWrites ? { policyWrites } : {}),
    ...apiOptions(config, folder),
    engine: openEngines(config, overrides.engine, (found) => disagreements.emit('disagreement', found)),
    disagreements,
    production: config.production ?? false,
    ...(config.release === undefined ? {} : { releases: [releaseOf(config, config.release)] }),
    api,
    identity: identityOptions(loaded),
    ...(config.telemetry === undefined ? {} : { telemetry: config.telemetry }),
    ...(config.listen?.drain_seconds === undefined ? {} : { drainMs: config.listen.drain_seconds * 1000 }),
    ...(upstreams.length === 0 ? {} : { mcp: gatewayOptions(config, overrides, upstreams) }),
    ...(config.listen?.hosts === undefined ? {} : { hosts: config.listen.hosts }),
    points: (config.points ?? []).map(({ id, token_hash, mode, ...claims }) => ({
      tokenSha256: token_hash.slice('sha256:'.length),
      caller: { pointId: id, mode: mode ?? 'enforce', mayAssert: defined(claims) },
    })),
    budgets: (config.budgets ?? []).map(defined),
    ...(config.overrides === undefined ? {} : { overrides: overrideTerms(config.overrides) }),
    // Whoever lists enforcement points means them to authenticate.
    development: config.points === undefined && config.production !== true,
    ...(config.mode === undefined ? {} : { mode: config.mode }),
    ...(config.receipts === undefined ? {} : { receiptsFile: resolve(folder, config.receipts) }),
    ...(config.signing === undefined ? {} : { signer: signerOf(config.signing, folder) }),
    ...(config.witnesses === undefined ? {} : { witnesses: config.witnesses.map(witnessOf) }),
    ...(config.record?.mask === undefined ? {} : { maskedPaths: config.record.mask }),
    ...(config.trust === undefined ? {} : { trust: config.trust }),
    ...(config.evaluation_timeout_ms === undefined ? {} : { decisionMs: config.evaluation_timeout_ms }),
    ...(config.approval_ttl_seconds === undefined ? {} : { approvalMs: config.approval_ttl_seconds * 1000 }),
    ...(config.step_up_ttl_seconds === undefined ? {} : { stepUpMs: config.step_up_ttl_seconds * 1000 }),
    ...(config.override_ttl_seconds === undefined ? {} : { overrideMs: config.override_ttl_seconds * 1000 }),
    ...(config.approvers === undefined ? {} : { approvers: config.approvers.map(approverOf) }),
    ...(config.channels === undefined
      ? {}
      : { channels: channelsOf(config.channels, folder, (config.approvers ?? []).map(approverOf)) }),
    watch: config.production !== true,
  };
}

function channelsOf(...given: Parameters<typeof openChannels>): NonNullable<ServiceOptions['channels']> {
  return () => openChannels(...given);
}

function approverOf({
  id,
  token_hash,
  slack,
  groups = [],
  ...limits
}: NonNullable<Config['approvers']>[number]): ConfiguredApprover {
  return {
    approver: { id, groups, ...defined(limits) },
    ...(token_hash === undefined ? {} : { tokenSha256: token_hash.slice('sha256:'.length) }),
    ...(slack === undefined ? {} : { slack }),
  };
}

/** How the decision API is guarded beside its credentials. */
function apiOptions({ listen, api }: Config, folder: string): Partial<ServiceOptions> {
  const { socket, operator_socket: own } = listen ?? {};
  const sockets = [
    ...(socket === undefined ? [] : [{ path: resolve(folder, socket), mode: 0o660, operator: false }]),
    ...(own === undefined ? [] : [{ path: resolve(folder, own), mode: 0o600, operator: true }]),
  ];
  const { authorization, requests_in_flight, requests_per_second, body_bytes } = api ?? {};
  return {
    ...(sockets.length === 0 ? {} : { sockets }),
    ...(authorization === 'basic' ? { authorization: true } : {}),
    load: {
      ...(requests_in_flight === undefined ? {} : { inFlightMax: requests_in_flight }),
      ...(requests_per_second === undefined ? {} : { perCallerPerSecond: requests_per_second }),
    },
    ...(body_bytes === undefined ? {} : { bodyBytesMax: body_bytes }),
  };
}

/** A release that names a bundle which is not configured could never be whole. */
function releaseOf({ bundles = [] }: Config, release: NonNullable<Config['release']>): ReleaseRequirement {
  const known = bundles.map(({ name }) => name);
  const unknown = release.bundles.find((name) => !known.includes(name));
  if (unknown === undefined) return release;
  throw new CommandError(
    EXIT.config,
    `release \`${release.name}\` names bundle \`${unknown}\`, and \`bundles\` has none of that name`,
    `known are ${known.join(', ')}`,
  );
}

function overrideTerms(written: NonNullable<Config['overrides']>): OverrideTerms {
  const { max, warn_after_days: warnAfterDays, warn_before_days: warnBeforeDays } = written;
  return defined({ max, warnAfterDays, warnBeforeDays });
}

/** The gateway's part. Beyond loopback everybody must say who they are: a Host header proves nothing there. */
function gatewayOptions(
  config: Config,
  overrides: ServiceOverrides,
  upstreams: readonly UpstreamConfig[],
): NonNullable<ServiceOptions['mcp']> {
  const address = parseAddress(
    overrides.mcpAddr ?? config.listen?.mcp ?? DEFAULT_MCP,
    overrides.mcpAddr === undefined && config.listen?.mcp === undefined,
  );
  const known = (config.callers ?? []).length + (config.identity ?? []).length;
  if (!isLoopback(address.host) && (config.anonymous !== undefined || known === 0)) {
    const mend = 'say under `identity` in writ.yaml who may come (`writ identity key` makes a key)';
    throw new CommandError(
      EXIT.config,
      `the gateway can't listen on ${address.host}: beyond loopback every caller must authenticate`,
      config.anonymous === undefined ? mend : `take \`anonymous\` out of writ.yaml, and ${mend}`,
    );
  }
  requireTls('the gateway', address, config);
  return {
    ...address,
    upstreams,
    ...(config.refusals === undefined ? {} : { refusals: refusalsOf(config.refusals) }),
    ...(config.gateway?.limits === undefined
      ? {}
      : { limits: limitsOf(GATEWAY_LIMITS, config.gateway.limits) }),
  };
}

function refusalsOf({ deny, step_up, resource_metadata }: NonNullable<Config['refusals']>): RefusalOptions {
  return {
    ...(deny === undefined ? {} : { deny: typeof deny === 'string' ? deny : defined(deny) }),
    ...(step_up === undefined ? {} : { stepUp: step_up }),
    ...(resource_metadata === undefined ? {} : { resourceMetadata: resource_metadata }),
  };
}

/** What goes in the clear beyond this machine can be read and altered by whoever stands between: that must be meant. */
function requireTls(what: string, { host }: ListenAddress, { listen }: Config): void {
  if (isLoopback(host) || listen?.tls !== undefined) return;
  throw new CommandError(
    EXIT.config,
    `${what} can't listen on ${host}: beyond loopback its port must be encrypted`,
    'name a certificate under `listen.tls` in writ.yaml, or write `tls: { elsewhere: true }` where a proxy in front ends TLS',
  );
}

function identityOptions({ config, folder }: LoadedConfig): IdentityOptions {
  return {
    folder,
    providers: config.identity ?? [],
    keys: (config.callers ?? []).map(({ token_hash, ...caller }) => ({
      tokenHash: token_hash,
      ...callerOf(caller),
    })),
    ...(config.anonymous === undefined ? {} : { anonymous: callerOf(config.anonymous) }),
    ...(config.listen?.tls === undefined ? {} : { tls: config.listen.tls }),
  };
}

/** `HOST:PORT`, with or without brackets round an IPv6 address. */
export function parseAddress(text: string, orFree: boolean): ListenAddress {
  const found = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535)
    throw new CommandError(
      EXIT.usage,
      `\`${text}\` is no HOST:PORT`,
      'such as 127.0.0.1:8181, or :0 for a free port',
    );
  return { host: found[1] ?? (found[2] === '' ? '127.0.0.1' : found[2]!), port, orFree };
}

function signerOf({ command, key }: NonNullable<Config['signing']>, folder: string): CheckpointSigner {
  const [program = '', ...args] = command;
  try {
    return commandSigner({ command: [program, ...args], verifierKey: readText(resolve(folder, key)).trim() });
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw new CommandError(EXIT.config, cause.message);
  }
}

function witnessOf({ url, key }: NonNullable<Config['witnesses']>[number]): Witness {
  const read = parseWitnessKey(key);
  if (read === undefined)
    throw new CommandError(
      EXIT.config,
      `\`${key}\` is no public key of a witness`,
      'such as name+id+base64, of type 4',
    );
  return { url, key: read };
}

/** The MCP servers of a configuration. */
export function upstreamsOf({ config, folder }: Pick<LoadedConfig, 'config' | 'folder'>): UpstreamConfig[] {
  return Object.entries(config.upstreams ?? {}).map(([id, upstream]) => upstreamOf(id, upstream, folder));
}

function upstreamOf(
  id: string,
  upstream: NonNullable<Config['upstreams']>[string],
  folder: string,
): UpstreamConfig {
  const { limits: configured, ...own } = upstream;
  const limits = configured === undefined ? {} : { limits: limitsOf(UPSTREAM_LIMITS, configured) };
  if ('url' in own) return { id, ...defined(own), ...limits };
  const { cwd, ...rest } = own;
  return { id, ...defined(rest), ...limits, cwd: resolve(folder, cwd ?? '.') };
}
