import { type NoteVerifier, parseVerifierKey } from '../note.ts';
import type { PackProblems } from './pack-problem.ts';

/** The keys that can be read; the others are findings. */
export function readPackKeys(texts: readonly string[], problems: PackProblems): readonly NoteVerifier[] {
  return texts.flatMap((text) => {
    const verifier = parseVerifierKey(text);
    if (verifier !== undefined) return [verifier];
    problems.add('key_unreadable', 'a given public key is not of the form `name+id+base64`');
    return [];
  });
}
