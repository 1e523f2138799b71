import type { CryptoHost } from '../crypto-host.ts';
import { flatSignature, schemeOf } from './algorithms.ts';
import { comparisonCount, fitConstraints } from './constraints.ts';
import { sameBytes } from './der.ts';
import { isForHost } from './host-name.ts';
import type { Certificate } from './nodes.ts';
import { coordinateBytes } from './public-key.ts';

/** What a chain is checked for. */
export interface VerifyOptions {
  readonly dnsName: string;
  /** Seconds since 1970, with a fraction. */
  readonly time: number;
  /** Numbers of Go's table of usages; one of them must be allowed. */
  readonly usages: readonly number[];
  readonly comparisonsMax: number;
}

/** `digitalSignature` is bit 0 of the key's usage; signing certificates bit 5. */
const USAGE_SIGN_CERTIFICATES = 1 << 5;
const USAGE_ANY = 0;
const SIGNATURE_CHECKS_MAX = 100;

interface Search {
  readonly host: CryptoHost;
  readonly root: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly options: VerifyOptions;
  checks: number;
  comparisons: number;
}

function isSignedBy(host: CryptoHost, certificate: Certificate, parent: Certificate): boolean {
  const { basicConstraints, keyUsage } = parent.known;
  if (parent.version === 3 && basicConstraints === undefined) return false;
  if (basicConstraints !== undefined && !basicConstraints.isCa) return false;
  if (keyUsage !== 0 && (keyUsage & USAGE_SIGN_CERTIFICATES) === 0) return false;
  const algorithm = schemeOf(certificate.signatureAlgorithm);
  const key = host.publicKey(parent.rawPublicKey);
  if (algorithm === undefined || key === undefined) return false;
  const kinds = { E: 'ec', R: 'rsa', P: 'rsa' } as const;
  const wanted = algorithm === 'EdDSA' ? 'ed25519' : kinds[algorithm[0] as 'E' | 'R' | 'P'];
  if (key.kind !== wanted) return false;
  const signature =
    key.kind === 'ec'
      ? flatSignature(certificate.signature, coordinateBytes(key.curve))
      : certificate.signature;
  if (signature === undefined) return false;
  return host.verify(algorithm, key, certificate.rawToBeSigned, signature, 'digest');
}

/** What holds of each certificate of a chain where it stands (RFC 5280, 6.1). */
function isValidAt(
  certificate: Certificate,
  role: 'leaf' | 'intermediate' | 'root',
  below: readonly Certificate[],
  search: Search,
): boolean {
  const { known } = certificate;
  const { time } = search.options;
  if (known.unhandledCritical.length > 0) return false;
  const child = below.at(-1);
  if (child !== undefined && !sameBytes(child.rawIssuer, certificate.rawSubject)) return false;
  if (time < certificate.notBefore || time > certificate.notAfter) return false;
  if (role !== 'leaf') {
    for (const { known: lower } of below) {
      search.comparisons += comparisonCount(lower.names, known);
      if (search.comparisons > search.options.comparisonsMax) return false;
      if (!fitConstraints(lower.names, known)) return false;
    }
  }
  const { basicConstraints } = known;
  if (role === 'intermediate' && basicConstraints?.isCa !== true) return false;
  if (basicConstraints === undefined || basicConstraints.maxPathLength < 0) return true;
  return below.length - 1 <= basicConstraints.maxPathLength;
}

function isInChain(certificate: Certificate, chain: readonly Certificate[]): boolean {
  return chain.some(
    (other) =>
      sameBytes(other.rawSubject, certificate.rawSubject) &&
      sameBytes(other.rawPublicKey, certificate.rawPublicKey) &&
      sameAlternativeNames(other, certificate),
  );
}

function sameAlternativeNames(a: Certificate, b: Certificate): boolean {
  const value = ({ extensions }: Certificate): Uint8Array | undefined =>
    extensions.find(({ id }) => id.join('.') === '2.5.29.17')?.value;
  const [one, other] = [value(a), value(b)];
  return one === undefined || other === undefined ? one === other : sameBytes(one, other);
}

/** Parents whose key is named by the certificate first, those with another key last. */
function ranked(certificate: Certificate, candidates: readonly Certificate[]): readonly Certificate[] {
  const rank = ({ known: { subjectKeyId } }: Certificate): number => {
    const { authorityKeyId } = certificate.known;
    if (subjectKeyId === undefined && authorityKeyId === undefined) return 0;
    if (subjectKeyId === undefined || authorityKeyId === undefined) return 1;
    return sameBytes(subjectKeyId, authorityKeyId) ? 0 : 2;
  };
  return candidates
    .filter((candidate) => sameBytes(candidate.rawSubject, certificate.rawIssuer))
    .toSorted((a, b) => rank(a) - rank(b));
}

/** Every chain from the last certificate of `chain` to the root, by depth. */
function* chainsFrom(chain: readonly Certificate[], search: Search): Generator<readonly Certificate[]> {
  const certificate = chain.at(-1)!;
  const steps = [
    ...ranked(certificate, [search.root]).map((parent) => [parent, 'root'] as const),
    ...ranked(certificate, search.intermediates).map((parent) => [parent, 'intermediate'] as const),
  ];
  for (const [parent, role] of steps) {
    if (isInChain(parent, chain)) continue;
    search.checks += 1;
    if (search.checks > SIGNATURE_CHECKS_MAX) return;
    if (!isSignedBy(search.host, certificate, parent)) continue;
    if (!isValidAt(parent, role, chain, search)) continue;
    if (role === 'root') yield [...chain, parent];
    else yield* chainsFrom([...chain, parent], search);
  }
}

/** Whether every certificate that limits its use allows one of the usages, and the same one. */
function allowsUsage(chain: readonly Certificate[], usages: readonly number[]): boolean {
  if (usages.includes(USAGE_ANY)) return true;
  return usages.some((usage) =>
    chain.every(({ known: { extendedUsages, unknownUsages } }) => {
      if (extendedUsages.length === 0 && unknownUsages.length === 0) return true;
      return extendedUsages.includes(usage) || extendedUsages.includes(USAGE_ANY);
    }),
  );
}

/**
 * The chain from a certificate to the root, or nothing: signatures, times, roles, names and uses, as Go checks them.
 * Chains that demand explicit policies are refused.
 */
export function verifiedChain(
  host: CryptoHost,
  certificates: readonly Certificate[],
  options: VerifyOptions,
): readonly Certificate[] | undefined {
  if (certificates.length < 2) return undefined;
  const [root] = certificates as [Certificate];
  const leaf = certificates.at(-1)!;
  const search: Search = {
    host,
    root,
    intermediates: certificates.slice(1, -1),
    options,
    checks: 0,
    comparisons: 0,
  };
  if (!isValidAt(leaf, 'leaf', [], search)) return undefined;
  if (options.dnsName !== '' && !isForHost(leaf, options.dnsName)) return undefined;
  const chains = sameBytes(leaf.raw, root.raw) ? [[leaf]] : chainsFrom([leaf], search);
  for (const chain of chains) {
    const isFree = chain.every(({ known }) => (known.requireExplicitPolicy ?? -1) < 0);
    if (isFree && allowsUsage(chain, options.usages)) return chain;
  }
  return undefined;
}
