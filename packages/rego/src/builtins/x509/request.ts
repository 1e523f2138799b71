import type { Value } from '../../value/index.ts';
import { readAlgorithm, signatureAlgorithmOf } from './algorithms.ts';
import { readExtension, readKeyInfo } from './certificate.ts';
import {
  addressText,
  base64,
  extensionValue,
  nameValue,
  orNull,
  publicKeyValue,
  urisValue,
} from './certificate-value.ts';
import { contextTag, Der, rightAligned, TAG, X509Fault } from './der.ts';
import { noNames, readAlternativeNames } from './extensions.ts';
import type { AlternativeNames, Extension } from './nodes.ts';
import { readName } from './text.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAMES = '2.5.29.17';
/** What Go's reader of ASN.1 says of anything that has not the form asked for. */
const PROBLEM = "asn1: structure error: tags don't match";

interface Attribute {
  readonly id: readonly number[];
  readonly values: Der;
}

function attributesOf(info: Der): readonly Attribute[] {
  const set = info.optional(contextTag(0, true), PROBLEM);
  const attributes: Attribute[] = [];
  while (set !== undefined && !set.isEmpty) {
    const attribute = set.read(TAG.sequence, PROBLEM);
    attributes.push({ id: attribute.objectIdentifier(PROBLEM), values: attribute.read(TAG.set, PROBLEM) });
  }
  return attributes;
}

/** An attribute whose values are lists of pairs, with Go's fields; undefined where it has another form. */
function attributeValue({ id, values }: Attribute): Value | undefined {
  const lists: Value[] = [];
  const set = new Der(values.bytes);
  while (!set.isEmpty) {
    const list = set.nextTag === TAG.sequence ? set.next() : undefined;
    if (list === undefined) return undefined;
    const pairs: Value[] = [];
    while (!list.content.isEmpty) {
      const pair = list.content.nextTag === TAG.sequence ? list.content.next()?.content : undefined;
      if (pair === undefined || pair.nextTag !== TAG.objectIdentifier) return undefined;
      const type = [...pair.objectIdentifier(PROBLEM)];
      const value = pair.next();
      if (value === undefined) return undefined;
      pairs.push({ Type: type, Value: plainValue(value.tag, value.content.bytes) });
    }
    lists.push(pairs);
  }
  return { Type: [...id], Value: lists };
}

function plainValue(tag: number, bytes: Uint8Array): Value {
  if (tag === TAG.boolean) return bytes[0] === 0xff;
  if (tag === TAG.octetString) return base64(bytes);
  return null;
}

function requestedExtensions(attributes: readonly Attribute[]): readonly Extension[] {
  const request = attributes.find(({ id }) => id.join('.') === EXTENSION_REQUEST);
  if (request === undefined) return [];
  const sequence = new Der(request.values.bytes).read(TAG.sequence, PROBLEM);
  const extensions: Extension[] = [];
  while (!sequence.isEmpty) extensions.push(readExtension(sequence.read(TAG.sequence, PROBLEM)));
  return extensions;
}

function namesOf(extensions: readonly Extension[]): AlternativeNames {
  const found = extensions.find(({ id }) => id.join('.') === ALTERNATIVE_NAMES);
  return found === undefined ? noNames() : readAlternativeNames(found.value);
}

/** Reads a request for a certificate (RFC 2986) into Go's fields (`x509.CertificateRequest`). */
export function certificateRequestValue(bytes: Uint8Array): Value {
  const der = new Der(bytes);
  const outer = der.element(TAG.sequence, PROBLEM);
  if (!der.isEmpty) throw new X509Fault('asn1: syntax error: trailing data');
  const info = outer.content.element(TAG.sequence, PROBLEM);
  const version = info.content.integer(PROBLEM);
  const rawSubject = info.content.element(TAG.sequence, PROBLEM).whole;
  const keyInfo = readKeyInfo(info.content);
  const attributes = attributesOf(info.content);
  const algorithm = readAlgorithm(outer.content.read(TAG.sequence, PROBLEM));
  const signature = rightAligned(outer.content.bitString(PROBLEM));
  const extensions = requestedExtensions(attributes);
  const names = namesOf(extensions);
  return {
    Raw: base64(outer.whole),
    RawTBSCertificateRequest: base64(info.whole),
    RawSubjectPublicKeyInfo: base64(keyInfo.raw),
    RawSubject: base64(rawSubject),
    Version: Number(version),
    Signature: base64(signature),
    SignatureAlgorithm: signatureAlgorithmOf(algorithm),
    PublicKeyAlgorithm: keyInfo.algorithm,
    PublicKey: publicKeyValue(keyInfo.key),
    Subject: nameValue(readName(rawSubject)),
    Attributes: orNull(
      attributes.map(attributeValue).filter((value) => value !== undefined),
      (value) => value,
    ),
    Extensions: orNull(extensions, extensionValue),
    ExtraExtensions: null,
    DNSNames: orNull(names.dns, (text) => text),
    EmailAddresses: orNull(names.email, (text) => text),
    IPAddresses: orNull(names.ip, addressText),
    URIs: urisValue(names),
  };
}
