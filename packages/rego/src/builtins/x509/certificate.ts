import { publicKeyAlgorithmOf, readAlgorithm, signatureAlgorithmOf } from './algorithms.ts';
import { contextTag, Der, rightAligned, sameBytes, TAG, X509Fault } from './der.ts';
import { knownExtensions } from './extensions.ts';
import type { Certificate, Extension, PublicKey } from './nodes.ts';
import { readPublicKey } from './public-key.ts';
import { readName } from './text.ts';

/** Seconds since 1970 of a UTCTime or a GeneralizedTime. */
function readTime(der: Der): number {
  const isShort = der.nextTag === TAG.utcTime;
  if (!isShort && der.nextTag !== TAG.generalizedTime) throw new X509Fault('x509: unsupported time format');
  const problem = `x509: malformed ${isShort ? 'UTCTime' : 'GeneralizedTime'}`;
  const text = String.fromCharCode(...der.read(isShort ? TAG.utcTime : TAG.generalizedTime, problem).bytes);
  const form = isShort
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const found = form.exec(text);
  if (found === null) throw new X509Fault(problem);
  const [short, month, day, hour, minute, second = 0] = found.slice(1).map((digits) => Number(digits ?? 0));
  const year = isShort ? (short! >= 50 ? 1900 : 2000) + short! : short!;
  const time = new Date(0);
  time.setUTCFullYear(year, month! - 1, day!);
  time.setUTCHours(hour!, minute!, second);
  const isExact =
    time.getUTCMonth() === month! - 1 && time.getUTCDate() === day! && time.getUTCHours() === hour!;
  if (!isExact || minute! > 59 || second > 59) throw new X509Fault(problem);
  return time.getTime() / 1000;
}

export interface KeyInfo {
  readonly raw: Uint8Array;
  readonly algorithm: number;
  readonly key: PublicKey;
}

/** Reads a `SubjectPublicKeyInfo`. */
export function readKeyInfo(der: Der): KeyInfo {
  const { whole: raw, content } = der.element(TAG.sequence, 'x509: malformed spki');
  const identifier = content.read(TAG.sequence, 'x509: malformed public key algorithm identifier');
  const algorithm = readAlgorithm(identifier);
  const bits = content.bitString('x509: malformed subjectPublicKey');
  return {
    raw,
    algorithm: publicKeyAlgorithmOf(algorithm),
    key: readPublicKey(algorithm, rightAligned(bits)),
  };
}

/** Reads one extension. */
export function readExtension(der: Der): Extension {
  const id = der.objectIdentifier('x509: malformed extension OID field');
  const problem = 'x509: malformed extension critical field';
  const isCritical = der.nextTag === TAG.boolean && der.boolean(problem);
  const value = der.read(TAG.octetString, 'x509: malformed extension value field').bytes;
  return { id, isCritical, value };
}

function readExtensions(tbs: Der): readonly Extension[] {
  const problem = 'x509: malformed extensions';
  const sequence = tbs.optional(contextTag(3, true), problem)?.read(TAG.sequence, problem);
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  while (sequence !== undefined && !sequence.isEmpty) {
    const extension = readExtension(sequence.read(TAG.sequence, 'x509: malformed extension'));
    const name = extension.id.join('.');
    if (seen.has(name)) {
      throw new X509Fault(`x509: certificate contains duplicate extension with OID "${name}"`);
    }
    seen.add(name);
    extensions.push(extension);
  }
  return extensions;
}

function readVersion(tbs: Der): number {
  const problem = 'x509: malformed version';
  const number = tbs.optional(contextTag(0, true), problem)?.integer(problem) ?? 0n;
  if (number < 0n) throw new X509Fault(problem);
  if (number > 2n) throw new X509Fault('x509: invalid version');
  return Number(number) + 1;
}

function readCertificate(der: Der): Certificate {
  const outer = der.element(TAG.sequence, 'x509: malformed certificate');
  const { whole: rawToBeSigned, content: tbs } = outer.content.element(
    TAG.sequence,
    'x509: malformed tbs certificate',
  );
  const version = readVersion(tbs);
  const serialNumber = tbs.integer('x509: malformed serial number');
  if (serialNumber < 0n) throw new X509Fault('x509: negative serial number');
  const inner = tbs.read(TAG.sequence, 'x509: malformed signature algorithm identifier');
  const repeated = outer.content.read(TAG.sequence, 'x509: malformed algorithm identifier');
  if (!sameBytes(inner.bytes, repeated.bytes)) {
    throw new X509Fault("x509: inner and outer signature algorithm identifiers don't match");
  }
  const signatureAlgorithm = signatureAlgorithmOf(readAlgorithm(inner));
  const rawIssuer = tbs.element(TAG.sequence, 'x509: malformed issuer').whole;
  const issuer = readName(rawIssuer);
  const validity = tbs.read(TAG.sequence, 'x509: malformed validity');
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  const rawSubject = tbs.element(TAG.sequence, 'x509: malformed issuer').whole;
  const subject = readName(rawSubject);
  const keyInfo = readKeyInfo(tbs);
  if (version > 1) {
    tbs.optional(contextTag(1), 'x509: malformed issuerUniqueID');
    tbs.optional(contextTag(2), 'x509: malformed subjectUniqueID');
  }
  const extensions = version === 3 ? readExtensions(tbs) : [];
  const known = knownExtensions(extensions);
  const signature = rightAligned(outer.content.bitString('x509: malformed signature'));
  return {
    raw: outer.whole,
    rawToBeSigned,
    rawPublicKey: keyInfo.raw,
    rawSubject,
    rawIssuer,
    signature,
    signatureAlgorithm,
    publicKeyAlgorithm: keyInfo.algorithm,
    publicKey: keyInfo.key,
    version,
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    extensions,
    known,
  };
}

/** Reads certificates that stand one behind the other; throws `X509Fault` where one of them is none. */
export function readCertificates(bytes: Uint8Array): readonly Certificate[] {
  const der = new Der(bytes);
  const certificates: Certificate[] = [];
  while (!der.isEmpty) certificates.push(readCertificate(der));
  return certificates;
}
