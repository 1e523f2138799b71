import type { ObjectValue, Value } from '../value/index.ts';
import { fromJson, makeObject, objectEntries, RegoSet, toJson, valueText } from '../value/index.ts';
import type { BuiltinContext, BuiltinError, BuiltinOutcome } from './builtin.ts';
import { bytesOfText, hexOfBytes, textOfBytes } from './bytes.ts';
import type { Family } from './define.ts';
import { fault, operandFault } from './fault.ts';
import { membersOf } from './operand.ts';

function toBase64(text: string): string {
  return btoa(Array.from(bytesOfText(text), (byte) => String.fromCharCode(byte)).join(''));
}

/** Strict base64 with padding (line ends are skipped, as Go skips them); undefined where it is none. */
function fromBase64(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) return undefined;
  return textOfBytes(Uint8Array.from(atob(compact), (unit) => unit.charCodeAt(0)));
}

/** Where Go's decoder gives up on a text that is no base64 with padding: a byte's index. */
function base64FaultAt(text: string): number {
  const bytes = bytesOfText(text);
  const isBreak = (index: number) => bytes[index] === 0x0a || bytes[index] === 0x0d;
  let filled = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (isBreak(index)) continue;
    const unit = String.fromCharCode(bytes[index]!);
    if (/[A-Za-z0-9+/]/.test(unit)) {
      filled = (filled + 1) % 4;
      continue;
    }
    if (unit !== '=' || filled < 2) return index;
    let next = index + 1;
    while (isBreak(next)) next++;
    if (filled === 3 || next >= bytes.length) return filled === 3 ? next : bytes.length;
    return String.fromCharCode(bytes[next]!) === '=' ? next + 1 : next;
  }
  return bytes.length - filled;
}

function base64Fault(text: string): BuiltinError {
  return fault(`illegal base64 data at input byte ${base64FaultAt(text)}`);
}

/** What base64 with padding stands for. */
export function readBase64(text: string): string | BuiltinError {
  return fromBase64(text) ?? base64Fault(text);
}

function decodeBase64(_context: BuiltinContext, text: string): BuiltinOutcome {
  return readBase64(text);
}

