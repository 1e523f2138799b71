import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LOG_CELLS_PREFIX, updateLogCopy } from '@writ/ledger';
import { copyPostgresLog, openStoreReader, StoreError, type StoreReader } from '@writ/store';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** How a command that reads the record is told where it is. */
export interface RecordOptions {
  readonly config?: string;
  readonly data?: string;
}

/** The files of the record, for as long as a command works on them. */
export interface RecordFiles {
  /** A data directory; one that was made for the command where the record is in PostgreSQL. */
  readonly directory: string;
  /** The data directory itself, where keys and checkpoints also stand. */
  readonly dataDirectory: string;
  dispose(): void;
}

/**
 * The record that a command means: `--data`, else the configuration's data directory. Where the configuration says
 * `store: postgres://…` and no `--data` is named, the record is copied from there, whole and of one moment: what is
 * verified, proved and exported is then the copy.
 */
export async function recordFiles(options: RecordOptions): Promise<RecordFiles> {
  if (options.data !== undefined) return embedded(resolve(options.data));
  const { config, folder } = readConfig(options.config);
  const dataDirectory = resolve(folder, config.data_dir ?? '.writ');
  if (config.store === undefined) return embedded(dataDirectory);
  const directory = mkdtempSync(join(tmpdir(), 'writ-record-'));
  const dispose = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    await copyPostgresLog({ postgres: config.store, directory, prefix: LOG_CELLS_PREFIX });
    return { directory, dataDirectory, dispose };
  } catch (cause) {
    dispose();
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): unknown {
  if (!(cause instanceof StoreError)) return cause;
  return new CommandError(
    EXIT.unavailable,
    `the record can't be read from PostgreSQL: ${cause.message}`,
    'check `store` in writ.yaml, or name a copy with --data',
  );
}

function embedded(directory: string): RecordFiles {
  return { directory, dataDirectory: directory, dispose: () => {} };
}

/** A reader over the record that a command means; to be closed. */
export async function recordReader(options: RecordOptions): Promise<StoreReader> {
  const files = await recordFiles(options);
  try {
    const reader = openStoreReader(files.directory);
    return {
      ...reader,
      close: () => {
        reader.close();
        files.dispose();
      },
    };
  } catch (cause) {
    files.dispose();
    if (!(cause instanceof StoreError)) throw cause;
    throw new CommandError(EXIT.badInput, cause.message, 'name the data directory with --data');
  }
}

/** Works on the files of the record, and takes a copy away afterwards. */
export async function withRecord<Result>(
  options: RecordOptions,
  work: (files: RecordFiles) => Result | Promise<Result>,
): Promise<Result> {
  const files = await recordFiles(options);
  try {
    return await work(files);
  } finally {
    files.dispose();
  }
}

/**
 * The directory whose index answers queries: the data directory, or a copy of the log in PostgreSQL that stays beside it
 * and is brought up to date. Its proofs are worth nothing: what is verified is copied anew each time.
 */
export async function indexedRecord(options: RecordOptions): Promise<string> {
  if (options.data !== undefined) return resolve(options.data);
  const { config, folder } = readConfig(options.config);
  const dataDirectory = resolve(folder, config.data_dir ?? '.writ');
  if (config.store === undefined) return dataDirectory;
  const directory = join(dataDirectory, 'record-copy/queries');
  try {
    await updateLogCopy(config.store, directory);
    return directory;
  } catch (cause) {
    throw unreadable(cause);
  }
}
