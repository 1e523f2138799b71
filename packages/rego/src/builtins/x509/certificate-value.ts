import type { Value } from '../../value/index.ts';
import { numberFromBigInt } from '../../value/index.ts';
import type { GoUrl } from '../go-url.ts';
import { ipText } from '../ip-address.ts';
import type { ObjectIdentifier } from './der.ts';
import type {
  AlternativeNames,
  Certificate,
  DistinguishedName,
  Extension,
  IpRange,
  NameConstraints,
  PublicKey,
} from './nodes.ts';
import { bigIntOfBytes } from './public-key.ts';

/** Bytes as Go writes them in JSON. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** A list as Go writes one that nothing was put into. */
export function orNull<Item>(items: readonly Item[], shown: (item: Item) => Value): Value {
  return items.length === 0 ? null : items.map(shown);
}

const NAME_FIELDS: Readonly<Record<string, string>> = {
  '2.5.4.6': 'Country',
  '2.5.4.7': 'Locality',
  '2.5.4.8': 'Province',
  '2.5.4.9': 'StreetAddress',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.17': 'PostalCode',
};

/** A name with Go's fields (`pkix.Name`). */
export function nameValue(name: DistinguishedName): Value {
  const lists: Record<string, string[]> = {};
  const single: Record<string, string> = { CommonName: '', SerialNumber: '' };
  for (const { type, value } of name) {
    const id = type.join('.');
    const field = NAME_FIELDS[id];
    if (field !== undefined) lists[field] = [...(lists[field] ?? []), value];
    else if (id === '2.5.4.3') single['CommonName'] = value;
    else if (id === '2.5.4.5') single['SerialNumber'] = value;
  }
  const fields = Object.values(NAME_FIELDS).map((field) => [field, lists[field] ?? null] as const);
  const names = orNull(name, ({ type, value }) => ({ Type: [...type], Value: value }));
  return { ...Object.fromEntries(fields), ...single, Names: names, ExtraNames: null };
}

/** A key with Go's fields. */
export function publicKeyValue(key: PublicKey): Value {
  switch (key.kind) {
    case 'rsa':
      return { N: numberFromBigInt(key.modulus), E: numberFromBigInt(key.exponent) };
    case 'ec':
      return { Curve: {}, X: numberFromBigInt(key.x), Y: numberFromBigInt(key.y) };
    case 'ed25519':
      return base64(key.bytes);
    case 'dsa': {
      const { p, q, g, y } = key;
      return {
        P: numberFromBigInt(p),
        Q: numberFromBigInt(q),
        G: numberFromBigInt(g),
        Y: numberFromBigInt(y),
      };
    }
    case 'x25519':
      return {};
    case 'unknown':
      return null;
  }
}

export function addressText(bytes: Uint8Array): string {
  return ipText({ bits: bytes.length === 4 ? 32 : 128, value: bigIntOfBytes(bytes) });
}

