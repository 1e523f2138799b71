import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

/** A text with signatures (C2SP signed-note). */
export interface SignedNote {
  /** What is signed: lines, the last one ended by a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}
export interface NoteSignature {
  readonly name: string;
  /** The first four bytes of the key's hash, as a number. */
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A key that notes are checked with, as its text form `<name>+<key id>+<base64>` says it. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: number;
  readonly key: KeyObject;
}

const ED25519 = 1;
const DASH = '\u2014';
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Names the key: SHA-256(name, newline, 0x01, public key), its first four bytes. */
export function noteKeyId(name: string, publicKey: Uint8Array, type = ED25519): number {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey]);
  return hash('sha256', input, 'buffer').readUInt32BE(0);
}

/** The text form of a public key (32 bytes, Ed25519), as Go's `note.NewVerifier` reads it. */
export function formatVerifierKey(name: string, publicKey: Uint8Array): string {
  const id = noteKeyId(name, publicKey).toString(16).padStart(8, '0');
  return `${name}+${id}+${Buffer.concat([Buffer.from([ED25519]), publicKey]).toString('base64')}`;
}

/** Reads the text form of a public key; undefined where it is none, or its id is of another key. */
export function parseVerifierKey(text: string): NoteVerifier | undefined {
  return parseTypedKey(text, ED25519);
}

/** The same for a key whose first byte is `type`; all types here are Ed25519 keys that sign in different ways. */
export function parseTypedKey(text: string, type: number): NoteVerifier | undefined {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  if (match === null) return undefined;
  const [, name = '', id = '', base64 = ''] = match;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.byteLength !== 33 || bytes[0] !== type || bytes.toString('base64') !== base64) return undefined;
  const publicKey = bytes.subarray(1);
  const keyId = noteKeyId(name, publicKey, type);
  if (keyId !== Number.parseInt(id, 16)) return undefined;
  return { name, keyId, key: publicKeyOf(publicKey) };
}

/** An Ed25519 public key from its 32 bytes. */
function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** Whether a name may stand in a note: not empty, no white space, no plus. */
export function isNoteName(name: string): boolean {
  return /^[^\s+]+$/u.test(name) && name.isWellFormed();
}

/** Puts a note together from its text and one signature. */
export function formatNote(text: string, name: string, keyId: number, signature: Uint8Array): string {
  return `${text}\n${formatSignature(name, keyId, signature)}`;
}

/** One line of signature; more of them may be put at the end of a note. */
export function formatSignature(name: string, keyId: number, signature: Uint8Array): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId);
  return `${DASH} ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** The note with the first of these signature lines that is wanted; undefined where none is. */
export function addSignature(
  note: string,
  lines: string,
  isWanted: (signature: NoteSignature) => boolean,
): string | undefined {
  for (const line of lines.split('\n')) {
    const signature = line === '' ? undefined : parseSignature(line);
    if (signature !== undefined && isWanted(signature)) return `${note}${line}\n`;
  }
  return undefined;
}

/** Takes a note apart; undefined where it is none. */
export function parseNote(note: string): SignedNote | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n') || hasControls(note)) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  const signatures = lines.map(parseSignature);
  if (!signatures.every((each) => each !== undefined)) return undefined;
  return { text: note.slice(0, split + 1), signatures };
}

function hasControls(note: string): boolean {
  for (let index = 0; index < note.length; index++) {
    const unit = note.charCodeAt(index);
    if (unit < 0x20 && unit !== 0x0a) return true;
  }
  return !note.isWellFormed();
}

function parseSignature(line: string): NoteSignature | undefined {
  const [dash, name = '', base64 = '', ...rest] = line.split(' ');
  const bytes = Buffer.from(base64, 'base64');
  if (dash !== DASH || !isNoteName(name) || rest.length > 0) return undefined;
  if (bytes.byteLength < 5 || bytes.toString('base64') !== base64) return undefined;
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4) };
}

/** Whether one of the note's signatures is by one of these keys and right; one by them that is wrong spoils the note. */
export function verifyNote(note: SignedNote, verifiers: readonly NoteVerifier[]): boolean {
  const data = Buffer.from(note.text);
  const checks = note.signatures.flatMap(({ name, keyId, signature }) =>
    verifiers
      .filter((verifier) => verifier.name === name && verifier.keyId === keyId)
      .map((verifier) => verify(null, data, verifier.key, signature)),
  );
  return checks.length > 0 && checks.every((right) => right);
}
