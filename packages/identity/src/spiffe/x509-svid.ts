import type { X509Certificate } from 'node:crypto';
import { id_kp_clientAuth, KeyUsageFlags } from '@peculiar/asn1-x509';
import type { PeerCertificate } from '../credentials.ts';
import type { IdentityRefusal } from '../refusals.ts';
import { extensionsOf } from './extensions.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';
import type { TrustBundle } from './trust-bundle.ts';

export type SvidCheck =
  | { readonly ok: true; readonly id: SpiffeId }
  | { readonly ok: false; readonly refusal: IdentityRefusal };

const PATH_LENGTH_MAX = 8;

/**
 * Checks an X.509-SVID (X509-SVID sections 4 and 5): one URI that is a SPIFFE ID, a leaf that may not sign others, and a
 * path of valid signatures to an authority of its own trust domain. An authority of one domain must never speak for
 * another, so that the path that OpenSSL found to any of them is necessary and not enough.
 */
export function checkX509Svid(
  peer: PeerCertificate,
  bundles: ReadonlyMap<string, TrustBundle>,
  nowMs: number,
): SvidCheck {
  const { leaf, intermediates } = peer;
  const [uri, ...others] = extensionsOf(leaf).uris;
  if (uri === undefined || others.length > 0)
    return refuse('svid_invalid', 'the certificate has not exactly one URI');
  const id = parseSpiffeId(uri);
  if (id === undefined || id.segments.length === 0)
    return refuse('svid_invalid', 'the URI of the certificate is no SPIFFE ID of a workload');
  const form = leafFault(leaf);
  if (form !== undefined) return refuse('svid_invalid', form);
  if (!isTimely(leaf, nowMs)) return refuse('svid_expired', 'the certificate is not within its time');
  const bundle = bundles.get(id.trustDomain);
  if (bundle === undefined)
    return refuse('svid_untrusted', 'the trust domain of the certificate is not known');
  if (!leadsTo(leaf, intermediates, bundle.authorities, nowMs, PATH_LENGTH_MAX))
    return refuse('svid_untrusted', 'no authority of its trust domain vouches for the certificate');
  // Constraints of names and lengths along the path are OpenSSL's to check; it did in the handshake.
  if (peer.pathError !== undefined)
    return refuse('svid_untrusted', `the path of the certificate was refused: ${peer.pathError}`);
  return { ok: true, id };
}

function refuse(code: IdentityRefusal['code'], message: string): SvidCheck {
  return { ok: false, refusal: { code, message } };
}

function leafFault(leaf: X509Certificate): string | undefined {
  const { isAuthority, usages, extendedUsages } = extensionsOf(leaf);
  if (isAuthority) return 'the certificate is an authority';
  if (usages === undefined || (usages & KeyUsageFlags.digitalSignature) === 0)
    return 'the key of the certificate is not for signatures';
  if ((usages & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) !== 0)
    return 'the key of the certificate may sign others';
  return extendedUsages === undefined || extendedUsages.includes(id_kp_clientAuth)
    ? undefined
    : 'the certificate is not for clients';
}

function isTimely({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

/** Every signature is verified: names alone can be given to any key. */
function leadsTo(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  nowMs: number,
  lengthMax: number,
): boolean {
  const signs = (issuer: X509Certificate) =>
    issuer.ca &&
    isTimely(issuer, nowMs) &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey);
  if (authorities.some(signs)) return true;
  if (lengthMax === 0) return false;
  return intermediates.some((issuer) => {
    const others = intermediates.filter((each) => each !== issuer);
    return signs(issuer) && leadsTo(issuer, others, authorities, nowMs, lengthMax - 1);
  });
}
