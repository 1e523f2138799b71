import type { JsonObject, Value } from '../value/index.ts';
import { numberFromBigInt } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText } from './bytes.ts';
import type { CryptoHost, PrivateKeyForm } from './crypto-host.ts';
import type { Family } from './define.ts';
import { readBase64, readBase64Url } from './encoding.ts';
import { cancelled, fault, typeFault } from './fault.ts';
import type { PemBlock } from './pem.ts';
import { pemBlocks } from './pem.ts';
import { readCertificates } from './x509/certificate.ts';
import { base64, certificateValue } from './x509/certificate-value.ts';
import { sameBytes, X509Fault } from './x509/der.ts';
import type { Certificate, PublicKey } from './x509/nodes.ts';
import { bigIntOfBytes } from './x509/public-key.ts';

const FORMS: Readonly<Record<string, PrivateKeyForm>> = {
  'RSA PRIVATE KEY': 'pkcs1',
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
};

const FAULTS: Readonly<Record<PrivateKeyForm, string>> = {
  pkcs1: 'x509: failed to parse private key (not PKCS #1)',
  pkcs8: 'x509: failed to parse private key (not PKCS #8)',
  sec1: 'x509: failed to parse EC private key',
};

function bytesOfField(key: JsonObject, name: string): Uint8Array {
  const text = readBase64Url(key[name] as string);
  return typeof text === 'string' ? bytesOfText(text) : new Uint8Array();
}

function numberOfField(key: JsonObject, name: string): Value {
  return numberFromBigInt(bigIntOfBytes(bytesOfField(key, name)));
}

/** A private key with Go's fields. */
function privateKeyValue(key: JsonObject): Value {
  if (key['kty'] === 'RSA') {
    const number = (name: string): Value => numberOfField(key, name);
    return {
      N: number('n'),
      E: number('e'),
      D: number('d'),
      Primes: [number('p'), number('q')],
      Precomputed: { Dp: number('dp'), Dq: number('dq'), Qinv: number('qi'), CRTValues: [] },
    };
  }
  if (key['kty'] === 'EC') {
    return { Curve: {}, X: numberOfField(key, 'x'), Y: numberOfField(key, 'y'), D: numberOfField(key, 'd') };
  }
  if (key['crv'] !== 'Ed25519') return {};
  const both = [...bytesOfField(key, 'd'), ...bytesOfField(key, 'x')];
  return base64(Uint8Array.from(both));
}

function readKeys(host: CryptoHost, text: string): readonly JsonObject[] | BuiltinError {
  const decoded = readBase64(text);
  const keys: JsonObject[] = [];
  for (const block of pemBlocks(decoded instanceof BuiltinError ? text : decoded)) {
    const form = FORMS[block.label];
    if (form === undefined) continue;
    const key = host.privateKey(block.bytes, form);
    if (key === undefined) return fault(FAULTS[form]);
    keys.push(key);
  }
  return keys;
}

function withHost(context: BuiltinContext, use: (host: CryptoHost) => BuiltinOutcome): BuiltinOutcome {
  if (context.crypto === undefined) return cancelled('no cryptography was given to this evaluation');
  return use(context.crypto);
}

function parseKeys(context: BuiltinContext, text: string): BuiltinOutcome {
  if (text === '') return null;
  return withHost(context, (host) => {
    const keys = readKeys(host, text);
    return keys instanceof BuiltinError ? keys : keys.map(privateKeyValue);
  });
}

/** The first key as a JSON Web Key. */
function parseWebKey(context: BuiltinContext, text: string): BuiltinOutcome {
  if (text === '') return fault('input PEM data was empty');
  const decoded = text.startsWith('-----BEGIN') ? text : readBase64(text);
  if (decoded instanceof BuiltinError) return decoded;
  return withHost(context, (host) => {
    const keys = readKeys(host, decoded);
    return keys instanceof BuiltinError ? keys : (keys[0] ?? null);
  });
}

/** PEM, or base64 over PEM or DER. */
function blocksOf(text: string, label: string): readonly PemBlock[] | BuiltinError {
  const decoded = text.startsWith('-----BEGIN ') ? text : readBase64(text);
  if (decoded instanceof BuiltinError) return decoded;
  if (decoded.startsWith('-----BEGIN ')) return pemBlocks(decoded);
  return [{ label, bytes: bytesOfText(decoded), rest: '' }];
}

function leafOf(certificates: readonly PemBlock[]): Certificate | BuiltinError {
  try {
    const read = readCertificates(certificates[0]!.bytes);
    return read.length === 1 ? read[0]! : fault('x509: trailing data');
  } catch (caught) {
    if (caught instanceof X509Fault) return fault(caught.message);
    throw caught;
  }
}

/** Whether a private key belongs to a certificate's key. */
function belongs(key: JsonObject, publicKey: PublicKey): boolean {
  const number = (name: string): bigint => bigIntOfBytes(bytesOfField(key, name));
  if (publicKey.kind === 'rsa') return key['kty'] === 'RSA' && number('n') === publicKey.modulus;
  if (publicKey.kind === 'ec') {
    return key['kty'] === 'EC' && number('x') === publicKey.x && number('y') === publicKey.y;
  }
  const isEdwards = publicKey.kind === 'ed25519' && key['crv'] === 'Ed25519';
  return isEdwards && sameBytes(bytesOfField(key, 'x'), publicKey.bytes);
}

function parseKeyPair(context: BuiltinContext, certificateText: string, keyText: Value): BuiltinOutcome {
  // OPA calls both operands the first.
  if (typeof keyText !== 'string') return typeFault(1, keyText, 'string');
  const certificateBlocks = blocksOf(certificateText, 'CERTIFICATE');
  if (certificateBlocks instanceof BuiltinError) return certificateBlocks;
  const keyBlocks = blocksOf(keyText, 'PRIVATE KEY');
  if (keyBlocks instanceof BuiltinError) return keyBlocks;
  const certificates = certificateBlocks.filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) return fault('tls: failed to find any PEM data in certificate input');
  const keyBlock = keyBlocks.find(({ label }) => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY'));
  if (keyBlock === undefined) return fault('tls: failed to find any PEM data in key input');
  const leaf = leafOf(certificates);
  if (leaf instanceof BuiltinError) return leaf;
  return withHost(context, (host) => {
    const key = Object.values(FORMS)
      .map((form) => host.privateKey(keyBlock.bytes, form))
      .find((read) => read !== undefined);
    if (key === undefined) return fault('tls: failed to parse private key');
    if (!belongs(key, leaf.publicKey)) return fault('tls: private key does not match public key');
    return {
      Certificate: certificates.map(({ bytes }) => base64(bytes)),
      PrivateKey: privateKeyValue(key),
      SupportedSignatureAlgorithms: null,
      OCSPStaple: null,
      SignedCertificateTimestamps: null,
      Leaf: certificateValue(leaf),
    };
  });
}

/** Private keys. Source: OPA's `topdown/crypto.go`. */
export const PRIVATE_KEYS: Family = {
  'crypto.parse_private_keys': parseKeys,
  'crypto.x509.parse_rsa_private_key': parseWebKey,
  'crypto.x509.parse_keypair': { call: parseKeyPair, checked: 1 },
};
