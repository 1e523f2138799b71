import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  KeyUsage,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';

/** What of a certificate's extensions Node does not tell. */
export interface CertificateExtensions {
  /** URIs of the subject's alternative name. */
  readonly uris: readonly string[];
  /** What the basic constraints say; Node's `ca` is false too where the key may not sign certificates. */
  readonly isAuthority: boolean;
  /** Bits of `KeyUsageFlags`; undefined where the extension is absent. */
  readonly usages: number | undefined;
  /** Object identifiers; undefined where the extension is absent. */
  readonly extendedUsages: readonly string[] | undefined;
}

const known = new WeakMap<X509Certificate, CertificateExtensions>();

/** Read from the ASN.1 itself: names in their text form can be made to look like several. */
export function extensionsOf(certificate: X509Certificate): CertificateExtensions {
  const before = known.get(certificate);
  if (before !== undefined) return before;
  const { extensions = [] } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  const extensionValue = (id: string) => extensions.find(({ extnID }) => extnID === id)?.extnValue;
  const names = extensionValue(id_ce_subjectAltName);
  const usages = extensionValue(id_ce_keyUsage);
  const extended = extensionValue(id_ce_extKeyUsage);
  const constraints = extensionValue(id_ce_basicConstraints);
  const read: CertificateExtensions = {
    uris:
      names === undefined
        ? []
        : [...AsnConvert.parse(names, SubjectAlternativeName)].flatMap(
            ({ uniformResourceIdentifier: uri }) => (uri === undefined ? [] : [uri]),
          ),
    isAuthority: constraints !== undefined && AsnConvert.parse(constraints, BasicConstraints).cA,
    usages: usages === undefined ? undefined : AsnConvert.parse(usages, KeyUsage).toNumber(),
    extendedUsages: extended === undefined ? undefined : [...AsnConvert.parse(extended, ExtendedKeyUsage)],
  };
  known.set(certificate, read);
  return read;
}
