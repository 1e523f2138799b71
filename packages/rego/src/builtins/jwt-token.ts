import type { ObjectValue, Value } from '../value/index.ts';
import { fromJson, isObject, objectEntries, objectGet } from '../value/index.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText } from './bytes.ts';
import { readBase64Url } from './encoding.ts';
import { fault } from './fault.ts';

/** A token in compact form, its header read. Source: RFC 7515, OPA's `topdown/tokens.go`. */
export interface Token {
  readonly header: ObjectValue;
  /** The payload, decoded. */
  readonly payload: string | BuiltinError;
  /** The signature's bytes. */
  readonly signature: Uint8Array | BuiltinError;
  /** What the signature is over. */
  readonly signed: Uint8Array;
}

/** The parameters of a header that verification looks at; absent ones are empty. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** A critical parameter that nothing here understands. */
  readonly hasUnknownCritical: boolean;
}

/** The three sections of a token, still encoded. */
export function tokenSections(text: string): readonly [string, string, string] | BuiltinError {
  if (!text.includes('.')) return fault('encoded JWT had no period separators');
  const sections = text.split('.');
  if (sections.length !== 3) return fault(`encoded JWT must have 3 sections, found ${sections.length}`);
  return sections as [string, string, string];
}

/** Puts words in front of a failure. */
export function prefixed(words: string, error: BuiltinError): BuiltinError {
  return new BuiltinError(error.code, `${words}: ${error.message}`);
}

/** A text that must be a JSON object. */
export function readJsonObject(text: string): ObjectValue | BuiltinError {
  const value = fromJson(text);
  if (value === undefined) return fault('invalid JSON');
  return isObject(value) ? value : fault('decoded JSON type was not an Object');
}

/** Bytes of a section. */
export function sectionBytes(section: string): Uint8Array | BuiltinError {
  const decoded = readBase64Url(section);
  return decoded instanceof BuiltinError ? decoded : bytesOfText(decoded);
}

function readHeader(section: string): ObjectValue | BuiltinError {
  const text = readBase64Url(section);
  if (text instanceof BuiltinError) return prefixed('JWT header had invalid encoding', text);
  const header = readJsonObject(text);
  if (header instanceof BuiltinError) return prefixed('bad JWT header', header);
  if (objectGet(header, 'enc') !== undefined) return fault('JWT is a JWE object, which is not supported');
  return header;
}

/** Takes a token apart. Payload and signature may be faulty; who uses them looks. */
export function readToken(text: string): Token | BuiltinError {
  const sections = tokenSections(text);
  if (sections instanceof BuiltinError) return sections;
  const header = readHeader(sections[0]);
  if (header instanceof BuiltinError) return header;
  return {
    header,
    payload: readBase64Url(sections[1]),
    signature: sectionBytes(sections[2]),
    signed: bytesOfText(`${sections[0]}.${sections[1]}`),
  };
}

const TEXT_PARAMETERS = ['alg', 'cty', 'kid', 'typ'];

/** Checks the header's parameters. */
export function tokenHeader(header: ObjectValue): TokenHeader | BuiltinError {
  const texts: Record<string, string> = { alg: '', cty: '', kid: '' };
  const unknown: Value[] = [];
  let critical: readonly Value[] = [];
  for (const [name, value] of objectEntries(header)) {
    if (name === 'crit') {
      if (!Array.isArray(value)) return fault('crit: must be a list');
      // Members behind one that is no text count for nothing.
      const end = value.findIndex((member) => typeof member !== 'string');
      critical = end < 0 ? value : value.slice(0, end);
      if (critical.length === 0) return fault('crit: must be a nonempty list');
    } else if (TEXT_PARAMETERS.includes(name as string)) {
      if (typeof value !== 'string') return fault(`${name}: must be a string`);
      texts[name as string] = value;
    } else unknown.push(name);
  }
  const { alg, cty, kid } = texts as { alg: string; cty: string; kid: string };
  return { alg, cty, kid, hasUnknownCritical: unknown.some((name) => critical.includes(name)) };
}
