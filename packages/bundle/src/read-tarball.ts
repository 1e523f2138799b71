import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { assembleBundle } from './assemble.ts';
import type { BundleResult, ReadBundleOptions } from './bundle.ts';
import { completeLimits } from './files.ts';
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
      return readTarballBytes(await handle.readFile(), { ...options, name });
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
export function readTarballBytes(
  archive: Uint8Array,
  options: ReadBundleOptions & { readonly name: string },
): BundleResult {
  const read = readArchive(archive, completeLimits(options.limits));
  if (!read.ok)
    return { ok: false, problems: read.problems.map((problem) => ({ bundle: options.name, ...problem })) };
  return assembleBundle(read.files, options);
}
