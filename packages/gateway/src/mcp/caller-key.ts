import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '@writ/decision';
import type { Caller } from '@writ/identity';

/**
 * Digest of who a caller is: on whose authority, as which agent, by which delegation. Scopes and groups may change with
 * the next token and do not count.
 */
export function callerKey(caller: Caller): string {
  const known = keys.get(caller);
  if (known !== undefined) return known;
  const key = digestOf(caller);
  keys.set(caller, key);
  return key;
}

/** A caller's object is never changed, and serves for all requests with one credential. */
const keys = new WeakMap<Caller, string>();

function digestOf({ principal, actor, delegation }: Caller): string {
  const { id, kind, tenant } = principal;
  const who = {
    id,
    kind: kind ?? null,
    tenant: tenant ?? null,
    actor: actor.id,
    delegation: delegation ?? [],
  };
  return createHash('sha256')
    .update(canonicalJson(who as unknown as Json))
    .digest('base64url');
}
