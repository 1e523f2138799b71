import type { JsonObject } from './value.ts';

/** Order of strings by code point, which is the byte order of their UTF-8. */
export function compareStrings(a: string, b: string): number {
  const size = Math.min(a.length, b.length);
  for (let index = 0; index < size; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA === unitB) continue;
    // A surrogate belongs to a code point above every unit that is none.
    const surrogateA = (unitA & 0xf800) === 0xd800;
    const surrogateB = (unitB & 0xf800) === 0xd800;
    return surrogateA === surrogateB ? unitA - unitB : surrogateA ? 1 : -1;
  }
  return a.length - b.length;
}

/** The keys of a plain object in Rego's order (JavaScript would put integer-like ones first). */
export function sortedNames(object: JsonObject): string[] {
  const names = Object.keys(object);
  for (let index = 1; index < names.length; index++) {
    if (compareStrings(names[index - 1]!, names[index]!) > 0) return names.sort(compareStrings);
  }
  return names;
}
