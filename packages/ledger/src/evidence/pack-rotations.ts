import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import type { FollowedRotation } from '../follow-rotations.ts';
import { type NoteVerifier, parseNote, parseVerifierKey } from '../note.ts';
import { verifyConsistency, verifyInclusion } from '../proof.ts';
import { readLeaf } from '../read-entry.ts';
import { leafHash } from '../tree-hash.ts';
import type { EvidenceManifest, ShownRotation } from './pack.ts';
import { hashesOf } from './pack-hashes.ts';
import type { PackProblems } from './pack-problem.ts';

/** The keys to verify a pack with, and how those that were not given were come to. */
export interface PackKeys {
  readonly verifiers: readonly NoteVerifier[];
  readonly followed: readonly FollowedRotation[];
}

/**
 * Follows the changes of the key that a pack shows: where a known key signed a checkpoint over an entry that names another
 * key, and that one signed it too. What a key signed that is not known is no finding: nobody has to believe it.
 */
export function followPackRotations(
  { origin, rotations = [] }: EvidenceManifest,
  given: readonly NoteVerifier[],
  problems: PackProblems,
): PackKeys {
  const verifiers = [...given];
  const followed: FollowedRotation[] = [];
  for (const rotation of rotations) {
    const reading = openCheckpoint(
      rotation.note,
      verifiers.filter(({ name }) => name === origin),
    );
    if (!reading.ok || reading.checkpoint.origin !== origin) continue;
    const named = namedKey(rotation, reading.checkpoint);
    if (named === undefined) {
      const message = `entry ${rotation.index} is not shown to name a key that signed beside the one before`;
      problems.add('rotation_unproven', message, rotation.index);
      continue;
    }
    if (verifiers.some(({ name, keyId }) => name === named.verifier.name && keyId === named.verifier.keyId))
      continue;
    verifiers.push(named.verifier);
    followed.push({ key: named.key, index: rotation.index, size: reading.checkpoint.size });
  }
  return { verifiers, followed };
}

function namedKey(
  { note, index, leaf: text, inclusion }: ShownRotation,
  { origin, size, root }: Checkpoint,
): { readonly key: string; readonly verifier: NoteVerifier } | undefined {
  const bytes = Buffer.from(text);
  if (!verifyInclusion(leafHash(bytes), index, size, hashesOf(inclusion), root)) return undefined;
  const leaf = readLeaf(bytes);
  if (!leaf.ok || leaf.value.core.kind !== 'administrative' || leaf.value.core.event !== 'key_rotated')
    return undefined;
  const key = leaf.value.core.signing_key ?? '';
  const verifier = parseVerifierKey(key);
  if (verifier?.name !== origin || !openCheckpoint(note, [verifier]).ok) return undefined;
  return { key, verifier };
}

/**
 * Whether a checkpoint is one that only a key before the given ones signed. Where the key was changed, whoever holds a later
 * one can say nothing about it, and needs not to: it bounds times, and a pack may be without.
 */
export function isOfUnknownKey(
  { rotations = [] }: EvidenceManifest,
  note: string,
  verifiers: readonly NoteVerifier[],
): boolean {
  const signatures = parseNote(note)?.signatures ?? [];
  if (rotations.length === 0 || signatures.length === 0) return false;
  return !signatures.some(({ name, keyId }) =>
    verifiers.some((each) => each.name === name && each.keyId === keyId),
  );
}

/** The log that a pack is of has to be the one in which its key was changed. */
export function verifyContinued(
  { rotations = [] }: EvidenceManifest,
  { verifiers }: PackKeys,
  latest: Checkpoint,
  problems: PackProblems,
): void {
  for (const { note, index, proof } of rotations) {
    const reading = openCheckpoint(note, verifiers);
    if (!reading.ok) continue;
    const { size, root } = reading.checkpoint;
    if (verifyConsistency(size, root, latest.size, latest.root, hashesOf(proof))) continue;
    problems.add(
      'consistency',
      `the checkpoint does not continue the log whose key changed at entry ${index}`,
    );
  }
}
