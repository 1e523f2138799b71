import { arrayIndex, type Json, parsePointer } from '@writ/decision';

/** The value at an RFC 6901 pointer, or undefined where there is none; never reached through a prototype. */
export function valueAt(document: Json | undefined, pointer: string): Json | undefined {
  const steps = parsePointer(pointer);
  if (steps === undefined) return undefined;
  let value = document;
  for (const step of steps) {
    if (Array.isArray(value)) {
      const index = arrayIndex(step, value.length);
      value = index === undefined ? undefined : (value as readonly Json[])[index];
    } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) {
      value = (value as { [key: string]: Json })[step];
    } else return undefined;
  }
  return value;
}
