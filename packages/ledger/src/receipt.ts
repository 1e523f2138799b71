import { isDecisionId } from '@writ/decision';
import { formatNote, type NoteVerifier, parseNote, verifyNote } from './note.ts';
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

/** First line of the text; a checkpoint's second line is a number, this one's never is. */
const KIND = 'writ/receipt/v1';

/** Signs that an entry is durable and will have its place in the log; gives the note (C2SP signed-note). */
export async function signReceipt(
  signer: CheckpointSigner,
  decisionId: string,
  leafHash: string,
): Promise<string> {
  const text = `${KIND}\nlog: ${signer.name}\ndecision: ${decisionId}\nleaf: ${leafHash}\n`;
  return formatNote(text, signer.name, signer.keyId, await signer.sign(Buffer.from(text)));
}

/** Reads a receipt; `signed` says whether one of these keys signed it. Undefined where the text is none. */
export function openReceipt(
  note: string,
  verifiers: readonly NoteVerifier[],
): (SignedReceipt & { readonly signed: boolean }) | undefined {
  const parsed = parseNote(note);
  const [kind, log = '', decision = '', leaf = '', end, ...rest] = parsed?.text.split('\n') ?? [];
  if (parsed === undefined || kind !== KIND || end !== '' || rest.length > 0) return undefined;
  if (!log.startsWith('log: ') || !decision.startsWith('decision: ') || !leaf.startsWith('leaf: '))
    return undefined;
  const origin = log.slice('log: '.length);
  const decisionId = decision.slice('decision: '.length);
  const leafHash = leaf.slice('leaf: '.length);
  const bytes = Buffer.from(leafHash, 'base64');
  if (!isDecisionId(decisionId) || bytes.byteLength !== HASH_BYTES || bytes.toString('base64') !== leafHash)
    return undefined;
  const ours = verifiers.filter(({ name }) => name === origin);
  return { origin, decisionId, leafHash, signed: verifyNote(parsed, ours) };
}
