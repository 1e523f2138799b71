import { X509Certificate } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';

/** What a trust domain's identities are checked with (SPIFFE Trust Domain and Bundle). */
export interface TrustBundle {
  readonly trustDomain: string;
  readonly authorities: readonly X509Certificate[];
  readonly jwtKeys: JSONWebKeySet;
}

/** Trust bundles that may change while the gateway runs. */
export interface BundleSource {
  /** By trust domain. A new map whenever something changed, so that identity tells whether it did. */
  current(): ReadonlyMap<string, TrustBundle>;
  onChange(listener: () => void): void;
  close(): Promise<void> | void;
}

/** Thrown for a text that is no trust bundle; the message says why. */
export class TrustBundleError extends Error {}

/** Reads a bundle: certificates in PEM, or the JSON form with `x509-svid` and `jwt-svid` keys. */
export function parseTrustBundle(trustDomain: string, text: string): TrustBundle {
  const bundle = text.trimStart().startsWith('{')
    ? parseJsonBundle(trustDomain, text)
    : { trustDomain, authorities: certificatesIn(text), jwtKeys: { keys: [] } };
  if (bundle.authorities.length === 0 && bundle.jwtKeys.keys.length === 0)
    throw new TrustBundleError(`the trust bundle of ${trustDomain} holds no certificate and no key`);
  const notCa = bundle.authorities.find(({ ca }) => !ca);
  if (notCa !== undefined)
    throw new TrustBundleError(`the trust bundle of ${trustDomain} holds a certificate that is no authority`);
  return bundle;
}

function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => readCertificate(block));
}

function readCertificate(data: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(data);
  } catch (cause) {
    throw new TrustBundleError('a certificate of the trust bundle cannot be read', { cause });
  }
}

function parseJsonBundle(trustDomain: string, text: string): TrustBundle {
  let keys: unknown;
  try {
    keys = (JSON.parse(text) as { keys?: unknown }).keys;
  } catch (cause) {
    throw new TrustBundleError(`the trust bundle of ${trustDomain} is no JSON`, { cause });
  }
  if (!Array.isArray(keys)) throw new TrustBundleError(`the trust bundle of ${trustDomain} has no \`keys\``);
  // Keys of another use are ignored, as the specification has it; so are those of JWT-SVIDs without an id.
  const ofUse = (use: string) => (keys as readonly JWK[]).filter((key) => key?.use === use);
  const authorities = ofUse('x509-svid').map(({ x5c }) => {
    const [first, ...others] = x5c ?? [];
    if (first === undefined || others.length > 0)
      throw new TrustBundleError('a key of use `x509-svid` holds not exactly one certificate');
    return readCertificate(Buffer.from(first, 'base64'));
  });
  // `use` in JSON Web Keys is for signatures to jose; that of SPIFFE is not.
  const jwtKeys = ofUse('jwt-svid')
    .filter(({ kid }) => typeof kid === 'string' && kid !== '')
    .map(({ use: _use, ...key }) => key);
  return { trustDomain, authorities, jwtKeys: { keys: jwtKeys } };
}
