import type { Json } from '@writ/decision';

/** The value at an RFC 6901 pointer, or undefined where there is none; never reached through a prototype. */
export function valueAt(document: Json | undefined, pointer: string): Json | undefined {
  if (pointer === '') return document;
  let value = document;
  for (const raw of pointer.slice(1).split('/')) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value))
      value = /^(0|[1-9][0-9]*)$/.test(step) ? (value as readonly Json[])[Number(step)] : undefined;
    else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step))
      value = (value as { [key: string]: Json })[step];
    else return undefined;
  }
  return value;
}
