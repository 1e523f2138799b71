import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@writ/store';
import { LATEST_CHECKPOINT_CELL } from './cells.ts';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import type { Trust } from './entry.ts';
import { LedgerError } from './ledger-error.ts';
import { type NoteVerifier, parseVerifierKey } from './note.ts';
import { consistencyProof, treeRoot, verifyConsistency } from './proof.ts';
import { type CheckpointSigner, VERIFIER_KEY_FILE_NAME } from './signer.ts';
import { withTree } from './tiles.ts';

/** The latest signed checkpoint as a file in the data directory (`/checkpoint` of tlog-tiles). */
export const CHECKPOINT_FILE_NAME = 'checkpoint';
/** At most one checkpoint in this time. */
export const CHECKPOINT_INTERVAL_MS = 1_000;

export interface CheckpointerOptions {
  readonly store: Store;
  readonly signer: CheckpointSigner;
  /** The data directory, where the latest checkpoint and the public key also stand as files. */
  readonly directory: string;
  readonly trust: Trust;
  readonly intervalMs?: number;
  /** Told when a checkpoint could not be made; the next tick tries again. */
  readonly onFault?: (fault: unknown) => void;
}

/** Signs the growing log while it runs. */
export interface Checkpointer {
  /**
   * Signs the log as it is now, unless it has not grown or another process owns the store; gives the note that was
   * made. Rejects with `LedgerError` `log_forked` when the log is not a continuation of what was signed before.
   */
  publish(): Promise<string | undefined>;
  /** Signs a last time, and stops. To be called before the store closes. */
  close(): Promise<void>;
}

/** Signs every interval in which the log grew, in the process that owns the store. */
export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { signer, directory, intervalMs = CHECKPOINT_INTERVAL_MS, onFault = () => {} } = options;
  const verifier = parseVerifierKey(signer.verifierKey);
  if (verifier === undefined) throw new LedgerError('key_invalid', 'the signer has no usable public key');
  writeVerifierKeys(directory, [signer.verifierKey]);
  let running: Promise<unknown> = Promise.resolve();
  const publish = (): Promise<string | undefined> => {
    const next = running.then(() => publishOnce(options, verifier));
    running = next.catch(() => undefined);
    return next;
  };
  const timer = setInterval(() => void publish().catch(onFault), intervalMs);
  timer.unref();
  return {
    publish,
    close: async () => {
      clearInterval(timer);
      await publish().catch(onFault);
    },
  };
}

async function publishOnce(
  options: CheckpointerOptions,
  verifier: NoteVerifier,
): Promise<string | undefined> {
  const { store, signer, directory, trust } = options;
  if (store.role !== 'owner') return undefined;
  // Taken before the tree is read: every entry of an earlier time is in that tree.
  const time = new Date().toISOString();
  const before = await lastSigned(options, verifier);
  const tree = await withTree(
    (cell) => store.read(cell),
    (node, size) => ({
      size,
      root: treeRoot(node, size),
      proof:
        before !== undefined && before.size <= size ? consistencyProof(node, before.size, size) : undefined,
    }),
  );
  if (before !== undefined) {
    const { proof, size, root } = tree;
    if (proof === undefined || !verifyConsistency(before.size, before.root, size, root, proof)) {
      throw new LedgerError(
        'log_forked',
        `the log of ${size} entries does not continue the one signed at ${before.size}`,
      );
    }
    if (before.size === size) return undefined;
  }
  if (tree.size === 0) return undefined;
  const { size, root } = tree;
  const checkpoint: Checkpoint = { origin: signer.name, size, root, trust, time };
  const note = await signCheckpoint(checkpoint, signer);
  const kept = await store.call<unknown, { note: string }>(
    'ledger.checkpoint',
    { size, note },
    { idempotent: true },
  );
  writeWhole(join(directory, CHECKPOINT_FILE_NAME), kept.note);
  return kept.note;
}

/** The largest checkpoint that this key signed, in the store or in the file: whoever rolls one back leaves the other. */
async function lastSigned(
  options: CheckpointerOptions,
  verifier: NoteVerifier,
): Promise<Checkpoint | undefined> {
  const notes = [await options.store.read(LATEST_CHECKPOINT_CELL), readCheckpointFile(options.directory)];
  return notes
    .map((note) => (note === undefined ? undefined : openCheckpoint(note, [verifier])))
    .flatMap((reading) => (reading?.ok === true ? [reading.checkpoint] : []))
    .toSorted((first, second) => second.size - first.size)[0];
}

/** The checkpoint file of a data directory; undefined where there is none. */
export function readCheckpointFile(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, CHECKPOINT_FILE_NAME), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Adds public keys of one log to the file beside it, the newest last; those of before a rotation stay, because they
 * signed what is there. Keys of another log go.
 */
export function writeVerifierKeys(directory: string, keys: readonly string[]): void {
  const path = join(directory, VERIFIER_KEY_FILE_NAME);
  const origin = originOf(keys[0] ?? '');
  const before = readLines(path).filter((key) => originOf(key) === origin && !keys.includes(key));
  writeWhole(path, `${[...before, ...keys].join('\n')}\n`);
}

function originOf(key: string): string {
  return key.split('+')[0] ?? '';
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

/** Replaces a file as a whole: a reader sees the old text or the new one. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = openSync(temporary, 'w', 0o644);
    try {
      writeAll(file, typeof text === 'string' ? Buffer.from(text) : text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done);
}
