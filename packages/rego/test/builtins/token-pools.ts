import type { KeyObject } from 'node:crypto';
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonObject, Value } from '../../src/value/index.ts';

const SECRET = 'a shared secret of the tests';
const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa: Pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa: Pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
const edwards: Pair = generateKeyPairSync('ed25519');
const elliptic: Readonly<Record<string, Pair>> = Object.fromEntries(
  Object.entries(CURVES).map(([name, namedCurve]) => [name, generateKeyPairSync('ec', { namedCurve })]),
);

function pairFor(alg: string): Pair {
  if (alg === 'EdDSA') return edwards;
  return elliptic[alg] ?? rsa;
}

function signature(alg: string, data: Buffer): Buffer {
  const digest = `sha${alg.slice(2)}`;
  if (alg.startsWith('HS')) return createHmac(digest, SECRET).update(data).digest();
  if (alg === 'none') return Buffer.alloc(0);
  const key = pairFor(alg).privateKey;
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg.startsWith('ES')) return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' });
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return sign(digest, data, { key, padding, ...(alg.startsWith('PS') && alg !== 'PS384' && { saltLength }) });
}

function encoded(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function token(alg: string, claims: unknown, header: object = {}, signedAs = alg): string {
  const content = `${encoded({ alg, typ: 'JWT', ...header })}.${encoded(claims)}`;
  return `${content}.${signature(signedAs, Buffer.from(content)).toString('base64url')}`;
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLAIMS = { sub: 'a', iss: 'issuer', aud: ['x', 'y'], exp: 4_000_000_000, nbf: 1 };
const inner = token('ES256', CLAIMS);

const TOKENS: readonly string[] = [
  ...[...ALGORITHMS, 'HS256', 'HS384', 'HS512'].map((alg) => token(alg, { sub: alg, exp: 4_000_000_000.5 })),
  ...ALGORITHMS.map((alg) => token(alg, CLAIMS, { kid: alg })),
  token('none', CLAIMS),
  token('HS256', CLAIMS, {}, 'RS256'),
  token('RS256', CLAIMS, {}, 'PS256'),
  token('ES256', CLAIMS, {}, 'ES384'),
  token('RS256', { ...CLAIMS, exp: 5 }),
  token('RS256', { ...CLAIMS, exp: 'soon' }),
  token('RS256', { ...CLAIMS, nbf: 9_000_000_000 }),
  token('RS256', { ...CLAIMS, nbf: null }),
  token('RS256', { aud: 'x' }),
  token('RS256', { aud: 7 }),
  token('RS256', CLAIMS, { crit: ['b64'] }),
  token('RS256', CLAIMS, { crit: ['b64'], b64: true }),
  token('RS256', CLAIMS, { crit: [] }),
  token('RS256', CLAIMS, { crit: 'x' }),
  token('RS256', CLAIMS, { kid: 1 }),
  token('RS256', CLAIMS, { enc: 'A128' }),
  token('RS256', '[1]'),
  token('RS256', '{'),
  token('RS256', JSON.stringify(inner), { cty: 'JWT' }),
  token('ES256', inner, { cty: 'jwt' }),
  token('ES256', inner, { cty: 'JWT' }),
  token('FOO', CLAIMS, {}, 'none'),
  ...[
    inner.slice(0, -3),
    `${inner}AA`,
    inner.replace('.', '..'),
    'a.b',
    'abc',
    '..',
    'e30.e30.',
    '!.e30.',
    'e30.!.',
    'e30.e30.!',
  ],
  `${inner.slice(0, -8)}AAAAAAAA`,
];

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}

function jwk(key: KeyObject, said: object = {}): JsonObject {
  return { ...(key.export({ format: 'jwk' }) as JsonObject), ...said };
}

const SECRET_KEY = { kty: 'oct', k: encoded(SECRET) };
const KEYS: readonly string[] = [
  ...['RS256', ...Object.keys(CURVES), 'EdDSA'].flatMap((alg) => {
    const { publicKey } = pairFor(alg);
    return [pem(publicKey), JSON.stringify(jwk(publicKey))];
  }),
  JSON.stringify({ keys: ALGORITHMS.map((alg) => jwk(pairFor(alg).publicKey, { alg, kid: alg })) }),
  JSON.stringify({ keys: ALGORITHMS.map((alg) => jwk(pairFor(alg).publicKey)) }),
  JSON.stringify({ keys: [jwk(rsa.publicKey, { alg: 'RS512' }), jwk(rsa.publicKey, { alg: 'ES256K' })] }),
  JSON.stringify({ keys: [jwk(rsa.publicKey, { alg: 'XX' })] }),
  JSON.stringify({ keys: [] }),
  JSON.stringify({ keys: [jwk(otherRsa.publicKey, { kid: 'RS256' }), jwk(rsa.publicKey)] }),
  JSON.stringify(jwk(otherRsa.publicKey)),
  `${pem(rsa.publicKey)}x`,
  pem(rsa.publicKey).replace(/PUBLIC/g, 'SECRET'),
  pem(rsa.publicKey).replace('MII', 'MIJ'),
  '{"kty": "RSA"}',
  '{"kty": "nope"}',
  '{',
  '[]',
];

const CONSTRAINTS: readonly Value[] = KEYS.flatMap((cert): Value[] => [
  { cert },
  { cert, aud: 'x', iss: 'issuer', time: 1_600_000_000_000_000_000 },
]).concat([
  { secret: SECRET },
  { secret: 'wrong' },
  { secret: SECRET, alg: 'HS256' },
  { secret: SECRET, cert: KEYS[0]! },
  { cert: JSON.stringify(SECRET_KEY) },
  { cert: KEYS[0]!, alg: 'RS256' },
  { cert: KEYS[0]!, alg: 'ES256' },
  { cert: KEYS[0]!, time: -1 },
  { cert: KEYS[0]!, time: 'x' },
  { cert: KEYS[0]!, aud: 'z' },
  { cert: KEYS[0]!, iss: 'z' },
  { cert: KEYS[0]!, iss: 1 },
  { cert: 1 },
  { nope: 1 },
  {},
]);

const HEADERS: readonly JsonObject[] = [
  { alg: 'HS256', typ: 'JWT' },
  { alg: 'HS384' },
  { alg: 'HS512', typ: 'text' },
  { alg: 'RS256' },
  { alg: 'RS512', '<': '&' },
  { alg: 'EdDSA' },
  { alg: 'ES256x' },
  { alg: 1 },
  {},
];
const SIGNING_KEYS: readonly JsonObject[] = [
  SECRET_KEY,
  jwk(rsa.privateKey),
  jwk(edwards.privateKey),
  jwk(rsa.publicKey),
  { keys: [SECRET_KEY] },
  { keys: [] },
  { kty: 'oct' },
  {},
];
const PAYLOADS: readonly Value[] = [{ sub: 'ä<' }, {}, [1], 'text', 0.5];

/** Operands of `io.jwt.*`, by name; signatures that no two runs make alike are left out. */
export const TOKEN_POOLS: Readonly<Record<string, readonly (readonly Value[])[]>> = {
  'io.jwt.decode': [TOKENS],
  'io.jwt.decode_verify': [TOKENS, CONSTRAINTS],
  'io.jwt.encode_sign': [HEADERS, PAYLOADS, SIGNING_KEYS],
  'io.jwt.encode_sign_raw': [
    [...HEADERS.map((header) => JSON.stringify(header)), '', '{', '"x"', '{"alg": "HS256", "typ": 1}'],
    ['{}', '', 'text', '{"a": 1}'],
    SIGNING_KEYS.map((key) => JSON.stringify(key)),
  ],
  ...Object.fromEntries(
    ALGORITHMS.map((alg) => [`io.jwt.verify_${alg.toLowerCase()}`, [TOKENS, KEYS]] as const),
  ),
  ...Object.fromEntries(
    ['hs256', 'hs384', 'hs512'].map(
      (alg) => [`io.jwt.verify_${alg}`, [TOKENS, [SECRET, 'wrong', '']]] as const,
    ),
  ),
};
