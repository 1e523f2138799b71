import { generateKeyPairSync, sign } from 'node:crypto';
import { isDecisionId } from '@writ/decision';
import {
  formatNote,
  formatVerifierKey,
  type NoteVerifier,
  noteKeyId,
  parseNote,
  parseVerifierKey,
  verifyNote,
} from './note.ts';
import type { CheckpointSigner } from './signer.ts';
import { HASH_BYTES } from './tree-hash.ts';

/** What a node promises with a receipt: the log gets this entry. */
export interface SignedReceipt {
  /** The log's origin. */
  readonly origin: string;
  readonly decisionId: string;
  /** Hash of the entry's leaf (RFC 6962), base64. */
  readonly leafHash: string;
}

/** Signs that an entry is durable and will have its place in the log; gives the note (C2SP signed-note). */
export type SignReceipt = (decisionId: string, leafHash: string) => Promise<string>;

/** First lines of the texts; a checkpoint's second line is a number, theirs never is. */
const KIND = 'writ/receipt/v1';
const KEY_KIND = 'writ/receipt-key/v1';

/** Receipts that the log's key itself signs. */
export function signReceipts(signer: CheckpointSigner): SignReceipt {
  return (decisionId, leafHash) => signed(signer, textOf(signer.name, decisionId, leafHash));
}

/**
 * Receipts where the log's key is asked for seldom (a program, a key management service): a key of this process signs
 * them, which the log's key vouches for once, in a note that every receipt carries. The process's key lies in its memory
 * only. Rejects as the log's signer does; the next receipt asks it again.
 */
export function vouchedReceipts(signer: CheckpointSigner): SignReceipt {
  const { name } = signer;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const bytes = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-HASH_BYTES));
  const own: CheckpointSigner = {
    name,
    keyId: noteKeyId(name, bytes),
    verifierKey: formatVerifierKey(name, bytes),
    sign: (data) => Promise.resolve(sign(null, data, privateKey)),
  };
  const statement = `${KEY_KIND}\nlog: ${name}\nkey: ${own.verifierKey}\n`;
  let vouched: Promise<string> | undefined;
  return async (decisionId, leafHash) => {
    vouched ??= signed(signer, statement);
    const note = await vouched.catch((cause: unknown) => {
      vouched = undefined;
      throw cause;
    });
    const line = `vouched: ${Buffer.from(note).toString('base64')}\n`;
    return signed(own, textOf(name, decisionId, leafHash) + line);
  };
}

function textOf(origin: string, decisionId: string, leafHash: string): string {
  return `${KIND}\nlog: ${origin}\ndecision: ${decisionId}\nleaf: ${leafHash}\n`;
}

async function signed(signer: CheckpointSigner, text: string): Promise<string> {
  return formatNote(text, signer.name, signer.keyId, await signer.sign(Buffer.from(text)));
}

/** The log and the key of a text by which a log's key vouches for a key that signs receipts; undefined where it is none. */
export function parseReceiptKey(
  text: string,
): { readonly origin: string; readonly key: NoteVerifier } | undefined {
  const values = valuesIn(text, KEY_KIND, ['log', 'key']);
  const [origin = '', encoded = ''] = values ?? [];
  const key = values === undefined ? undefined : parseVerifierKey(encoded);
  return key === undefined || key.name !== origin ? undefined : { origin, key };
}

/** Reads a receipt; `signed` says whether one of these keys signed it, or vouches for the one that did. Undefined where the text is none. */
export function openReceipt(
  note: string,
  verifiers: readonly NoteVerifier[],
): (SignedReceipt & { readonly signed: boolean }) | undefined {
  const parsed = parseNote(note);
  if (parsed === undefined) return undefined;
  const values =
    valuesIn(parsed.text, KIND, ['log', 'decision', 'leaf']) ??
    valuesIn(parsed.text, KIND, ['log', 'decision', 'leaf', 'vouched']);
  if (values === undefined) return undefined;
  const [origin = '', decisionId = '', leafHash = '', vouched] = values;
  const bytes = Buffer.from(leafHash, 'base64');
  if (!isDecisionId(decisionId) || bytes.byteLength !== HASH_BYTES || bytes.toString('base64') !== leafHash)
    return undefined;
  const ours = verifiers.filter(({ name }) => name === origin);
  const keys = vouched === undefined ? ours : vouchedKey(vouched, origin, ours);
  return { origin, decisionId, leafHash, signed: verifyNote(parsed, keys) };
}

/** The key that the log's key vouches for; none where it does not. */
function vouchedKey(base64: string, origin: string, ours: readonly NoteVerifier[]): readonly NoteVerifier[] {
  const note = parseNote(Buffer.from(base64, 'base64').toString());
  const named = note === undefined ? undefined : parseReceiptKey(note.text);
  if (note === undefined || named?.origin !== origin || !verifyNote(note, ours)) return [];
  return [named.key];
}

/** Values of lines `name: value` after a first line, exactly these; undefined where the text is otherwise. */
function valuesIn(text: string, kind: string, names: readonly string[]): readonly string[] | undefined {
  const [first, ...lines] = text.split('\n');
  if (first !== kind || lines.length !== names.length + 1 || lines.at(-1) !== '') return undefined;
  const values: string[] = [];
  for (const [index, name] of names.entries()) {
    const line = lines[index] ?? '';
    if (!line.startsWith(`${name}: `)) return undefined;
    values.push(line.slice(name.length + 2));
  }
  return values;
}
