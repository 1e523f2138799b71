import { generateKeyPairSync } from 'node:crypto';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type KeyObject,
} from 'jose';
import type { Core } from './core.ts';
import type { OverrideKeyRequest } from './override-key-procedure.ts';

export const ISSUER = 'writ';
export const ALGORITHM = 'EdDSA';

type Key = CryptoKey | KeyObject | Uint8Array;

interface Keys {
  readonly sign: Key;
  readonly verify: Key;
  readonly open: JWK;
}

const keys = new WeakMap<Core['store'], Promise<Keys>>();

/** The key that override tokens and bindings of denials are signed with. */
export async function signingKey(core: Core): Promise<Key> {
  return (await keysOf(core)).sign;
}

export async function publicKey(core: Core): Promise<Key> {
  return (await keysOf(core)).verify;
}

/** The public key as others verify by it (RFC 7517). */
export async function keySet(core: Core): Promise<JSONWebKeySet> {
  return { keys: [(await keysOf(core)).open] };
}

/** The key is in the state, so that all replicas have the same: whoever can read it can write approvals anyway. */
function keysOf(core: Core): Promise<Keys> {
  const known = keys.get(core.store);
  if (known !== undefined) return known;
  const made = openKeys(core);
  keys.set(core.store, made);
  made.catch(() => keys.delete(core.store));
  return made;
}

async function openKeys(core: Core): Promise<Keys> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const candidate = JSON.stringify(await exportJWK(privateKey));
  const text = await core.store.call<OverrideKeyRequest, string>(
    'pdp.override-key',
    { candidate },
    { idempotent: true },
  );
  const jwk = JSON.parse(text) as JWK;
  const { d: _private, ...open } = jwk;
  const kid = await calculateJwkThumbprint(open);
  return {
    sign: await importJWK(jwk, ALGORITHM),
    verify: await importJWK(open, ALGORITHM),
    open: { ...open, kid, use: 'sig', alg: ALGORITHM },
  };
}
