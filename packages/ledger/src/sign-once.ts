import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCheckpoint } from './checkpoint.ts';
import { writeWhole } from './checkpointer.ts';
import { parseReceiptKey } from './receipt.ts';
import type { CheckpointSigner } from './signer.ts';
import { equalHashes } from './tree-hash.ts';

/** The checkpoint text that was signed last, beside the key. */
const SIGNED_FILE_NAME = 'ledger.signed';

export type SignedOnce =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly message: string };

/**
 * Signs a checkpoint, or a key for receipts, for whoever asks, and remembers the checkpoint in `folder`: one of fewer entries, or another one of as many, is
 * refused. So a service that was taken over cannot have its log shortened, even with its signer at hand.
 */
export async function signOnce(folder: string, signer: CheckpointSigner, text: string): Promise<SignedOnce> {
  // A key for receipts is vouched for as often as a service starts, and shortens no log.
  if (parseReceiptKey(text)?.origin === signer.name)
    return { ok: true, signature: await signatureOf(signer, text) };
  const asked = parseCheckpoint(text);
  if (asked === undefined) return { ok: false, message: 'this is no checkpoint and no key for receipts' };
  const path = join(folder, SIGNED_FILE_NAME);
  const before = parseCheckpoint(readIfThere(path) ?? '');
  if (before !== undefined && asked.size < before.size)
    return { ok: false, message: `${before.size} entries were signed before, this is for ${asked.size}` };
  if (before !== undefined && asked.size === before.size && !equalHashes(asked.root, before.root))
    return { ok: false, message: `another root was signed before for ${asked.size} entries` };
  const signature = await signatureOf(signer, text);
  writeWhole(path, text);
  return { ok: true, signature };
}

async function signatureOf(signer: CheckpointSigner, text: string): Promise<string> {
  return Buffer.from(await signer.sign(Buffer.from(text))).toString('base64');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
