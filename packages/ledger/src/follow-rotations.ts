import type { StoreReader } from '@writ/store';
import { CHECKPOINT_PREFIX } from './cells.ts';
import { openCheckpoint } from './checkpoint.ts';
import { type NoteVerifier, parseNote, parseVerifierKey } from './note.ts';
import { readLeaf } from './read-entry.ts';

/** A change of the log's key that the key before vouches for. */
export interface FollowedRotation {
  /** The key that signs from there on, in its text form. */
  readonly key: string;
  /** Position of the entry that names it. */
  readonly index: number;
  /** Entries that the checkpoint covers which both keys signed. */
  readonly size: number;
}

/** Entries before the end of such a checkpoint among which the one that names the key is looked for. */
const LOOK_BACK = 1_024;

/**
 * The keys that come after the given ones: where a known key signed a checkpoint together with another key of the log,
 * and an entry below that checkpoint names the other one. Whoever verifies the log checks both: that the checkpoint is of
 * these entries, and its signature; so a key is only followed to where the key before led.
 */
export function followRotations(
  reader: StoreReader,
  verifiers: readonly NoteVerifier[],
): { readonly verifiers: readonly NoteVerifier[]; readonly followed: readonly FollowedRotation[] } {
  const known = [...verifiers];
  const followed: FollowedRotation[] = [];
  // In order of size: a chain of rotations is followed in one pass.
  for (const [, note] of reader.scan(CHECKPOINT_PREFIX)) {
    const others = (parseNote(note)?.signatures ?? []).filter((signature) => !isKnown(known, signature));
    if (others.length === 0) continue;
    const reading = openCheckpoint(note, known);
    if (!reading.ok) continue;
    const { origin, size } = reading.checkpoint;
    for (const { keyId } of others.filter(({ name }) => name === origin)) {
      const found = entryNaming(reader, origin, keyId, size);
      if (found === undefined) continue;
      known.push(found.verifier);
      followed.push({ key: found.key, index: found.index, size });
    }
  }
  return { verifiers: known, followed };
}

function isKnown(
  verifiers: readonly NoteVerifier[],
  { name, keyId }: { readonly name: string; readonly keyId: number },
): boolean {
  return verifiers.some((verifier) => verifier.name === name && verifier.keyId === keyId);
}

interface NamedKey {
  readonly key: string;
  readonly verifier: NoteVerifier;
  readonly index: number;
}

function entryNaming(reader: StoreReader, origin: string, keyId: number, size: number): NamedKey | undefined {
  for (const { index, leaf } of reader.entries(Math.max(0, size - LOOK_BACK), size)) {
    const read = readLeaf(leaf);
    if (!read.ok || read.value.core.event !== 'key_rotated') continue;
    const key = read.value.core.signing_key ?? '';
    const verifier = parseVerifierKey(key);
    if (verifier?.name === origin && verifier.keyId === keyId) return { key, verifier, index };
  }
  return undefined;
}
