import type { BundleResult, ReadBundleOptions } from './bundle.ts';
import { applyDeltas, type DeltaArchive } from './delta/read-delta.ts';
import { readTarballBytes } from './read-tarball.ts';

/** How an archive that was fetched is read. */
export interface ContentReading extends ReadBundleOptions {
  readonly name: string;
  /** Signatures that came beside it. */
  readonly detached?: readonly string[];
  /** Delta bundles that followed it. */
  readonly deltas?: readonly DeltaArchive[];
}

/** The bundle of an archive and the deltas that followed it. Never throws. */
export async function readContent(
  archive: Uint8Array,
  { deltas = [], ...options }: ContentReading,
): Promise<BundleResult> {
  const base = await readTarballBytes(archive, options);
  return base.ok ? applyDeltas(base.bundle, deltas, options) : base;
}
