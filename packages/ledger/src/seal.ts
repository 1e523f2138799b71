import { hash, randomBytes } from 'node:crypto';
import { canonicalJson, type Json } from '@writ/decision';
import { isPersonalField, type PersonalField, type PersonalFields } from './entry.ts';

/** One personal field, committed to. JSON, so that it can travel to the store's worker. */
export interface SealedField {
  readonly name: PersonalField;
  /** SHA-256 over salt and canonical value, base64url. Goes into the leaf. */
  readonly commitment: string;
  /** `["<salt>",<canonical value>]`. Goes into the detail. */
  readonly text: string;
}
export type Sealed = readonly SealedField[];

/** Gives the salt of a field: 22 characters of base64url (128 bits), never the same for two entries. */
export type SaltSource = (field: PersonalField) => string;

const SALT_BYTES = 16;
const POOL_BYTES = SALT_BYTES * 256;
export const SALT_PATTERN = /^[A-Za-z0-9_-]{22}$/;

/** Fresh salts from the system's generator, read in blocks: one call to it costs more than the hash. */
export function randomSalts(): SaltSource {
  let pool = Buffer.alloc(0);
  let offset = 0;
  return () => {
    if (offset >= pool.byteLength) {
      pool = randomBytes(POOL_BYTES);
      offset = 0;
    }
    offset += SALT_BYTES;
    return pool.toString('base64url', offset - SALT_BYTES, offset);
  };
}

/**
 * Salts derived from `seed` (32 random bytes as text, used for one entry and then forgotten), for what is only known
 * inside a procedure, which must be pure.
 */
export function derivedSalts(seed: string): SaltSource {
  return (field) =>
    hash('sha256', `writ/salt\n${seed}\n${field}`, 'buffer').toString('base64url', 0, SALT_BYTES);
}

/**
 * Commits to each field that is present. Costs one hash a field, so what is known before the transaction is sealed
 * before it. Throws a `TypeError` for a value that is not JSON.
 */
export function sealFields(fields: PersonalFields, saltOf: SaltSource): Sealed {
  const sealed: SealedField[] = [];
  for (const name of Object.keys(fields)) {
    if (!isPersonalField(name)) continue;
    const value = fields[name];
    if (value === undefined) continue;
    const salt = saltOf(name);
    const text = canonicalJson(value);
    sealed.push({ name, commitment: commitmentOf(salt, text), text: `["${salt}",${text}]` });
  }
  return sealed;
}

/** SHA-256 of the salt's text followed by the RFC 8785 text of the value, base64url. */
export function commitmentOf(salt: string, canonicalValue: string): string {
  return hash('sha256', salt + canonicalValue, 'base64url');
}

/** Whether `value` with `salt` is what was committed to. */
export function opensCommitment(commitment: string, salt: string, value: Json): boolean {
  return commitmentOf(salt, canonicalJson(value)) === commitment;
}