function urlValue({ scheme, host, path, rawPath, rawQuery, fragment }: GoUrl, text: string): Value {
  const afterScheme = text.slice(text.indexOf(':') + 1);
  const isOpaque = scheme !== '' && !afterScheme.startsWith('/');
  return {
    Scheme: scheme,
    Opaque: isOpaque ? afterScheme.replace(/[?#].*$/s, '') : '',
    User: /^\/\/[^/?#]*@/.test(afterScheme) ? {} : null,
    Host: host,
    Path: isOpaque ? '' : path,
    Fragment: fragment,
    RawQuery: rawQuery,
    RawPath: rawPath,
    RawFragment: '',
    ForceQuery: /\?(?:$|#)/.test(text),
    OmitHost: scheme !== '' && host === '' && /^\/(?!\/)/.test(afterScheme),
  };
}

/** The URIs of a certificate with Go's fields (`url.URL`). */
export function urisValue({ uri }: AlternativeNames): Value {
  return orNull(uri, ({ url, text }) => urlValue(url, text));
}

export function extensionValue({ id, isCritical, value }: Extension): Value {
  return { Id: [...id], Critical: isCritical, Value: base64(value) };
}

const idValue = (id: ObjectIdentifier): Value => [...id];
const idText = (id: ObjectIdentifier): Value => id.join('.');
const itself = (text: string): Value => text;

function rangeValue({ address, mask }: IpRange): Value {
  return { IP: addressText(address), Mask: base64(mask) };
}

function constraintValues(prefix: string, names: NameConstraints | undefined): Record<string, Value> {
  return {
    [`${prefix}DNSDomains`]: orNull(names?.dns ?? [], itself),
    [`${prefix}IPRanges`]: orNull(names?.ip ?? [], rangeValue),
    [`${prefix}EmailAddresses`]: orNull(names?.email ?? [], itself),
    [`${prefix}URIDomains`]: orNull(names?.uri ?? [], itself),
  };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, 'Z');
}

function extensionValues({ known }: Certificate): Record<string, Value> {
  const { basicConstraints, names, constraints, policies } = known;
  const length = basicConstraints?.maxPathLength ?? 0;
  return {
    KeyUsage: known.keyUsage,
    UnhandledCriticalExtensions: orNull(known.unhandledCritical, idValue),
    ExtKeyUsage: orNull(known.extendedUsages, (usage) => usage),
    UnknownExtKeyUsage: orNull(known.unknownUsages, idValue),
    BasicConstraintsValid: basicConstraints !== undefined,
    IsCA: basicConstraints?.isCa ?? false,
    MaxPathLen: length,
    MaxPathLenZero: basicConstraints !== undefined && length === 0,
    SubjectKeyId: known.subjectKeyId === undefined ? null : base64(known.subjectKeyId),
    AuthorityKeyId: known.authorityKeyId === undefined ? null : base64(known.authorityKeyId),
    OCSPServer: orNull(known.ocspServers, itself),
    IssuingCertificateURL: orNull(known.issuingUrls, itself),
    DNSNames: orNull(names.dns, itself),
    EmailAddresses: orNull(names.email, itself),
    IPAddresses: orNull(names.ip, addressText),
    URIs: urisValue(names),
    PermittedDNSDomainsCritical: constraints?.isCritical ?? false,
    ...constraintValues('Permitted', constraints?.permitted),
    ...constraintValues('Excluded', constraints?.excluded),
    CRLDistributionPoints: orNull(known.distributionPoints, itself),
    PolicyIdentifiers: policies === undefined ? null : policies.map(idValue),
    Policies: policies === undefined ? null : orNull(policies, idText),
    InhibitAnyPolicy: known.inhibitAnyPolicy ?? 0,
    InhibitAnyPolicyZero: known.inhibitAnyPolicy === 0,
    InhibitPolicyMapping: known.inhibitPolicyMapping ?? 0,
    InhibitPolicyMappingZero: known.inhibitPolicyMapping === 0,
    RequireExplicitPolicy: known.requireExplicitPolicy ?? 0,
    RequireExplicitPolicyZero: known.requireExplicitPolicy === 0,
    PolicyMappings: orNull(known.policyMappings, ({ issuer, subject }) => ({
      IssuerDomainPolicy: idText(issuer),
      SubjectDomainPolicy: idText(subject),
    })),
  };
}

/** A certificate with Go's fields (`x509.Certificate`). */
export function certificateValue(certificate: Certificate): Record<string, Value> {
  return {
    Raw: base64(certificate.raw),
    RawTBSCertificate: base64(certificate.rawToBeSigned),
    RawSubjectPublicKeyInfo: base64(certificate.rawPublicKey),
    RawSubject: base64(certificate.rawSubject),
    RawIssuer: base64(certificate.rawIssuer),
    Signature: base64(certificate.signature),
    SignatureAlgorithm: certificate.signatureAlgorithm,
    PublicKeyAlgorithm: certificate.publicKeyAlgorithm,
    PublicKey: publicKeyValue(certificate.publicKey),
    Version: certificate.version,
    SerialNumber: numberFromBigInt(certificate.serialNumber),
    Issuer: nameValue(certificate.issuer),
    Subject: nameValue(certificate.subject),
    NotBefore: timeText(certificate.notBefore),
    NotAfter: timeText(certificate.notAfter),
    Extensions: orNull(certificate.extensions, extensionValue),
    ExtraExtensions: null,
    ...extensionValues(certificate),
  };
}

/** As OPA shows certificates: with the texts of its URIs beside. */
export function extendedCertificateValue(certificate: Certificate): Value {
  const uris = orNull(certificate.known.names.uri, ({ text }) => text);
  return { ...certificateValue(certificate), URIStrings: uris };
}
