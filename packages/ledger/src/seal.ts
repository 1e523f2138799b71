import { hash, randomBytes } from 'node:crypto';
import { canonicalJson, type Json } from '@writ/decision';
import { isPersonalField, type PersonalFields } from './entry.ts';
import { FIELD_GROUPS, type GroupKey } from './field-groups.ts';

/** Personal fields of one group, committed to together. JSON, so that it can travel to the store's worker. */
export interface SealedGroup {
  /** Names of the fields, in order, joined by commas. */
  readonly key: GroupKey;
  /** SHA-256 over salt and the canonical text of an object of the fields, base64url. Goes into the leaf. */
  readonly commitment: string;
  /** `["<salt>",{<the fields>}]`. Goes into the detail. */
  readonly text: string;
}
export type Sealed = readonly SealedGroup[];

/** Gives the salt of a group: 22 characters of base64url (128 bits), never the same for two entries. */
export type SaltSource = (key: GroupKey) => string;

const SALT_BYTES = 16;
/** Characters of a salt: 132 random bits where they are drawn, 128 where they are derived. */
const SALT_LENGTH = 22;
/** A block gives whole salts, and has no padding. */
const POOL_BYTES = 33 * 128;
export const SALT_PATTERN = /^[A-Za-z0-9_-]{22}$/;

/** Fresh salts from the system's generator, drawn and written in blocks: one call to it costs more than the hash. */
export function randomSalts(): SaltSource {
  let pool = '';
  let offset = 0;
  return () => {
    if (offset >= pool.length) {
      pool = randomBytes(POOL_BYTES).toString('base64url');
      offset = 0;
    }
    offset += SALT_LENGTH;
    return pool.slice(offset - SALT_LENGTH, offset);
  };
}

/**
 * Salts derived from `seed` (32 random bytes as text, used for one entry and then forgotten), for what is only known
 * inside a procedure, which must be pure.
 */
export function derivedSalts(seed: string): SaltSource {
  return (key) => hash('sha256', `writ/salt\n${seed}\n${key}`, 'buffer').toString('base64url', 0, SALT_BYTES);
}

/**
 * Commits to the fields that are present, group by group. Costs one hash a group, so what is known before the
 * transaction is sealed before it. Throws a `TypeError` for a value that is not JSON.
 */
export function sealFields(fields: PersonalFields, saltOf: SaltSource): Sealed {
  const sealed: SealedGroup[] = [];
  for (const group of FIELD_GROUPS) {
    let key = '';
    let values = '';
    for (const name of group) {
      const value = fields[name];
      if (value === undefined) continue;
      key += key === '' ? name : `,${name}`;
      values += `${values === '' ? '{' : ','}"${name}":${canonicalJson(value)}`;
    }
    if (key !== '') sealed.push(sealGroup(key, `${values}}`, saltOf(key)));
  }
  return sealed;
}

function sealGroup(key: GroupKey, values: string, salt: string): SealedGroup {
  return { key, commitment: commitmentOf(salt, values), text: `["${salt}",${values}]` };
}

/**
 * Puts fields that were found later in place of what was sealed before: the groups that they belong to are sealed
 * anew, the others stay as they are.
 */
export function resealFields(sealed: Sealed, found: PersonalFields, saltOf: SaltSource): Sealed {
  const touched = FIELD_GROUPS.filter((group) => group.some((name) => found[name] !== undefined)).flat();
  const names: ReadonlySet<string> = new Set(touched);
  const stays: SealedGroup[] = [];
  let fields: PersonalFields = {};
  for (const group of sealed) {
    if (group.key.split(',').some((name) => names.has(name))) fields = { ...fields, ...valuesOf(group) };
    else stays.push(group);
  }
  return [...stays, ...sealFields({ ...fields, ...found }, saltOf)];
}

function valuesOf({ text }: SealedGroup): PersonalFields {
  const [, values]: readonly [string, PersonalFields] = JSON.parse(text);
  return Object.fromEntries(Object.entries(values).filter(([name]) => isPersonalField(name)));
}

/** SHA-256 of the salt's text followed by the RFC 8785 text of an object of the fields, base64url. */
export function commitmentOf(salt: string, canonicalValues: string): string {
  return hash('sha256', salt + canonicalValues, 'base64url');
}

/** Whether `values` (all fields of one group) with `salt` are what was committed to. */
export function opensCommitment(commitment: string, salt: string, values: PersonalFields): boolean {
  return commitmentOf(salt, canonicalJson(values as Json)) === commitment;
}
