import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { BundleLimits } from './bundle.ts';
import { type BundleFile, createAllowance, type FilesResult, safePath } from './files.ts';
import type { BundleProblem } from './problem.ts';

const BLOCK = 512;
/** Room for headers and padding beside the content when an archive is decompressed. */
const OVERHEAD_BYTES_PER_FILE = 2 * BLOCK;

/**
 * Reads an OPA bundle (gzip over POSIX ustar, with pax headers for long names) strictly: files and folders only;
 * links, devices and sparse files are refused, as are unsafe paths, a path given twice, a wrong checksum and a
 * cut archive. Decompression stops at the limit, so that a small archive cannot fill the memory.
 */
export function readArchive(archive: Uint8Array, limits: BundleLimits): FilesResult {
  if (archive.length > limits.archiveSizeBytesMax) {
    return failed({
      code: 'bundle_too_large',
      message: `the archive has more than ${limits.archiveSizeBytesMax} bytes`,
    });
  }
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(archive, {
      chunkSize: chunkSizeFor(archive, limits),
      maxOutputLength: unpackedMax(limits),
    });
  } catch (error) {
    return failed(describeGunzip(error, limits));
  }
  return readTar(bytes, limits);
}

/** Whether a readable archive holds this file; decompressed beside the event loop. */
export async function archiveHolds(
  archive: Uint8Array,
  path: string,
  limits: BundleLimits,
): Promise<boolean> {
  try {
    const read = readTar(await unzip(archive, { maxOutputLength: unpackedMax(limits) }), limits);
    return read.ok && read.files.some((file) => file.path === path);
  } catch {
    return false;
  }
}

const unzip = promisify(gunzip);

function unpackedMax({ totalSizeBytesMax, filesMax }: BundleLimits): number {
  return totalSizeBytesMax + filesMax * OVERHEAD_BYTES_PER_FILE;
}
/** Large content comes in one piece where the archive says how large it is (RFC 1952, ISIZE); joining pieces doubles the memory. */
function chunkSizeFor(archive: Uint8Array, limits: BundleLimits): number {
  if (archive.length < 4) return CHUNK_BYTES;
  const trailer = new DataView(archive.buffer, archive.byteOffset + archive.byteLength - 4, 4);
  const said = trailer.getUint32(0, true) + 1;
  return said > CHUNK_BYTES && said <= limits.totalSizeBytesMax ? said : CHUNK_BYTES;
}

const CHUNK_BYTES = 64 * 1024;

function describeGunzip(error: unknown, limits: BundleLimits): BundleProblem {
  if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
    return {
      code: 'bundle_too_large',
      message: `the archive holds more than ${limits.totalSizeBytesMax} bytes`,
    };
  }
  return { code: 'bundle_unreadable', message: 'the archive is not gzip, or is cut or damaged' };
}

function failed(problem: BundleProblem): FilesResult {
  return { ok: false, problems: [problem] };
}

interface Header {
  readonly path: string;
  /** Where a link leads; what is none has none. */
  readonly link: string;
  readonly sizeBytes: number;
  readonly type: string;
}

/** Entry types (POSIX ustar `typeflag`) and what is done with them; any other is refused. */
const ENTRY_TYPES: Readonly<Record<string, 'file' | 'folder' | 'pax' | 'skip'>> = {
  '0': 'file',
  '\0': 'file',
  '5': 'folder',
  x: 'pax',
  g: 'skip',
};

