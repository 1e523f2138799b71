import type { JsonObject } from '@writ/decision';
import type { Outbound } from '@writ/outbound';
import type { JSONWebKeySet } from 'jose';
import type { IdentityProvider } from '../authenticator.ts';
import { presentedToken } from '../bearer.ts';
import type { ClaimMapping } from '../claims.ts';
import type { Credentials } from '../credentials.ts';
import { type Judged, refused, UNRECOGNISED } from '../refusals.ts';
import { peekClaims, TOKEN_ALGORITHMS, type TokenRules, verifyToken } from '../verify-token.ts';
import { bearerChallenge } from './challenge.ts';
import { discoverKeysUrl, fetchKeys } from './discover.ts';
import { checkDpop } from './dpop.ts';
import { createKeySet } from './key-set.ts';
import { createReplayMemory, type ReplayMemory } from './replay-memory.ts';
import { callerOfToken, scopesOf } from './token-caller.ts';

/** An issuer of access tokens that are signed JSON Web Tokens (OAuth 2, OpenID Connect, RFC 9068). */
export interface OAuthProviderOptions {
  readonly name: string;
  /** Exactly as it stands in `iss`, and in the issuer's metadata. */
  readonly issuer: string;
  /** URL of the gateway as clients know it: the audience (RFC 8707), and what DPoP proofs must be for. */
  readonly resource: string;
  /** Further accepted audiences, for issuers that do not know RFC 8707. */
  readonly audiences?: readonly string[];
  /** Default: every asymmetric one. */
  readonly algorithms?: readonly string[];
  /** Accepted `typ`. Default `at+jwt` and `JWT` (also none at all). */
  readonly types?: readonly string[];
  /** Header that carries the token, in place of `Authorization`: `txn-token`. Its tokens are no bearer's to show. */
  readonly header?: string;
  /** Tolerance between clocks, s. Default 30. */
  readonly clockSkewSeconds?: number;
  /** Scopes that every token must have. */
  readonly requiredScopes?: readonly string[];
  /** `required`: only tokens bound to a key (RFC 9449). Default `accepted`. */
  readonly dpop?: 'required' | 'accepted';
  readonly claims?: ClaimMapping;
  /** Keys in place of discovery. */
  readonly keys?: { readonly url: string } | { readonly load: () => Promise<JSONWebKeySet> };
  /** Fetches metadata and keys; the provider does not close it. */
  readonly outbound: Outbound;
  /** URL of the protected resource metadata (RFC 9728), for challenges. */
  readonly resourceMetadata?: string;
  /** Keys are fetched again from this age on, s. Default 300. */
  readonly keysRefreshSeconds?: number;
  /** Keys that could not be fetched again verify nothing from this age on, s. Default 3,600. */
  readonly keysAgeSecondsMax?: number;
  readonly now?: () => number;
}

const CLOCK_SKEW_SECONDS = 30;
const KEYS_REFRESH_SECONDS = 300;
const KEYS_AGE_SECONDS_MAX = 3_600;
const KEYS_COOLDOWN_MS = 5_000;

/** Bearer and DPoP tokens of one issuer. A token of another issuer, or no JSON Web Token, is left to other providers. */
export function oauthProvider(options: OAuthProviderOptions): IdentityProvider {
  const { name, outbound, issuer, now = Date.now } = options;
  const keySet = createKeySet({
    load: () => loadKeys(options.keys, outbound, issuer),
    refreshMs: (options.keysRefreshSeconds ?? KEYS_REFRESH_SECONDS) * 1000,
    ageMsMax: (options.keysAgeSecondsMax ?? KEYS_AGE_SECONDS_MAX) * 1000,
    cooldownMs: KEYS_COOLDOWN_MS,
    now,
  });
  const rules: Omit<TokenRules, 'nowMs'> = {
    algorithms: options.algorithms ?? TOKEN_ALGORITHMS,
    audiences: [options.resource, ...(options.audiences ?? [])],
    issuer,
    types: (options.types ?? ['at+jwt', 'jwt']).map((type) => type.toLowerCase()),
    requiredClaims: ['exp', 'iss', 'aud', 'sub'],
    clockSkewSeconds: options.clockSkewSeconds ?? CLOCK_SKEW_SECONDS,
  };
  const replay = createReplayMemory();

  return {
    name,
    ...(options.header === undefined ? {} : { headers: [options.header] }),
    async judge(credentials) {
      const presented = tokenOf(credentials, options.header);
      if (presented.kind === 'none') return UNRECOGNISED;
      if (presented.kind === 'malformed')
        return refused('credential_malformed', 'send one token in one header');
      const { token, scheme } = presented;
      if (peekClaims(token)?.['iss'] !== issuer) return UNRECOGNISED;
      const nowMs = now();
      const verified = await verifyToken(token, keySet.getKey, { ...rules, nowMs });
      if (!verified.ok) return refused(verified.code, verified.message);
      const { claims } = verified;
      const bound = await checkBinding(credentials, { claims, token, scheme, options, replay, nowMs });
      if (bound.kind === 'refused') return bound.judged;
      const held = scopesOf(claims);
      const lacking = (options.requiredScopes ?? []).filter((scope) => !held.includes(scope));
      if (lacking.length > 0)
        return refused('token_scope_missing', `the token lacks the scope ${lacking.join(' ')}`);
      const attested = bound.kind === 'bound';
      const named = callerOfToken(claims, { mapping: options.claims ?? {}, attested, provider: name });
      if (!named.ok) return { kind: 'refused', refusal: named.refusal };
      return { kind: 'caller', caller: named.caller };
    },
    ...(options.header === undefined ? { challenge: (refusal) => bearerChallenge(options, refusal) } : {}),
  };
}

