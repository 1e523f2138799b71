import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { checkStructure, refuseNewerSchema } from './database.ts';
import { STORE_FILE_NAME } from './files.ts';
import { StoreError, storeErrorFrom } from './store-error.ts';

/** What a backup or a restored directory holds. */
export interface BackupReport {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Writes the state and record of `directory` as they are at this moment into the new folder `target`, beside a running
 * owner, which goes on meanwhile. Synced when it returns. Throws `StoreError`: `store_io` where there is nothing to copy
 * or `target` holds a backup already, `store_full`, `store_corrupt`.
 */
export function backupStore(directory: string, target: string): BackupReport {
  const source = join(directory, STORE_FILE_NAME);
  if (!existsSync(source))
    throw new StoreError('store_io', `there is no \`${STORE_FILE_NAME}\` in \`${directory}\``);
  return written(target, (temporary) => {
    const sqlite = new DatabaseSync(source, { readOnly: true });
    try {
      refuseNewerSchema(sqlite);
      sqlite.prepare('vacuum into ?').run(temporary);
    } finally {
      sqlite.close();
    }
    markClosed(temporary);
  });
}

/**
 * Makes the data directory `directory` of a backup. Nothing is overwritten: throws `store_io` where it holds a store
 * already, and `store_corrupt` where the backup is damaged.
 */
export function restoreStore(backup: string, directory: string): BackupReport {
  const source = join(backup, STORE_FILE_NAME);
  if (!existsSync(source))
    throw new StoreError('store_io', `there is no \`${STORE_FILE_NAME}\` in \`${backup}\``);
  return written(directory, (temporary) => copyFileSync(source, temporary));
}

/** Lets `write` make a file, checks it, and puts it in its place in `folder` when it is whole and on the disk. */
function written(folder: string, write: (temporary: string) => void): BackupReport {
  const place = join(folder, STORE_FILE_NAME);
  if (existsSync(place))
    throw new StoreError('store_io', `there is a \`${STORE_FILE_NAME}\` in \`${folder}\` already`);
  const temporary = `${place}.new`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(temporary, { force: true });
    write(temporary);
    chmodSync(temporary, 0o600);
    const entries = check(temporary);
    sync(temporary);
    renameSync(temporary, place);
    sync(folder);
    sync(dirname(folder));
    return { entries, bytes: statSync(place).size };
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw storeErrorFrom(cause);
  }
}

/** A copy has no owner that could have been killed. */
function markClosed(path: string): void {
  const sqlite = new DatabaseSync(path);
  try {
    sqlite.exec("update meta set value = 0 where name = 'open'");
  } finally {
    sqlite.close();
  }
}

function check(path: string): number {
  const sqlite = new DatabaseSync(path, { readOnly: true });
  try {
    refuseNewerSchema(sqlite);
    checkStructure(sqlite, path);
    return Number(sqlite.prepare('select count(*) as entries from log').get()?.['entries']);
  } finally {
    sqlite.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
