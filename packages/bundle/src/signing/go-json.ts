import { compareCodePoints } from './order.ts';

/** A JSON value whose numbers keep the text that they were written with. */
export type TextualJson =
  | null
  | boolean
  | string
  | NumberText
  | readonly TextualJson[]
  | { readonly [key: string]: TextualJson };

/** A number as it was written: `1.0` and `1` are different bytes to a hash. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

interface ReviverContext {
  readonly source?: string;
}

/** Reads JSON and keeps the text of numbers. Throws a `SyntaxError` for what is not JSON. */
export function parseTextual(text: string): TextualJson {
  const reviver = (_key: string, value: unknown, context: ReviverContext): unknown =>
    typeof value === 'number' ? new NumberText(context.source ?? String(value)) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as TextualJson;
}

/**
 * The form of a document that OPA hashes (OPA 1.22, `v1/bundle/hash.go`): keys in the order of their UTF-8 bytes, no
 * spaces, numbers as written, strings as Go's `encoding/json` writes them without escaping HTML.
 */
export function goJson(value: TextualJson): string {
  if (value instanceof NumberText) return value.text;
  if (typeof value === 'string') return goString(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isArray(value)) return `[${value.map(goJson).join(',')}]`;
  const keys = Object.keys(value).sort(compareCodePoints);
  return `{${keys.map((key) => `${goString(key)}:${goJson(value[key]!)}`).join(',')}}`;
}

function isArray(value: TextualJson): value is readonly TextualJson[] {
  return Array.isArray(value);
}

/** Go escapes the two line separators, and knows no lone surrogates: its reader makes U+FFFD of them. */
function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
