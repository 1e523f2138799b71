import { isPlainObject, RegoNumber, RegoObject, RegoSet, type Value } from '@writ/rego';

/** Does the value hold a number that a double would change: then what is read is not what the policy said. */
export function isInexact(value: Value): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (value instanceof RegoNumber) return true;
  if (value instanceof RegoSet) return value.sorted().some(isInexact);
  if (Array.isArray(value)) return (value as readonly Value[]).some(isInexact);
  if (value instanceof RegoObject)
    return [...value.entries()].some(([key, member]) => isInexact(key) || isInexact(member));
  return isPlainObject(value) && Object.values(value).some(isInexact);
}