function toUrlAlphabet(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Base64 of the URL alphabet, with or without padding, as OPA reads it. */
export function readBase64Url(text: string): string | BuiltinError {
  const missing = text.endsWith('=') ? 0 : (4 - (bytesOfText(text).length % 4)) % 4;
  if (missing === 3) return fault(`illegal base64url string: ${text}`);
  // The plain alphabet's own signs stand for something else here; a sign that no alphabet has takes their place.
  const plain = text.replace(/[+/]/g, '!').replaceAll('-', '+').replaceAll('_', '/') + '='.repeat(missing);
  return fromBase64(plain) ?? base64Fault(plain);
}

/** Bytes as base64 of the URL alphabet without padding. */
export function writeBase64Url(text: string): string {
  return toUrlAlphabet(toBase64(text)).replace(/=+$/, '');
}

function decodeHex(_context: BuiltinContext, text: string): BuiltinOutcome {
  const bytes = bytesOfText(text);
  const wrong = bytes.find((byte) => !/[0-9a-fA-F]/.test(String.fromCharCode(byte)));
  if (wrong !== undefined) {
    const number = wrong.toString(16).toUpperCase().padStart(4, '0');
    const sign = String.fromCharCode(wrong);
    const isShown = /[\u0020-\u007e\u00a1-\u00ac\u00ae-\u00ff]/.test(sign);
    return fault(`encoding/hex: invalid byte: U+${number}${isShown ? ` '${sign}'` : ''}`);
  }
  if (text.length % 2 === 1) return fault('encoding/hex: odd length hex string');
  return textOfBytes(Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}

const QUERY_PLAIN = /[A-Za-z0-9\-_.~]/;

function queryEscape(text: string): string {
  let escaped = '';
  for (const byte of bytesOfText(text)) {
    const character = String.fromCharCode(byte);
    if (QUERY_PLAIN.test(character)) escaped += character;
    else escaped += byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** Undefined where a percent sign is followed by no two hexadecimal digits. */
function queryUnescape(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  if (!/[%+]/.test(text)) return text;
  const bytes: number[] = [];
  const source = bytesOfText(text);
  for (let index = 0; index < source.length; index++) {
    const byte = source[index]!;
    if (byte === 0x25) {
      bytes.push(Number.parseInt(String.fromCharCode(source[index + 1]!, source[index + 2]!), 16));
      index += 2;
    } else {
      bytes.push(byte === 0x2b ? 0x20 : byte);
    }
  }
  return textOfBytes(Uint8Array.from(bytes));
}

function invalidEscape(text: string): BuiltinOutcome {
  const at = text.search(/%(?![0-9a-fA-F]{2})/);
  return fault(`invalid URL escape ${JSON.stringify(text.slice(at, at + 3))}`);
}

function decodeQuery(_context: BuiltinContext, text: string): BuiltinOutcome {
  return queryUnescape(text) ?? invalidEscape(text);
}

const NOT_STRINGS = 'values must be string, array[string], or set[string]';

function encodeQueryObject(_context: BuiltinContext, object: ObjectValue): BuiltinOutcome {
  const pairs: string[] = [];
  const named = objectEntries(object).map(
    ([key, value]) => [typeof key === 'string' ? key : toJson(key), value] as const,
  );
  for (const [key, value] of objectEntries(makeObject(named)) as readonly (readonly [string, Value])[]) {
    const isList = Array.isArray(value) || value instanceof RegoSet;
    const values = isList ? membersOf(value as readonly Value[] | RegoSet) : [value];
    for (const member of values) {
      if (typeof member !== 'string') return operandFault(1, NOT_STRINGS);
      pairs.push(`${queryEscape(key)}=${queryEscape(member)}`);
    }
  }
  return pairs.join('&');
}

function decodeQueryObject(_context: BuiltinContext, text: string): BuiltinOutcome {
  const values = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair.includes(';')) return fault('invalid semicolon separator in query');
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = queryUnescape(equals < 0 ? pair : pair.slice(0, equals));
    const value = queryUnescape(equals < 0 ? '' : pair.slice(equals + 1));
    if (key === undefined || value === undefined) return invalidEscape(pair);
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return makeObject(values);
}

function marshal(_context: BuiltinContext, value: Value): BuiltinOutcome {
  return toJson(value, { escapeHtml: true });
}

interface MarshalOptions {
  isPretty: boolean | undefined;
  isImplied: boolean;
  prefix: string;
  indent: string;
}

function marshalWithOptions(_context: BuiltinContext, value: Value, options: ObjectValue): BuiltinOutcome {
  const chosen: MarshalOptions = { isPretty: undefined, isImplied: false, prefix: '', indent: '\t' };
  for (const [key, option] of objectEntries(options)) {
    if (key === 'pretty') {
      if (typeof option !== 'boolean') return operandFault(2, 'key pretty failed cast to bool');
      chosen.isPretty = option;
    } else if (key === 'prefix' || key === 'indent') {
      if (typeof option !== 'string') return operandFault(2, `key ${key} failed cast to string`);
      chosen[key] = option;
      chosen.isImplied = true;
    } else {
      return operandFault(2, `object contained unknown key ${valueText(key)}`);
    }
  }
  if (!(chosen.isPretty ?? chosen.isImplied)) return toJson(value, { escapeHtml: true });
  return chosen.prefix + indented(value, chosen.prefix, chosen.indent, 0);
}

function indented(value: Value, prefix: string, indent: string, depth: number): string {
  const isList = Array.isArray(value) || value instanceof RegoSet;
  const isObject = !isList && typeof value === 'object' && value !== null && toJson(value).startsWith('{');
  if (!isList && !isObject) return toJson(value, { escapeHtml: true });
  const line = `\n${prefix}${indent.repeat(depth + 1)}`;
  const members = isList
    ? membersOf(value as readonly Value[] | RegoSet).map((member) =>
        indented(member, prefix, indent, depth + 1),
      )
    : objectEntries(value as ObjectValue).map(([key, member]) => {
        const name = toJson(typeof key === 'string' ? key : toJson(key), { escapeHtml: true });
        return `${name}: ${indented(member, prefix, indent, depth + 1)}`;
      });
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return `${open}${close}`;
  return `${open}${line}${members.join(`,${line}`)}\n${prefix}${indent.repeat(depth)}${close}`;
}

function unmarshal(_context: BuiltinContext, text: string): BuiltinOutcome {
  const value = fromJson(text, { asWritten: true });
  return value === undefined ? fault('invalid JSON') : value;
}

/** Whether a text is JSON. */
export function isJson(text: Value): boolean {
  if (typeof text !== 'string') return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON and byte encodings. Source: OPA's `topdown/encoding.go`. */
export const ENCODING: Family = {
  'json.marshal': marshal,
  'json.marshal_with_options': marshalWithOptions,
  'json.unmarshal': unmarshal,
  'json.is_valid': { call: (_context: BuiltinContext, text: Value) => isJson(text), checked: 0 },
  'base64.encode': (_context, text: string) => toBase64(text),
  'base64.decode': decodeBase64,
  'base64.is_valid': {
    call: (_context: BuiltinContext, text: Value) =>
      typeof text === 'string' && fromBase64(text) !== undefined,
    checked: 0,
  },
  'base64url.encode': (_context, text: string) => toUrlAlphabet(toBase64(text)),
  'base64url.encode_no_pad': (_context, text: string) => writeBase64Url(text),
  'base64url.decode': (_context, text: string) => readBase64Url(text),
  'hex.encode': (_context, text: string) => hexOfBytes(bytesOfText(text)),
  'hex.decode': decodeHex,
  'urlquery.encode': (_context, text: string) => queryEscape(text),
  'urlquery.decode': decodeQuery,
  'urlquery.encode_object': encodeQueryObject,
  'urlquery.decode_object': decodeQueryObject,
};
