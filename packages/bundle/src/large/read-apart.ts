import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type NoAnswer, ReadyThreads } from '@writ/rego/node';
import type { BundleResult } from '../bundle.ts';
import { putTogether } from './apart.ts';
import type { ReaderReply, ReaderRequest } from './reader-request.ts';

/** Content of at most so many bytes is read at once: a thread of its own would take longer than that. */
const SMALL_BYTES = 256 * 1024;
/** Compression that is no bomb stays below this. */
const SMALL_ARCHIVE_BYTES = 64 * 1024;
/** Values that a bundle is read into live there; a bundle that needs more ends the thread, not the process. */
const HEAP_MEBIBYTES_MAX = 2_048;

/** Whether an archive of that size can hold little. */
export function isSmallSize(archiveBytes: number): boolean {
  return archiveBytes <= SMALL_ARCHIVE_BYTES;
}

/** The least size of gzip: its head and its trailer. */
const GZIP_BYTES_MIN = 18;

/** Whether an archive says that it holds little. It can lie; then it is read here all the same, up to its limits. */
export function isSmallArchive(archive: Uint8Array): boolean {
  if (archive.length < GZIP_BYTES_MIN) return true;
  if (!isSmallSize(archive.length)) return false;
  // The last four bytes of gzip: the size of what was compressed (RFC 1952, ISIZE).
  const trailer = new DataView(archive.buffer, archive.byteOffset + archive.byteLength - 4, 4);
  return trailer.getUint32(0, true) <= SMALL_BYTES;
}

/** Whether what a folder holds is little. A folder that cannot be listed counts as small: its reader says why. */
export async function isSmallFolder(folder: string): Promise<boolean> {
  let left = SMALL_BYTES;
  const visit = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (left < 0) return;
      const inner = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && entry.name !== 'node_modules') await visit(inner);
      } else left -= await sizeOf(inner);
    }
  };
  await visit(folder);
  return left >= 0;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

const readers = new ReadyThreads<ReaderRequest, ReaderReply>({
  url: new URL('./reader-thread.ts', import.meta.url),
  name: 'writ-bundle-reader',
  heapMebibytesMax: HEAP_MEBIBYTES_MAX,
});

/** The next thread starts when what an activation stirs up has passed. */
const PREPARE_AFTER_MS = 1_000;
let followers = 0;

function prepareLater(): void {
  if (followers > 0) readers.prepareIn(PREPARE_AFTER_MS);
}

/**
 * Keeps a thread started for the next large bundle, as long as somebody follows what is published: loading its code
 * takes longer than most bundles do.
 *
 * @returns ends that; the last one ends the thread
 */
export function keepReaderReady(): () => Promise<void> {
  followers += 1;
  prepareLater();
  let isEnded = false;
  return async () => {
    if (isEnded) return;
    isEnded = true;
    followers -= 1;
    if (followers === 0) await readers.close();
  };
}

/**
 * Reads a bundle in a thread of its own, so that decisions go on meanwhile whatever its size; its data comes as bytes
 * that are parsed where a policy asks for them. Never throws: a thread that breaks down is a problem like any other.
 */
export async function readApart(request: ReaderRequest): Promise<BundleResult> {
  const answer = await readers.take().ask(request);
  prepareLater();
  return 'failure' in answer ? broken(request, answer.failure) : received(answer.reply);
}

function received(sent: ReaderReply): BundleResult {
  if (!sent.ok) return sent;
  return { ok: true, bundle: Object.freeze({ ...sent.bundle, data: putTogether(sent.data) }) };
}

function broken(request: ReaderRequest, { reason, message }: NoAnswer): BundleResult {
  const { name } = request.options;
  const bundle = name === undefined ? {} : { bundle: name };
  const problem =
    reason === 'out-of-memory'
      ? ({
          code: 'bundle_too_large',
          message: `reading it takes more than ${HEAP_MEBIBYTES_MAX} MiB of memory`,
        } as const)
      : ({
          code: 'bundle_unreadable',
          message: `reading it failed (${message})`,
        } as const);
  return { ok: false, problems: [{ ...bundle, ...problem }] };
}
