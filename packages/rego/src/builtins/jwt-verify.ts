import type { NumberValue, ObjectValue, Value } from '../value/index.ts';
import {
  compareNumbers,
  isNumber,
  isObject,
  makeObject,
  objectEntries,
  objectGet,
  RegoNumber,
  valueText,
} from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText, hexOfBytes } from './bytes.ts';
import type { CryptoHost, SignatureAlgorithm } from './crypto-host.ts';
import type { DigestAlgorithm } from './digest.ts';
import { fault, typeFault } from './fault.ts';
import type { VerificationKey } from './jwt-keys.ts';
import {
  hostCrypto,
  isKeyExactlyFor,
  isKeyFor,
  isSecretSignature,
  isSignatureAlgorithm,
  readVerificationKeys,
  SECRET_ALGORITHMS,
} from './jwt-keys.ts';
import type { Token, TokenHeader } from './jwt-token.ts';
import {
  prefixed,
  readJsonObject,
  readToken,
  sectionBytes,
  tokenHeader,
  tokenSections,
} from './jwt-token.ts';
import { trimEnd, trimStart } from './trim-ends.ts';

/** Tokens inside tokens that are unwrapped. */
const NESTING_MAX = 64;

const QUOTES = '"\'';

/** The token without a look at its signature. */
export function decodeToken(_context: BuiltinContext, text: string): BuiltinOutcome {
  let encoded = text;
  for (let depth = 0; depth < NESTING_MAX; depth++) {
    const token = readToken(encoded);
    if (token instanceof BuiltinError) return token;
    const { payload, signature } = token;
    if (payload instanceof BuiltinError) return prefixed('JWT payload had invalid encoding', payload);
    if (objectGet(token.header, 'cty') === 'JWT') {
      encoded = trimStart(trimEnd(payload, QUOTES), QUOTES);
      continue;
    }
    const claims = readJsonObject(payload);
    if (claims instanceof BuiltinError) return claims;
    if (signature instanceof BuiltinError) return prefixed('JWT signature had invalid encoding', signature);
    return [token.header, claims, hexOfBytes(signature)];
  }
  return fault('tokens are nested too deeply');
}

type Holds = (key: VerificationKey) => boolean;

/** The key of the header's id where there is one, else any whose algorithm does not say otherwise. */
function isHeldByOne(header: TokenHeader, keys: readonly VerificationKey[], holds: Holds): boolean {
  const named = header.kid === '' ? undefined : keys.find(({ kid }) => kid === header.kid);
  if (named !== undefined) return holds(named);
  return keys.some((key) => (key.alg === '' || key.alg === header.alg) && holds(key));
}

/** `io.jwt.verify_rs256` and its like: the builtin says which algorithm it is, not the token. */
export function verifySignature(algorithm: SignatureAlgorithm) {
  return (context: BuiltinContext, text: string, keyText: Value): BuiltinOutcome => {
    const sections = tokenSections(text);
    if (sections instanceof BuiltinError) return sections;
    if (typeof keyText !== 'string') return typeFault(2, keyText, 'string');
    const keys = readVerificationKeys(context, keyText);
    if (keys instanceof BuiltinError) return keys;
    const signature = sectionBytes(sections[2]);
    if (signature instanceof BuiltinError) return signature;
    const token = readToken(text);
    if (token instanceof BuiltinError) return token;
    const header = tokenHeader(token.header);
    if (header instanceof BuiltinError) return header;
    const crypto = hostCrypto(context);
    if (crypto instanceof BuiltinError) return crypto;
    return isHeldByOne(
      header,
      keys,
      ({ key }) =>
        !(key instanceof Uint8Array) &&
        !key.isPrivate &&
        isKeyFor(algorithm, key) &&
        crypto.verify(algorithm, key, token.signed, signature, 'any'),
    );
  };
}

/** `io.jwt.verify_hs256` and its like. */
export function verifySecret(algorithm: DigestAlgorithm) {
  return (_context: BuiltinContext, text: string, secret: string): BuiltinOutcome => {
    const sections = tokenSections(text);
    if (sections instanceof BuiltinError) return sections;
    const signature = sectionBytes(sections[2]);
    if (signature instanceof BuiltinError) return signature;
    const signed = bytesOfText(`${sections[0]}.${sections[1]}`);
    return isSecretSignature(algorithm, bytesOfText(secret), signed, signature);
  };
}

interface Constraints {
  readonly keys: readonly VerificationKey[] | undefined;
  readonly secret: string;
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Seconds since 1970. */
  readonly time: number;
}

function seconds(time: Value): number | BuiltinError {
  if (!isNumber(time)) return fault('token time constraint: must be a number');
  const nanoseconds = time instanceof RegoNumber ? time.nearest : time;
  if (!Number.isFinite(nanoseconds)) return fault('token time constraint: unvalid float64');
  if (nanoseconds < 0) return fault('token time constraint: must not be negative');
  return nanoseconds / 1e9;
}

