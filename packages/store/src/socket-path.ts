import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SOCKET_FILE_NAME, SOCKET_POINTER_NAME } from './files.ts';

/** A Unix socket's path has room for 104 bytes on the narrowest of our systems, its closing zero included. */
const SOCKET_PATH_BYTES_MAX = 100;

/** Where the owner listens. `remove` takes away what was made for it. */
export interface SocketPlace {
  readonly path: string;
  remove(): void;
}

/** Called by the owner alone: takes away what a dead one left and says where to listen now. */
export function claimSocketPlace(directory: string): SocketPlace {
  if (process.platform === 'win32') return { path: pipeName(directory), remove: () => undefined };
  const beside = join(directory, SOCKET_FILE_NAME);
  const pointer = join(directory, SOCKET_POINTER_NAME);
  const stale = readPointer(pointer);
  if (stale !== undefined) removeFolder(stale);
  rmSync(pointer, { force: true });
  rmSync(beside, { force: true });
  if (Buffer.byteLength(beside) <= SOCKET_PATH_BYTES_MAX) {
    return { path: beside, remove: () => rmSync(beside, { force: true }) };
  }
  const path = join(mkdtempSync(join(tmpdir(), 'writ-')), 's');
  writeFileSync(pointer, path, { mode: 0o600 });
  return {
    path,
    remove: () => {
      rmSync(pointer, { force: true });
      removeFolder(path);
    },
  };
}

/** Where a client finds the owner, whether or not one listens. */
export function findSocketPath(directory: string): string {
  if (process.platform === 'win32') return pipeName(directory);
  return readPointer(join(directory, SOCKET_POINTER_NAME)) ?? join(directory, SOCKET_FILE_NAME);
}

function pipeName(directory: string): string {
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 32);
  return `\\\\.\\pipe\\writ-${name}`;
}

function readPointer(pointer: string): string | undefined {
  try {
    return readFileSync(pointer, 'utf8');
  } catch {
    return undefined;
  }
}

/** Removes the folder of a socket, and nothing that does not look like one of ours. */
function removeFolder(path: string): void {
  const folder = dirname(path);
  if (dirname(folder) === tmpdir() && folder.startsWith(join(tmpdir(), 'writ-'))) {
    rmSync(folder, { recursive: true, force: true });
  }
}
