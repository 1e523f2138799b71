import type { Value } from '../value/index.ts';
import {
  isObject,
  makeObject,
  numberAsWritten,
  numberText,
  objectEntries,
  RegoNumber,
  RegoSet,
} from '../value/index.ts';

/** A value as it goes from one thread to another, which keeps no classes. */
export type Transported =
  | null
  | boolean
  | number
  | string
  | { readonly n: string }
  | { readonly a: readonly Transported[] }
  | { readonly s: readonly Transported[] }
  | { readonly o: readonly (readonly [Transported, Transported])[] };

/** Writes a value for another thread. */
export function toTransport(value: Value): Transported {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof RegoNumber) return { n: numberText(value) };
  if (Array.isArray(value)) return { a: (value as readonly Value[]).map(toTransport) };
  if (value instanceof RegoSet) return { s: value.sorted().map(toTransport) };
  if (!isObject(value)) throw new TypeError('not a value of Rego');
  return { o: objectEntries(value).map(([key, member]) => [toTransport(key), toTransport(member)]) };
}

/** Reads what another thread wrote. */
export function fromTransport(sent: Transported): Value {
  if (sent === null || typeof sent !== 'object') return sent;
  if ('n' in sent) return numberAsWritten(sent.n) ?? null;
  if ('a' in sent) return sent.a.map(fromTransport);
  if ('s' in sent) return RegoSet.from(sent.s.map(fromTransport));
  return makeObject(sent.o.map(([key, member]) => [fromTransport(key), fromTransport(member)] as const));
}
