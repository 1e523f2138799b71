import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { assembleBundle } from './assemble.ts';
import type { BundleLimits, BundleResult, ReadBundleOptions } from './bundle.ts';
import { completeLimits, type FilesResult } from './files.ts';
import { DETACHED_SIZE_BYTES_MAX, DETACHED_SUFFIXES } from './signing/detached-signature.ts';
import { readArchive } from './tar.ts';

/** Reads an OPA bundle archive (`.tar.gz`) from a file. Never throws: what cannot be read is a problem. */
export async function readTarball(file: string, options: ReadBundleOptions = {}): Promise<BundleResult> {
  const name = options.name ?? basename(file).replace(/\.(tar\.gz|tgz)$/, '');
  const limits = completeLimits(options.limits);
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > limits.archiveSizeBytesMax) {
        const message = `the archive has more than ${limits.archiveSizeBytesMax} bytes`;
        return { ok: false, problems: [{ code: 'bundle_too_large', message, bundle: name }] };
      }
      const detached = await readDetached(file);
      return await readTarballBytes(await handle.readFile(), { ...options, name, detached });
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return {
      ok: false,
      problems: [{ code: 'bundle_unreadable', message: `\`${file}\` cannot be read (${why})`, bundle: name }],
    };
  }
}

/** The same for an archive that is already in memory; a name is needed. */
export async function readTarballBytes(
  archive: Uint8Array,
  options: ReadBundleOptions & {
    readonly name: string;
    /** Signatures that came beside it: Sigstore bundles, or base64 texts. */
    readonly detached?: readonly string[];
  },
): Promise<BundleResult> {
  const { detached = [], ...rest } = options;
  const read = readArchive(archive, completeLimits(options.limits));
  if (!read.ok)
    return { ok: false, problems: read.problems.map((problem) => ({ bundle: options.name, ...problem })) };
  return assembleBundle(read.files, rest, { bytes: archive, detached });
}

/** The signatures that stand beside an archive. One that is too long to be one does not count. */
async function readDetached(file: string): Promise<string[]> {
  const texts = await Promise.all(
    DETACHED_SUFFIXES.map(async (suffix) => {
      const status = await stat(file + suffix).catch(() => undefined);
      if (status === undefined || status.size > DETACHED_SIZE_BYTES_MAX) return [];
      return [await readFile(file + suffix, 'utf8')];
    }),
  );
  return texts.flat();
}

/** The files of an archive as they are, read as strictly as a bundle's; nothing is made of them. */
export function unpackArchive(archive: Uint8Array, limits?: Partial<BundleLimits>): FilesResult {
  return readArchive(archive, completeLimits(limits));
}