function readTar(bytes: Uint8Array, limits: BundleLimits): FilesResult {
  const files = new Map<string, BundleFile>();
  const allowance = createAllowance(limits);
  let longPath: string | undefined;
  let offset = 0;
  while (offset + BLOCK <= bytes.length) {
    const block = bytes.subarray(offset, offset + BLOCK);
    if (block.every((byte) => byte === 0)) return finish(files, bytes.subarray(offset));
    const header = readHeader(block);
    if (header === undefined)
      return failed({ code: 'bundle_unreadable', message: 'the archive has a damaged header' });
    const start = offset + BLOCK;
    const end = start + header.sizeBytes;
    if (end > bytes.length) return failed({ code: 'bundle_unreadable', message: 'the archive is cut' });
    offset = start + Math.ceil(header.sizeBytes / BLOCK) * BLOCK;
    const content = bytes.subarray(start, end);
    const use = ENTRY_TYPES[header.type];
    if (use === undefined) return failed(refusedEntry(header));
    if (header.link !== '') return failed(refusedEntry({ ...header, type: LINK }));
    if (use === 'pax') {
      const records = readPax(content);
      if (records === undefined)
        return failed({ code: 'bundle_unreadable', message: 'the archive has a damaged pax header' });
      longPath = records === '' ? undefined : records;
    } else if (use === 'file') {
      const problem =
        addFile(files, { path: longPath ?? header.path, bytes: content }, limits) ??
        allowance.take(header.path, content.length);
      if (problem !== undefined) return failed(problem);
      longPath = undefined;
    } else if (use === 'folder') longPath = undefined;
  }
  return failed({ code: 'bundle_unreadable', message: 'the archive is cut: its end is missing' });
}

/** What another reader might take for more entries is refused, as is what a second gzip stream brings. */
function finish(files: ReadonlyMap<string, BundleFile>, rest: Uint8Array): FilesResult {
  if (rest.some((byte) => byte !== 0))
    return failed({ code: 'bundle_unreadable', message: 'something follows the end of the archive' });
  const sorted = [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  return { ok: true, files: sorted };
}

function addFile(
  files: Map<string, BundleFile>,
  file: BundleFile,
  limits: BundleLimits,
): BundleProblem | undefined {
  const safe = safePath(file.path, limits);
  if ('refused' in safe)
    return {
      code: 'bundle_path_unsafe',
      message: `the path \`${file.path}\` ${safe.refused}`,
      file: file.path,
    };
  if (files.has(safe.path)) {
    return {
      code: 'bundle_path_unsafe',
      message: `the archive holds \`${safe.path}\` twice`,
      file: safe.path,
    };
  }
  files.set(safe.path, { path: safe.path, bytes: file.bytes });
  return undefined;
}

const LINK = '2';

function refusedEntry(header: Header): BundleProblem {
  if (header.type === '1' || header.type === LINK) {
    return { code: 'bundle_link_refused', message: 'a bundle holds no links', file: header.path };
  }
  const type = /^[ -~]$/.test(header.type) ? header.type : '?';
  return {
    code: 'bundle_unreadable',
    message: `the archive has an entry of type \`${type}\`, which bundles do not have`,
    file: header.path,
  };
}

function readHeader(block: Uint8Array): Header | undefined {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  const sizeBytes = readOctal(block, 124, 12);
  if (sizeBytes === undefined || readOctal(block, 148, 8) !== sum) return undefined;
  const prefix = isUstar(block) ? readText(block, 345, 155) : '';
  const base = readText(block, 0, 100);
  return {
    path: prefix === '' ? base : `${prefix}/${base}`,
    link: readText(block, 157, 100),
    sizeBytes,
    type: String.fromCharCode(block[156]!),
  };
}

function isUstar(block: Uint8Array): boolean {
  return readText(block, 257, 6) === 'ustar';
}

function readText(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}

/** Octal text; GNU's binary form is left out, since no bundle within the limits needs it. */
function readOctal(block: Uint8Array, start: number, length: number): number | undefined {
  const text = readText(block, start, length).trim();
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** The `path` record of a pax header (`LENGTH KEY=VALUE\n`…), `''` where it has none; undefined where it is damaged or resizes. */
function readPax(content: Uint8Array): string | undefined {
  let path = '';
  let offset = 0;
  while (offset < content.length) {
    const space = content.indexOf(32, offset);
    const length =
      space === -1 ? Number.NaN : Number(new TextDecoder().decode(content.subarray(offset, space)));
    if (!Number.isInteger(length) || length <= 0 || offset + length > content.length) return undefined;
    const record = new TextDecoder().decode(content.subarray(space + 1, offset + length - 1));
    const [key, ...value] = record.split('=');
    if (key === 'path') path = value.join('=');
    // A size or sparse map given here would override the header's, which is what the reader goes by.
    if (key === 'size' || key?.startsWith('GNU.sparse') === true || key === 'linkpath') return undefined;
    offset += length;
  }
  return path;
}
