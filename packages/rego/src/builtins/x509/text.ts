import { bytesOfText, textOfBytes } from '../bytes.ts';
import { Der, TAG, X509Fault } from './der.ts';
import type { DistinguishedName, NameAttribute } from './nodes.ts';

/** What Go lets through as a PrintableString: more than X.680 does. */
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;
const NUMERIC = /^[0-9 ]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is the seven-bit alphabet, control characters included
const IA5 = /^[\x00-\x7f]*$/;

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Text of seven-bit characters. */
export function ia5Text(bytes: Uint8Array, problem: string): string {
  const text = latin1(bytes);
  if (!IA5.test(text)) throw new X509Fault(problem);
  return text;
}

/** Text of bytes as Go keeps it, which looks at no encoding. */
export function anyText(bytes: Uint8Array): string {
  return textOfBytes(bytes);
}

function matching(bytes: Uint8Array, pattern: RegExp, name: string): string {
  const text = latin1(bytes);
  if (!pattern.test(text)) throw new X509Fault(attributeProblem(`invalid ${name}`));
  return text;
}

function attributeProblem(problem: string): string {
  return `x509: invalid RDNSequence: invalid attribute value: ${problem}`;
}

function bmpText(bytes: Uint8Array): string {
  const problem = attributeProblem('invalid BMPString');
  if (bytes.length % 2 !== 0) throw new X509Fault(problem);
  const end = bytes.length >= 2 && bytes.at(-1) === 0 && bytes.at(-2) === 0 ? bytes.length - 2 : bytes.length;
  let text = '';
  for (let at = 0; at < end; at += 2) {
    const point = bytes[at]! * 256 + bytes[at + 1]!;
    if (point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) || (point >= 0xd800 && point <= 0xdfff)) {
      throw new X509Fault(problem);
    }
    text += String.fromCharCode(point);
  }
  return text;
}

function attributeText(tag: number, bytes: Uint8Array): string {
  switch (tag) {
    case TAG.t61String:
      return latin1(bytes);
    case TAG.printableString:
      return matching(bytes, PRINTABLE, 'PrintableString');
    case TAG.numericString:
      return matching(bytes, NUMERIC, 'NumericString');
    case TAG.ia5String:
      return matching(bytes, IA5, 'IA5String');
    case TAG.bmpString:
      return bmpText(bytes);
    case TAG.utf8String: {
      const text = textOfBytes(bytes);
      if (!text.isWellFormed() || bytesOfText(text).length !== bytes.length) {
        throw new X509Fault(attributeProblem('invalid UTF-8 string'));
      }
      return text;
    }
    default:
      throw new X509Fault(attributeProblem(`unsupported string type: ${tag}`));
  }
}

/** Reads a distinguished name from its DER. */
export function readName(whole: Uint8Array): DistinguishedName {
  const problem = 'x509: invalid RDNSequence';
  const names = new Der(whole).read(TAG.sequence, problem);
  const attributes: NameAttribute[] = [];
  while (!names.isEmpty) {
    const set = names.read(TAG.set, problem);
    while (!set.isEmpty) {
      const attribute = set.read(TAG.sequence, `${problem}: invalid attribute`);
      const type = attribute.objectIdentifier(`${problem}: invalid attribute type`);
      const value = attribute.next();
      if (value === undefined) throw new X509Fault(`${problem}: invalid attribute value`);
      attributes.push({ type, value: attributeText(value.tag, value.content.bytes) });
    }
  }
  return attributes;
}
