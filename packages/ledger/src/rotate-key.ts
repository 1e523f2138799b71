import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@writ/store';
import type { AppendRequest, AppendResult } from './append-procedure.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { CHECKPOINT_FILE_NAME, writeVerifierKeys, writeWhole } from './checkpointer.ts';
import { replaceSigningKey } from './claim-signing-key.ts';
import type { Trust } from './entry.ts';
import { LedgerError } from './ledger-error.ts';
import { formatNote, formatSignature } from './note.ts';
import { treeRoot } from './proof.ts';
import { readLeaf } from './read-entry.ts';
import { createFileSigner, KEY_FILE_NAME, openFileSigner } from './signer.ts';
import { withTree } from './tiles.ts';

export interface RotateOptions {
  /** Opened as the owner; nothing else may append meanwhile. */
  readonly store: Store;
  /** The data directory. */
  readonly directory: string;
  /** The folder that holds the key. */
  readonly keys: string;
  readonly trust: Trust;
}

export interface Rotation {
  readonly from: string;
  readonly to: string;
  /** The checkpoint that both keys signed. */
  readonly note: string;
}

const NEXT = `${KEY_FILE_NAME}.next`;

/**
 * Puts a new key of the same log in place of the old one. The log names the new key, in an entry that the old key
 * signs; one checkpoint over it is signed by both, so that whoever holds the old public key sees the new one vouched
 * for. The old private key is destroyed. Throws where another process owns the store.
 */
export async function rotateKey({ store, directory, keys, trust }: RotateOptions): Promise<Rotation> {
  if (store.role !== 'owner')
    throw new LedgerError(
      'key_unreadable',
      'another process owns the log: stop it before the key is changed',
    );
  const old = openFileSigner(keys);
  // One that an interrupted rotation left was never used.
  rmSync(join(keys, NEXT), { force: true });
  const next = createFileSigner(keys, NEXT, old.name);
  const entries = [
    {
      core: { kind: 'administrative', event: 'key_rotated', signing_key: next.verifierKey },
      sealed: [],
    },
  ] as const;
  await store.call<AppendRequest, AppendResult>('ledger.append', { entries, trust });
  const time = new Date().toISOString();
  const { size, root, rotation } = await treeWith(store, next.verifierKey);
  const text = formatCheckpoint({ origin: old.name, size, root, trust, time });
  const data = Buffer.from(text);
  const note =
    formatNote(text, old.name, old.keyId, await old.sign(data)) +
    formatSignature(next.name, next.keyId, await next.sign(data));
  await store.call('ledger.checkpoint', { size, note, rotation }, { idempotent: true });
  await replaceSigningKey(store, old.verifierKey, next.verifierKey);
  writeWhole(join(directory, CHECKPOINT_FILE_NAME), note);
  writeVerifierKeys(directory, [old.verifierKey, next.verifierKey]);
  renameSync(join(keys, NEXT), join(keys, KEY_FILE_NAME));
  return { from: old.verifierKey, to: next.verifierKey, note };
}

/** Entries at the end of the tree among which the one that names the key is looked for. */
const LOOK_BACK = 256;
/** An entry has its place within a second. */
const TRIES = 50;
const TRY_MS = 100;

/** The tree with the entry that names this key, and that entry's index. */
async function treeWith(store: Store, verifierKey: string) {
  for (let tried = 0; tried < TRIES; tried++) {
    const tree = await withTree(
      (cell) => store.read(cell),
      (node, whole) => ({ size: whole, root: treeRoot(node, whole) }),
    );
    for (const { index, leaf } of await store.entries(Math.max(0, tree.size - LOOK_BACK), tree.size)) {
      const read = readLeaf(leaf);
      if (read.ok && read.value.core.signing_key === verifierKey) return { ...tree, rotation: index };
    }
    await sleep(TRY_MS);
  }
  throw new LedgerError('key_unreadable', 'the entry that names the new key did not get into the log');
}
