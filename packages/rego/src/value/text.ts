import { numberText, RegoNumber } from './number.ts';
import type { ObjectValue } from './object.ts';
import { objectEntries } from './object.ts';
import { RegoSet } from './set.ts';
import type { Value } from './value.ts';

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

const NEEDS_ESCAPE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;
const NEEDS_ASCII_ESCAPE = /["\\]|[^\x20-\x7e]/gu;

/** A string in quotes with Go's escapes; with `ascii` everything beyond ASCII is escaped. */
export function quote(text: string, ascii = false): string {
  return `"${text.replace(ascii ? NEEDS_ASCII_ESCAPE : NEEDS_ESCAPE, escapeCodePoint)}"`;
}

function escapeCodePoint(character: string): string {
  const named = NAMED_ESCAPES[character];
  if (named !== undefined) return named;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** A value as Rego source: `{"a": [1, 2]}`, `{1, 2}` for a set, `set()` for the empty one. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || value instanceof RegoNumber) return numberText(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (value instanceof RegoSet) {
    return value.size === 0 ? 'set()' : `{${value.sorted().map(valueText).join(', ')}}`;
  }
  const pairs = objectEntries(value as ObjectValue);
  return `{${pairs.map(([key, member]) => `${valueText(key)}: ${valueText(member)}`).join(', ')}}`;
}
