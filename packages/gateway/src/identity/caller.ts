import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor, Principal } from '@writ/decision';

/** Who is asking, from verified credentials only; nothing that a message says about itself enters here. */
export interface Caller {
  readonly principal: Principal;
  readonly actor: Actor;
  readonly delegation?: readonly { readonly id: string; readonly kind?: string }[];
}

/** What a transport knows about its peer. */
export interface Credentials {
  /** The `Authorization` header as received. */
  readonly authorization?: string;
}

/** Gives the caller, or undefined where the credentials prove nobody. */
export type CallerResolver = (credentials: Credentials) => Caller | undefined;

export interface BearerCaller extends Caller {
  /** `sha256:<hex>` of the bearer token: the token itself is never stored. */
  readonly tokenHash: string;
}

/** Digest under which a bearer token is listed. */
export function hashToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

/**
 * Resolves callers by bearer token (RFC 6750 `Authorization: Bearer`). Every entry is compared, in constant time, so
 * that timing tells nothing about which tokens exist. `anonymous` is who a caller without any credential is: for
 * development on loopback only; a wrong token is never downgraded to it.
 */
export function bearerCallers(callers: readonly BearerCaller[], anonymous?: Caller): CallerResolver {
  return ({ authorization }) => {
    if (authorization === undefined) return anonymous;
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    const presented = Buffer.from(hashToken(token));
    let found: Caller | undefined;
    for (const { tokenHash, ...caller } of callers) {
      const listed = Buffer.from(tokenHash);
      if (listed.length === presented.length && timingSafeEqual(listed, presented)) found = caller;
    }
    return found;
  };
}
