import type { MaybeType } from './type.ts';

/** What a value can be, in Rego's words. */
export type ValueKind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

/** The kinds that a value of a type can have, sorted; undefined where it can be anything, or nothing is known. */
export function valueKinds(type: MaybeType): readonly ValueKind[] | undefined {
  const kinds = new Set<ValueKind>();
  return collect(type, kinds) ? [...kinds].sort() : undefined;
}

function collect(type: MaybeType, kinds: Set<ValueKind>): boolean {
  if (type === undefined || type.kind === 'function' || type.kind === 'recursive') return false;
  if (type.kind === 'any')
    return type.members.length > 0 && type.members.every((each) => collect(each, kinds));
  kinds.add(type.kind);
  return true;
}