function tokenOf(credentials: Credentials, header: string | undefined) {
  if (header === undefined) return presentedToken(credentials);
  const [token, ...others] = credentials.header(header);
  if (token === undefined) return { kind: 'none' } as const;
  return others.length > 0
    ? ({ kind: 'malformed' } as const)
    : ({ kind: 'token', scheme: 'bearer', token } as const);
}

function loadKeys(
  keys: OAuthProviderOptions['keys'],
  outbound: Outbound,
  issuer: string,
): Promise<JSONWebKeySet> {
  if (keys === undefined) return discoverKeysUrl(outbound, issuer).then((url) => fetchKeys(outbound, url));
  return 'url' in keys ? fetchKeys(outbound, keys.url) : keys.load();
}

interface Bound {
  readonly claims: JsonObject;
  readonly token: string;
  readonly scheme: 'bearer' | 'dpop';
  readonly options: OAuthProviderOptions;
  readonly replay: ReplayMemory;
  readonly nowMs: number;
}

type BindingResult =
  | { readonly kind: 'bound' }
  | { readonly kind: 'unbound' }
  | { readonly kind: 'refused'; readonly judged: Judged };

/**
 * Holds a token to the key that it is bound to (`cnf`): by DPoP (RFC 9449) or by the client's certificate (RFC 8705).
 * A bound token without its proof is a stolen one; a confirmation of another kind cannot be checked and refuses.
 */
async function checkBinding(credentials: Credentials, bound: Bound): Promise<BindingResult> {
  const { claims, token, scheme, options, replay, nowMs } = bound;
  const cnf = claims['cnf'];
  if (cnf === undefined) {
    if (options.dpop === 'required')
      return no('dpop_required', 'only tokens that are bound to a key are accepted');
    return scheme === 'dpop'
      ? no('token_binding_mismatch', 'the token is not bound to a key')
      : { kind: 'unbound' };
  }
  const members = typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf) ? (cnf as JsonObject) : {};
  const { jkt, 'x5t#S256': certificate, ...others } = members;
  if (Object.keys(others).length > 0 || (jkt === undefined) === (certificate === undefined))
    return no('token_binding_mismatch', 'the token is bound in a way that cannot be checked here');
  if (certificate !== undefined) {
    if (options.dpop === 'required')
      return no('dpop_required', 'only tokens that are bound by DPoP are accepted');
    return checkCertificate(credentials, certificate);
  }
  if (typeof jkt !== 'string') return no('token_binding_mismatch', 'the token is bound to no key');
  if (scheme !== 'dpop')
    return no('dpop_required', 'the token is bound to a key: send it as `Authorization: DPoP`');
  const fault = await checkDpop(credentials, {
    resource: options.resource,
    thumbprint: jkt,
    token,
    replay,
    clockSkewSeconds: options.clockSkewSeconds ?? CLOCK_SKEW_SECONDS,
    nowMs,
  });
  return fault === undefined ? { kind: 'bound' } : no(fault.code, fault.message);
}

function checkCertificate({ peer }: Credentials, expected: unknown): BindingResult {
  const shown =
    peer === undefined ? undefined : Buffer.from(peer.leaf.fingerprint256.replaceAll(':', ''), 'hex');
  return shown?.toString('base64url') === expected
    ? { kind: 'bound' }
    : no(
        'token_binding_mismatch',
        'the token is bound to another certificate than the one of this connection',
      );
}

function no(...refusal: Parameters<typeof refused>): BindingResult {
  return { kind: 'refused', judged: refused(...refusal) };
}
