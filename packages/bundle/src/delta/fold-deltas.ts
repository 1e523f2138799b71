import { type JsonObject, readStrictBytes } from '@writ/decision';
import { completeLimits, isDataFile } from '../files.ts';
import { isObject } from '../read-data.ts';
import { readTarballBytes } from '../read-tarball.ts';
import { isSignaturesFile } from '../signing/bundle-signature.ts';
import { readArchive } from '../tar.ts';
import { writeArchive } from '../write-archive.ts';
import { applyDeltas, type DeltaArchive } from './read-delta.ts';

/**
 * An archive and the deltas after it as one unsigned archive of the same content, for one that was checked before;
 * undefined where they do not fit. Without deltas it is the archive as it is, signature and all.
 */
export async function foldDeltas(
  archive: Uint8Array,
  deltas: readonly DeltaArchive[],
): Promise<Uint8Array | undefined> {
  if (deltas.length === 0) return archive;
  const options = { name: 'kept', skipVerify: true };
  const base = await readTarballBytes(archive, options);
  const whole = base.ok ? await applyDeltas(base.bundle, deltas, options) : base;
  const read = readArchive(archive, completeLimits(undefined));
  if (!whole.ok || !read.ok) return undefined;
  const { revision, metadata, data } = whole.bundle;
  const written = read.files.find(({ path }) => path === '.manifest');
  const parsed = written === undefined ? undefined : readStrictBytes(written.bytes);
  const document: JsonObject = parsed?.ok === true && isObject(parsed.value) ? parsed.value : {};
  const kept = read.files.filter(
    ({ path }) => !isSignaturesFile(path) && !isDataFile(path) && path !== '.manifest',
  );
  return writeArchive([
    { path: '.manifest', text: `${JSON.stringify({ ...document, revision, metadata }, null, 2)}\n` },
    { path: 'data.json', text: `${JSON.stringify(data, null, 2)}\n` },
    ...kept.map(({ path, bytes }) => ({ path, text: bytes })),
  ]);
}
