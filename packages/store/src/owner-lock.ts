import { accessSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LOCK_FILE_NAME, STORE_FILE_NAME } from './files.ts';
import { storeErrorFrom } from './store-error.ts';

/** Ownership of a data directory: an exclusive transaction, which the operating system ends with the process. */
export interface OwnerLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/** Creates the directory (0700) where it is missing and tries to own it; undefined where another process does. */
export function tryOwn(directory: string): OwnerLock | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // SQLite says no more than that it cannot open a file.
    accessSync(directory, constants.W_OK);
    createPrivate(join(directory, LOCK_FILE_NAME));
    createPrivate(join(directory, STORE_FILE_NAME));
    return takeLock(join(directory, LOCK_FILE_NAME));
  } catch (cause) {
    throw storeErrorFrom(cause);
  }
}

function takeLock(path: string): OwnerLock | undefined {
  const sqlite = new DatabaseSync(path);
  try {
    sqlite.exec('pragma busy_timeout = 0');
    sqlite.exec('begin exclusive');
  } catch (cause) {
    sqlite.close();
    if (typeof cause === 'object' && cause !== null && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
      return undefined;
    }
    throw cause;
  }
  return { release: () => sqlite.close() };
}

/**
 * Creates an empty file that only its owner reads, since SQLite would take the umask's mode; `-wal` and `-shm`
 * inherit it. An existing file is not even opened: closing it would drop the locks that this process holds on it.
 */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  }
}
