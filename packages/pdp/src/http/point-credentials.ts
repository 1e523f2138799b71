import { readFile } from 'node:fs/promises';
import type { CallerIdentity } from '../pipeline/caller.ts';
import { type PointCredential, refuseReadableByOthers } from './credentials.ts';

export type PointCredentialsRead =
  | { readonly ok: true; readonly points: readonly PointCredential[] }
  | { readonly ok: false; readonly message: string };

const POINT_KEYS = ['id', 'token_sha256', 'may_assert', 'mode', 'observe_only'];
const CLAIM_KEYS = ['tenants', 'principals', 'actors'];
const ONLY_KEYS = ['tenants', 'actors'];

/**
 * Credentials of enforcement points from a file `{points: [{id, token_sha256, may_assert: {tenants?, principals?,
 * actors?}, mode?, observe_only?: {tenants?, actors?}}]}`. Lists hold names, exact or ending in `*`; one that is left
 * out means any. The file holds digests and no tokens, and still nobody but its owner may write it.
 */
export async function readPointCredentials(file: string): Promise<PointCredentialsRead> {
  try {
    await refuseReadableByOthers(file);
    return parsePointCredentials(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** The same for a document that was read already. */
export function parsePointCredentials(document: unknown): PointCredentialsRead {
  try {
    const { points } = objectOf(document, 'the file', ['points']);
    if (!Array.isArray(points)) return { ok: false, message: '`points` is not a list' };
    const read = points.map(pointOf);
    const ids = read.map(({ caller }) => caller.pointId);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    return twice === undefined
      ? { ok: true, points: read }
      : { ok: false, message: `point \`${twice}\` is named twice` };
  } catch (error) {
    if (error instanceof BadCredentials) return { ok: false, message: error.message };
    throw error;
  }
}

/** Thrown inside this file only. */
class BadCredentials extends Error {}

function objectOf(value: unknown, where: string, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadCredentials(`${where} is not an object`);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new BadCredentials(`${where}: unknown key \`${unknown}\`, known are ${keys.join(', ')}`);
  return value as Readonly<Record<string, unknown>>;
}

function pointOf(value: unknown): PointCredential {
  const point = objectOf(value, 'a point', POINT_KEYS);
  const { id, token_sha256: digest, mode = 'enforce' } = point;
  if (typeof id !== 'string' || id === '') throw new BadCredentials('a point has no id');
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) {
    throw new BadCredentials(`\`token_sha256\` of point \`${id}\` is not 64 hex digits`);
  }
  if (mode !== 'enforce' && mode !== 'observe') {
    throw new BadCredentials(`\`mode\` of point \`${id}\` is neither enforce nor observe`);
  }
  // Absent must be written down: whoever forgets it would hand out a credential for everybody.
  const mayAssert = listsOf(point['may_assert'], `\`may_assert\` of point \`${id}\``, CLAIM_KEYS);
  const caller: CallerIdentity = { pointId: id, mayAssert, mode };
  if (point['observe_only'] === undefined) return { tokenSha256: digest, caller };
  const observeOnly = listsOf(point['observe_only'], `\`observe_only\` of point \`${id}\``, ONLY_KEYS);
  return { tokenSha256: digest, caller: { ...caller, observeOnly } };
}

function listsOf(value: unknown, where: string, keys: readonly string[]): CallerIdentity['mayAssert'] {
  const lists = objectOf(value, where, keys);
  for (const [key, list] of Object.entries(lists)) {
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string' && each !== '')) {
      throw new BadCredentials(`\`${key}\` in ${where} is not a list of names`);
    }
  }
  return lists as CallerIdentity['mayAssert'];
}
