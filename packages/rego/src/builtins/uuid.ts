import type { Value } from '../value/index.ts';
import { makeObject, numberFromBigInt } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';

const FORMS = [
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}.$/is,
  /^[0-9a-f]{32}$/i,
];

/** Hundreds of nanoseconds between the Gregorian reform of 1582 and 1970. */
const GREGORIAN_OFFSET = 122_192_928_000_000_000n;
const DOMAINS: readonly string[] = ['Person', 'Group', 'Org'];

/** The sixteen bytes of a UUID in any of the usual forms. */
function bytesOf(text: string): readonly number[] | undefined {
  const form = FORMS.findIndex((pattern) => pattern.test(text));
  if (form < 0) return undefined;
  const bare = form === 1 ? text.slice(9) : form === 2 ? text.slice(1, -1) : text;
  return (bare.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function variant(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

function hex(bytes: readonly number[], separator: string): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(separator);
}

function macFlags(byte: number): string {
  return `${byte & 2 ? 'local' : 'global'}:${byte & 1 ? 'multicast' : 'unicast'}`;
}

function parse(_context: BuiltinContext, text: string): BuiltinOutcome {
  const bytes = bytesOf(text);
  if (bytes === undefined) return undefined;
  const version = bytes[6]! >> 4;
  const fields: [string, Value][] = [
    ['version', version],
    ['variant', variant(bytes[8]!)],
  ];
  if (version === 1 || version === 2) {
    const ticks =
      (BigInt(((bytes[6]! & 0xf) << 8) | bytes[7]!) << 48n) |
      BigInt(`0x${hex(bytes.slice(4, 6), '')}${hex(bytes.slice(0, 4), '')}`);
    fields.push(
      ['time', numberFromBigInt((ticks - GREGORIAN_OFFSET) * 100n)],
      ['nodeid', hex(bytes.slice(10), '-')],
      ['macvariables', macFlags(bytes[10]!)],
      ['clocksequence', ((bytes[8]! << 8) | bytes[9]!) & 0x3fff],
    );
  }
  if (version === 2) {
    fields.push(
      ['id', Number.parseInt(hex(bytes.slice(0, 4), ''), 16)],
      ['domain', DOMAINS[bytes[9]!] ?? `Domain${bytes[9]}`],
    );
  }
  return makeObject(fields);
}

/** A random UUID that stays the same for one key within a query. */
function random(context: BuiltinContext, key: string): BuiltinOutcome {
  const memoKey = `uuid.rfc4122 ${key}`;
  const known = context.memo.get(memoKey);
  if (known !== undefined) return known;
  const bytes = Array.from({ length: 16 }, () => Math.floor(context.random() * 256));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = hex(bytes, '');
  const uuid = [0, 8, 12, 16, 20]
    .map((start, index) => digits.slice(start, [8, 12, 16, 20, 32][index]))
    .join('-');
  context.memo.set(memoKey, uuid);
  return uuid;
}

/** UUIDs. Source: OPA's `topdown/uuid.go`. */
export const UUID: Family = { 'uuid.parse': parse, 'uuid.rfc4122': random };
