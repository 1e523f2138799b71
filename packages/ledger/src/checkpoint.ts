import type { Trust } from './entry.ts';
import { formatNote, type NoteVerifier, parseNote, verifyNote } from './note.ts';
import type { CheckpointSigner } from './signer.ts';
import { HASH_BYTES } from './tree-hash.ts';

/** What a checkpoint says: the tree of `origin` has `size` leaves and this root (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Our extension lines: whether the agent's user could write the log, and when this was signed. */
  readonly trust?: Trust;
  readonly time?: string;
}

export type CheckpointReading =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly code: 'checkpoint_unreadable' | 'checkpoint_signature' };

/** The text that is signed. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, trust, time } = checkpoint;
  const lines = [origin, String(size), Buffer.from(root).toString('base64')];
  if (trust !== undefined) lines.push(`trust: ${trust}`);
  if (time !== undefined) lines.push(`time: ${time}`);
  return `${lines.join('\n')}\n`;
}

/** Reads the text of a checkpoint; extension lines that it does not know are allowed. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const [origin = '', size = '', base64 = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = Buffer.from(base64, 'base64');
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    return undefined;
  if (root.byteLength !== HASH_BYTES || root.toString('base64') !== base64 || extensions.includes(''))
    return undefined;
  const trust = extensionOf(extensions, 'trust');
  const time = extensionOf(extensions, 'time');
  return {
    origin,
    size: Number(size),
    root,
    ...(trust === 'cooperative' || trust === 'enforced' ? { trust } : {}),
    ...(time === undefined ? {} : { time }),
  };
}

function extensionOf(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
}

/** Signs a checkpoint; gives the note. */
export async function signCheckpoint(checkpoint: Checkpoint, signer: CheckpointSigner): Promise<string> {
  const text = formatCheckpoint(checkpoint);
  return formatNote(text, signer.name, signer.keyId, await signer.sign(Buffer.from(text)));
}

/** Reads a note and checks that one of these keys signed it. */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[]): CheckpointReading {
  const signed = parseNote(note);
  const checkpoint = signed === undefined ? undefined : parseCheckpoint(signed.text);
  if (signed === undefined || checkpoint === undefined) return { ok: false, code: 'checkpoint_unreadable' };
  return verifyNote(signed, verifiers)
    ? { ok: true, checkpoint }
    : { ok: false, code: 'checkpoint_signature' };
}