function readConstraints(context: BuiltinContext, given: ObjectValue): Constraints | BuiltinError {
  const texts: Record<string, string> = { secret: '', alg: '', iss: '', aud: '' };
  let keys: readonly VerificationKey[] | undefined;
  let time: number | undefined;
  for (const [name, value] of objectEntries(given)) {
    if (name === 'cert') {
      if (typeof value !== 'string') return fault('cert constraint: must be a string');
      const read = readVerificationKeys(context, value);
      if (read instanceof BuiltinError) return read;
      keys = read;
    } else if (name === 'time') {
      const read = seconds(value);
      if (read instanceof BuiltinError) return read;
      time = read;
    } else if (typeof name === 'string' && Object.hasOwn(texts, name)) {
      if (typeof value !== 'string') return fault(`${name} constraint: must be a string`);
      texts[name] = value;
    } else return fault(`unknown token validation constraint: ${valueText(name).replace(/^"|"$/g, '')}`);
  }
  const { secret, alg, iss, aud } = texts as { secret: string; alg: string; iss: string; aud: string };
  if (keys !== undefined && secret !== '') return fault('duplicate key constraints');
  if (keys === undefined && secret === '') return fault('no key constraint');
  return { keys, secret, alg, iss, aud, time: time ?? Number(context.timeNs) / 1e9 };
}

/** Whether the token's own algorithm and a key trusted for it bear the signature out. A key never changes its kind. */
function isSigned(
  crypto: CryptoHost | undefined,
  constraints: Constraints,
  header: TokenHeader,
  token: Token,
  signature: Uint8Array,
): boolean {
  const { alg } = header;
  const digest = Object.hasOwn(SECRET_ALGORITHMS, alg) ? SECRET_ALGORITHMS[alg] : undefined;
  const bySecret = (secret: Uint8Array) =>
    digest !== undefined && isSecretSignature(digest, secret, token.signed, signature);
  if (constraints.keys === undefined) return bySecret(bytesOfText(constraints.secret));
  return isHeldByOne(header, constraints.keys, ({ key }) => {
    if (key instanceof Uint8Array) return bySecret(key);
    if (crypto === undefined || !isSignatureAlgorithm(alg) || key.isPrivate) return false;
    return isKeyExactlyFor(alg, key) && crypto.verify(alg, key, token.signed, signature, 'digest');
  });
}

function isAudience(audience: Value, wanted: string): boolean {
  return Array.isArray(audience) ? audience.includes(wanted) : audience === wanted;
}

/** Whether the claims meet the constraints. */
function areClaimsMet(claims: ObjectValue, constraints: Constraints): boolean | BuiltinError {
  if (constraints.iss !== '' && objectGet(claims, 'iss') !== constraints.iss) return false;
  const audience = objectGet(claims, 'aud');
  if (audience === undefined ? constraints.aud !== '' : !isAudience(audience, constraints.aud)) return false;
  const expires = objectGet(claims, 'exp');
  if (expires !== undefined) {
    if (!isNumber(expires)) return fault('exp value must be a number');
    if (compareNumbers(constraints.time, expires as NumberValue) >= 0) return false;
  }
  const starts = objectGet(claims, 'nbf');
  if (starts === undefined) return true;
  if (!isNumber(starts)) return fault('nbf value must be a number');
  return compareNumbers(constraints.time, starts as NumberValue) >= 0;
}

/** The innermost token whose signatures all hold; undefined where one does not. */
function verifiedToken(
  context: BuiltinContext,
  text: string,
  constraints: Constraints,
): { readonly header: ObjectValue; readonly payload: string } | BuiltinError | undefined {
  let encoded = text;
  for (let depth = 0; depth < NESTING_MAX; depth++) {
    const token = readToken(encoded);
    if (token instanceof BuiltinError) return token;
    const header = tokenHeader(token.header);
    if (header instanceof BuiltinError) return header;
    if (header.alg === '' || header.hasUnknownCritical) return undefined;
    if (constraints.alg !== '' && constraints.alg !== header.alg) return undefined;
    if (token.signature instanceof BuiltinError) return token.signature;
    if (!isSigned(context.crypto, constraints, header, token, token.signature)) return undefined;
    const { payload } = token;
    if (payload instanceof BuiltinError) return prefixed('JWT payload had invalid encoding', payload);
    if (header.cty.toLowerCase() !== 'jwt') return { header: token.header, payload };
    encoded = payload;
  }
  return fault('tokens are nested too deeply');
}

/** `io.jwt.decode_verify`: valid, header and payload; never a payload that is not valid. */
export function decodeVerified(context: BuiltinContext, text: Value, given: Value): BuiltinOutcome {
  if (!isObject(given)) return typeFault(2, given, 'object');
  const unverified: Value = [false, makeObject([]), makeObject([])];
  const constraints = readConstraints(context, given);
  if (constraints instanceof BuiltinError) return constraints;
  if (typeof text !== 'string') return typeFault(1, text, 'string');
  const token = verifiedToken(context, text, constraints);
  if (token === undefined) return unverified;
  if (token instanceof BuiltinError) return token;
  const claims = readJsonObject(token.payload);
  if (claims instanceof BuiltinError) return claims;
  const isMet = areClaimsMet(claims, constraints);
  if (isMet instanceof BuiltinError) return isMet;
  return isMet ? [true, token.header, claims] : unverified;
}
