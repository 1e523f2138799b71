import { verify } from 'node:crypto';
import { addSignature, type NoteVerifier, parseNote, parseTypedKey } from './note.ts';

/** Type of a witness's key (C2SP tlog-cosignature, Ed25519). */
const COSIGNATURE = 4;
const TIMESTAMP_BYTES = 8;

/** A witness's statement that a checkpoint continues all that it saw before. */
export interface Cosignature {
  readonly witness: string;
  /** RFC 3339, UTC. */
  readonly time: string;
}

/** Reads a witness's public key in its text form; undefined where it is none. */
export function parseWitnessKey(text: string): NoteVerifier | undefined {
  return parseTypedKey(text, COSIGNATURE);
}

/** The cosignatures of a note that are by one of these witnesses and right, one of each. */
export function cosignaturesOf(note: string, witnesses: readonly NoteVerifier[]): readonly Cosignature[] {
  const signed = parseNote(note);
  if (signed === undefined) return [];
  const found = new Map<string, Cosignature>();
  for (const { name, keyId, signature } of signed.signatures) {
    const witness = witnesses.find((each) => each.name === name && each.keyId === keyId);
    if (witness === undefined || signature.byteLength <= TIMESTAMP_BYTES) continue;
    const seconds = Buffer.from(signature).readBigUInt64BE(0);
    const statement = Buffer.from(`cosignature/v1\ntime ${seconds}\n${signed.text}`);
    if (!verify(null, statement, witness.key, signature.subarray(TIMESTAMP_BYTES))) continue;
    found.set(`${name}+${keyId}`, {
      witness: name,
      time: new Date(Number(seconds) * 1000).toISOString(),
    });
  }
  return [...found.values()];
}

/** The note with the right ones of these signature lines added; those of the witness only. */
export function withCosignature(note: string, lines: string, witness: NoteVerifier): string | undefined {
  const added = addSignature(
    note,
    lines,
    ({ name, keyId }) => name === witness.name && keyId === witness.keyId,
  );
  return added !== undefined && cosignaturesOf(added, [witness]).length === 1 ? added : undefined;
}
