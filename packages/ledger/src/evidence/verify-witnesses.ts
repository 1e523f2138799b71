import { type Cosignature, cosignaturesOf, parseWitnessKey } from '../cosignature.ts';
import type { PackProblems } from './pack-problem.ts';

/** Holds the checkpoint against the witnesses that whoever verifies trusts; undefined where none is given. */
export function verifyWitnesses(
  options: { readonly witnessKeys?: readonly string[]; readonly witnessesMin?: number },
  note: string,
  problems: PackProblems,
): readonly Cosignature[] | undefined {
  const { witnessKeys = [], witnessesMin = witnessKeys.length } = options;
  if (witnessKeys.length === 0) return undefined;
  const witnesses = witnessKeys.flatMap((text) => parseWitnessKey(text) ?? []);
  if (witnesses.length < witnessKeys.length)
    problems.add('key_unreadable', "a witness's public key is not of the form `name+id+base64` with type 4");
  const found = cosignaturesOf(note, witnesses);
  if (found.length < witnessesMin)
    problems.add(
      'witness_missing',
      `${found.length} of ${witnessesMin} witnesses have cosigned the checkpoint`,
    );
  return found;
}
