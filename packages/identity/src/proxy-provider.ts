import { type DecisionRequest, readStrict, validateDecideCall } from '@writ/decision';
import type { IdentityProvider } from './authenticator.ts';
import type { Caller } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { refused, UNRECOGNISED } from './refusals.ts';
import type { SvidCheck } from './spiffe/x509-svid.ts';

/** Header in which a trusted proxy says who is asking: base64url of the JSON `{principal, actor, delegation?, session?}`. */
export const CALLER_HEADER = 'writ-caller';

/** A proxy that authenticates callers in the gateway's place, and says so over mutual TLS. */
export interface ProxyProviderOptions {
  readonly name: string;
  /** SPIFFE IDs of the proxies, exact or ending in `*`. */
  readonly proxies: readonly string[];
  /** Checks the certificate of a connection. */
  readonly checkPeer: (peer: NonNullable<Credentials['peer']>) => SvidCheck;
  /** What the proxies may say; absent: anything. */
  readonly mayAssert?: {
    readonly tenants?: readonly string[];
    readonly principals?: readonly string[];
    readonly actors?: readonly string[];
  };
}

/**
 * Callers whom a trusted proxy attests. The header counts only over a connection whose certificate is one of the listed
 * proxies'; from anyone else it is an attempt to be somebody, and refused.
 */
export function proxyProvider(options: ProxyProviderOptions): IdentityProvider {
  return {
    name: options.name,
    headers: [CALLER_HEADER],
    judge(credentials) {
      const [value, ...others] = credentials.header(CALLER_HEADER);
      if (value === undefined) return UNRECOGNISED;
      const { peer } = credentials;
      const check = peer === undefined ? undefined : options.checkPeer(peer);
      if (check === undefined || !check.ok || !matches(options.proxies, check.id.id))
        return refused(
          'headers_unattested',
          `\`${CALLER_HEADER}\` counts only from a listed proxy, over mutual TLS`,
        );
      const caller = others.length > 0 ? undefined : readCaller(value);
      if (caller === undefined)
        return refused('credential_malformed', `\`${CALLER_HEADER}\` holds no caller`);
      const proxy: Caller = { principal: { id: check.id.id }, actor: { id: check.id.id } };
      if (!mayAssert(caller, options.mayAssert ?? {}))
        return refused(
          'headers_unattested',
          'this proxy may not speak for that tenant, principal or actor',
          proxy,
        );
      return { kind: 'caller', caller };
    },
  };
}

function readCaller(value: string): Caller | undefined {
  if (!/^[A-Za-z0-9_-]{2,16384}$/.test(value)) return undefined;
  const read = readStrict(Buffer.from(value, 'base64url').toString('utf8'));
  if (!read.ok || typeof read.value !== 'object' || read.value === null) return undefined;
  const { session, ...parts } = read.value as Readonly<Record<string, unknown>>;
  if (Object.keys(parts).some((key) => !['principal', 'actor', 'delegation'].includes(key))) return undefined;
  if (session !== undefined && (typeof session !== 'string' || session === '')) return undefined;
  // The contract's own check of these parts, as they will be asked about.
  const checked = validateDecideCall({ request: { ...parts, action: { type: 'tool_call', phase: 'call' } } });
  if (!checked.ok) return undefined;
  const { principal, actor, delegation }: DecisionRequest = checked.value.request;
  // Capabilities are for the identity layer of policies to give.
  const { capabilities: _none, ...named } = actor;
  return {
    principal,
    actor: named,
    ...(delegation === undefined ? {} : { delegation }),
    ...(session === undefined ? {} : { session }),
  };
}

function mayAssert(
  { principal, actor }: Caller,
  { tenants, principals, actors }: NonNullable<ProxyProviderOptions['mayAssert']>,
): boolean {
  if (tenants !== undefined && (principal.tenant === undefined || !matches(tenants, principal.tenant)))
    return false;
  if (principals !== undefined && !matches(principals, principal.id)) return false;
  return actors === undefined || matches(actors, actor.id);
}

function matches(patterns: readonly string[], value: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value,
  );
}
