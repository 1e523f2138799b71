import { type IdentityProvider, oauthProvider, resourceMetadataUrl, staticKeys } from '@writ/identity';
import { createOutbound } from '@writ/outbound';
import type { IdentityConfig } from '../config/identity-config.ts';
import { callerOf, defined } from './caller-of.ts';
import type { TrustSources } from './trust-sources.ts';

/** What providers are opened with. */
export interface ProviderContext {
  readonly sources: TrustSources;
  readonly readFile: (file: string) => string;
  /** What closes the provider's own connections. */
  readonly undo: (() => Promise<void> | void)[];
}

/** One entry of `identity`, opened. Rejects where it names what cannot be read, or cannot be meant. */
export async function openProvider(
  config: IdentityConfig,
  context: ProviderContext,
): Promise<IdentityProvider> {
  const { name, oauth, spiffe, keys, proxy } = config;
  if (oauth !== undefined) return openOAuth(name, oauth, context);
  if (spiffe !== undefined) return openSpiffe(name, spiffe, context);
  if (proxy !== undefined) return openProxy(name, proxy, context);
  return staticKeys(
    (keys ?? []).map(({ token_hash, expires, ...caller }) => ({
      tokenHash: token_hash,
      ...callerOf(caller),
      ...(expires === undefined ? {} : { expiresMs: Date.parse(expires) }),
    })),
    { name },
  );
}

function openOAuth(
  name: string,
  oauth: NonNullable<IdentityConfig['oauth']>,
  { readFile, undo }: ProviderContext,
): IdentityProvider {
  const outbound = createOutbound({
    allowLoopback: oauth.allow?.includes('loopback') ?? false,
    allowPrivate: oauth.allow?.includes('private') ?? false,
    ...(oauth.ca_file === undefined ? {} : { ca: readFile(oauth.ca_file) }),
  });
  undo.push(() => outbound.close());
  return oauthProvider({
    name,
    issuer: oauth.issuer,
    resource: oauth.resource,
    outbound,
    resourceMetadata: resourceMetadataUrl(oauth.resource),
    ...defined({
      audiences: oauth.audiences,
      algorithms: oauth.algorithms,
      types: oauth.types,
      header: oauth.header,
      clockSkewSeconds: oauth.clock_skew_seconds,
      requiredScopes: oauth.required_scopes,
      dpop: oauth.dpop,
      claims: oauth.claims === undefined ? undefined : defined(oauth.claims),
      keys: oauth.keys_url === undefined ? undefined : { url: oauth.keys_url },
      keysRefreshSeconds: oauth.keys_refresh_seconds,
      keysAgeSecondsMax: oauth.keys_age_seconds_max,
    }),
  });
}

async function openSpiffe(
  name: string,
  spiffe: NonNullable<IdentityConfig['spiffe']>,
  { sources }: ProviderContext,
): Promise<IdentityProvider> {
  const { idPatternFault, spiffeProvider } = await import('@writ/identity/spiffe');
  for (const { path } of spiffe.ids ?? []) {
    const fault = idPatternFault(path);
    if (fault !== undefined) throw new Error(`path \`${path}\` of \`ids\`: ${fault}`);
  }
  return spiffeProvider({
    name,
    bundles: await sources.bundles(spiffe),
    ...defined({
      audiences: spiffe.audiences,
      ids: spiffe.ids?.map(({ trust_domain, path, tenant }) => ({
        path,
        ...defined({ trustDomain: trust_domain, tenant }),
      })),
      clockSkewSeconds: spiffe.clock_skew_seconds,
    }),
  });
}

async function openProxy(
  name: string,
  proxy: NonNullable<IdentityConfig['proxy']>,
  { sources }: ProviderContext,
): Promise<IdentityProvider> {
  const { peerChecker, proxyProvider } = await import('@writ/identity/spiffe');
  return proxyProvider({
    name,
    proxies: proxy.proxies,
    checkPeer: peerChecker(await sources.bundles(proxy), Date.now),
    ...(proxy.may_assert === undefined ? {} : { mayAssert: defined(proxy.may_assert) }),
  });
}
