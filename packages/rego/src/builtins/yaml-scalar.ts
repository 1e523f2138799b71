import type { NumberValue, Value } from '../value/index.ts';
import { numberFromBigInt, numberFromText } from '../value/index.ts';

/** A plain YAML scalar as go-yaml takes it: its tag and value. A number out of JSON's reach has no value. */
export type PlainScalar =
  | { readonly tag: 'null' | 'bool' | 'int' | 'float' | 'merge' | 'timestamp'; readonly value: Value }
  | { readonly tag: 'str'; readonly value: string }
  | { readonly tag: 'infinite'; readonly value: string };

const WORDS: ReadonlyMap<string, PlainScalar> = new Map<string, PlainScalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, { tag: 'null', value: null }] as const),
  ...['true', 'True', 'TRUE'].map((text) => [text, { tag: 'bool', value: true }] as const),
  ...['false', 'False', 'FALSE'].map((text) => [text, { tag: 'bool', value: false }] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, { tag: 'infinite', value: '.nan' }] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (text) => [text, { tag: 'infinite', value: '.inf' }] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, { tag: 'infinite', value: '-.inf' }] as const),
  ['<<', { tag: 'merge', value: '<<' }],
]);

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const TIMESTAMP = /^\d{4}-(\d\d?)-(\d\d?)(?:[Tt ](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** An integer in any of the notations that go-yaml knows; those of YAML 1.1 stay (`0777` is octal). */
function integer(text: string): bigint | undefined {
  const found = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (found === null) return undefined;
  const digits = found[2]!;
  const isOctal = /^0[0-7]+$/.test(digits);
  const size = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  const value = found[1] === '-' ? -size : size;
  if (value < INT64_MIN || value > UINT64_MAX) return undefined;
  return found[1] === '+' && value > -INT64_MIN - 1n ? undefined : value;
}

/** The double that Go reads, as Go's JSON writes it. */
function float(text: string): NumberValue | undefined {
  const double = Number(text);
  return Number.isFinite(double) ? (numberFromText(String(double)) ?? 0) : undefined;
}

function isTimestamp(text: string): boolean {
  const found = TIMESTAMP.exec(text);
  if (found === null) return false;
  const [month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const isClock = hour < 24 && minute < 60 && second < 60;
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(text.slice(10));
  const isForm = found[3] === undefined || (text.includes(' ') ? !hasZone : hasZone);
  const year = Number(text.slice(0, 4));
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return isClock && isForm && month >= 1 && month <= 12 && day >= 1 && day <= days;
}

/** What a plain scalar stands for. Source: YAML 1.2 core schema and what go-yaml v3 keeps of YAML 1.1. */
export function resolvePlain(text: string): PlainScalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return { tag: 'str', value: text };
  if (text.startsWith('.')) {
    const value = FLOAT.test(text) ? float(text) : undefined;
    return value === undefined ? { tag: 'str', value: text } : { tag: 'float', value };
  }
  if (isTimestamp(text)) return { tag: 'timestamp', value: text };
  const compact = text.replaceAll('_', '');
  const whole = integer(compact);
  if (whole !== undefined) return { tag: 'int', value: numberFromBigInt(whole) };
  const value = FLOAT.test(compact) ? float(compact) : undefined;
  return value === undefined ? { tag: 'str', value: text } : { tag: 'float', value };
}

/** Whether a text holds characters that no YAML text may hold. */
export function findUnreadable(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/.test(text);
}
