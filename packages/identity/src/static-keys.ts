import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IdentityProvider } from './authenticator.ts';
import { presentedToken } from './bearer.ts';
import type { Caller } from './caller.ts';
import { refused, UNRECOGNISED } from './refusals.ts';

/** Prefix of keys that Writ makes: secret scanners find them by it. */
export const KEY_PREFIX = 'writ_';

/** A static key as configured: only its digest. */
export interface StaticKey extends Caller {
  /** `sha256:<hex>` of the key. */
  readonly tokenHash: string;
  /** From then on the key is refused, ms since 1970. */
  readonly expiresMs?: number;
}

/**
 * Digest under which a key is listed. SHA-256 and no slow hash: keys are 256 random bits, which nobody can guess
 * however fast, and a hash that takes a tenth of a second would let anyone stop the gateway with wrong keys.
 */
export function hashToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

/** A new key of 256 random bits. */
export function createKey(): string {
  return `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
}

/**
 * Callers by static bearer keys (RFC 6750). Every entry is compared, in constant time, so that timing tells nothing
 * about which keys exist. An unknown token that has the form of a key is refused here; others are left to other
 * providers.
 */
export function staticKeys(
  keys: readonly StaticKey[],
  { name = 'keys', now = Date.now }: { readonly name?: string; readonly now?: () => number } = {},
): IdentityProvider {
  return {
    name,
    judge(credentials) {
      const presented = presentedToken(credentials);
      if (presented.kind === 'none') return UNRECOGNISED;
      if (presented.kind === 'malformed')
        return refused('credential_malformed', 'send one header `Authorization: Bearer TOKEN`');
      const found = findKey(keys, presented.token);
      if (found === undefined) {
        return presented.token.startsWith(KEY_PREFIX)
          ? refused(
              'key_unknown',
              'this key is not listed: `writ identity key` makes one and says where it goes',
            )
          : UNRECOGNISED;
      }
      const { tokenHash: _hash, expiresMs, ...caller } = found;
      if (expiresMs !== undefined && now() >= expiresMs)
        return refused('key_expired', 'this key expired: `writ identity key` makes another');
      return { kind: 'caller', caller };
    },
    challenge: (refusal) => (refusal === undefined ? 'Bearer' : 'Bearer error="invalid_token"'),
  };
}

function findKey(keys: readonly StaticKey[], token: string): StaticKey | undefined {
  const presented = Buffer.from(hashToken(token));
  let found: StaticKey | undefined;
  for (const key of keys) {
    const listed = Buffer.from(key.tokenHash);
    if (listed.length === presented.length && timingSafeEqual(listed, presented)) found = key;
  }
  return found;
}
