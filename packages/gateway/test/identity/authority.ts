import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Bits of a certificate's key usage. */
export const { KeyUsageFlags } = x509;
const { keyCertSign, cRLSign, digitalSignature, keyEncipherment } = KeyUsageFlags;

/** What a certificate of a test may have that an honest one has not. */
export interface LeafOptions {
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  readonly ca?: boolean;
  readonly usages?: number;
  readonly extendedUsages?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface Issued {
  /** PEM, leaf first, with intermediates. */
  readonly cert: string;
  /** PEM, PKCS#8. */
  readonly key: string;
}

export interface Authority {
  readonly trustDomain: string;
  /** PEM of the root. */
  readonly pem: string;
  /** The bundle in SPIFFE's JSON form. */
  bundleJson(): string;
  issue(path: string, options?: LeafOptions): Promise<Issued>;
  /** An authority below this one, whose certificates carry it along. */
  intermediate(options?: { readonly pathLength?: number }): Promise<Authority>;
  jwtSvid(path: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

const HOUR_MS = 3_600_000;
const pemOf = (label: string, bytes: ArrayBuffer) =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

/** A trust domain's authority with real keys: what SPIRE would be. `name` is its distinguished name. */
export async function createAuthority(
  trustDomain: string,
  { name = `CN=${trustDomain}`, keyId = 'jwt-1' }: { readonly name?: string; readonly keyId?: string } = {},
): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 24 * HOUR_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  });
  const jwt = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(jwt.publicKey)), kid: keyId };
  return authorityOf(
    trustDomain,
    { certificate: root, keys, below: '' },
    { jwk, privateKey: jwt.privateKey, keyId },
    root,
  );
}

interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PEM of the intermediates that go with what it issues. */
  readonly below: string;
}

function authorityOf(
  trustDomain: string,
  signer: Signer,
  jwt: { jwk: object; privateKey: webcrypto.CryptoKey; keyId: string },
  root: x509.X509Certificate,
): Authority {
  const idOf = (path: string) => `spiffe://${trustDomain}${path}`;
  const sign = async (subject: string, extensions: x509.Extension[], options: LeafOptions) => {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: signer.certificate.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - HOUR_MS),
      notAfter: options.notAfter ?? new Date(Date.now() + HOUR_MS),
      signingKey: signer.keys.privateKey as never,
      publicKey: keys.publicKey as never,
      signingAlgorithm: ALGORITHM,
      extensions: [
        ...extensions,
        await x509.AuthorityKeyIdentifierExtension.create(signer.keys.publicKey as never),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
      ],
    });
    return { certificate, keys };
  };
  return {
    trustDomain,
    pem: `${root.toString('pem')}\n`,
    bundleJson: () =>
      JSON.stringify({
        spiffe_sequence: 1,
        keys: [
          { use: 'x509-svid', kty: 'EC', x5c: [Buffer.from(root.rawData).toString('base64')] },
          { use: 'jwt-svid', ...jwt.jwk },
          { use: 'some-day', kty: 'EC' },
        ],
      }),
    async issue(path, options = {}) {
      const {
        uris = [idOf(path)],
        dns = [],
        extendedUsages = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
      } = options;
      const names = [
        ...uris.map((value) => ({ type: 'url' as const, value })),
        ...dns.map((value) => ({ type: 'dns' as const, value })),
      ];
      const { certificate, keys } = await sign(
        'CN=workload',
        [
          new x509.BasicConstraintsExtension(options.ca ?? false, undefined, true),
          new x509.KeyUsagesExtension(options.usages ?? digitalSignature | keyEncipherment, true),
          ...(extendedUsages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...extendedUsages])]),
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
        ],
        options,
      );
      const key = pemOf('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
      return { cert: `${certificate.toString('pem')}\n${signer.below}`, key };
    },
    async intermediate({ pathLength } = {}) {
      const { certificate, keys } = await sign(
        `CN=intermediate of ${trustDomain}`,
        [
          new x509.BasicConstraintsExtension(true, pathLength, true),
          new x509.KeyUsagesExtension(keyCertSign, true),
        ],
        {},
      );
      const below = `${certificate.toString('pem')}\n${signer.below}`;
      return authorityOf(trustDomain, { certificate, keys, below }, jwt, root);
    },
    jwtSvid: (path, claims = {}, header = {}) =>
      new SignJWT({
        sub: idOf(path),
        aud: 'https://gateway.example/mcp',
        exp: Math.floor(Date.now() / 1000) + 300,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: jwt.keyId, ...header })
        .sign(jwt.privateKey),
  };
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^./, '1');
}
