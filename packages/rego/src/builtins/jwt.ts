import type { ObjectValue, Value } from '../value/index.ts';
import { fromJson, isObject, objectGet, toJson } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText, textOfBytes } from './bytes.ts';
import type { Family } from './define.ts';
import { hmacOf } from './digest.ts';
import { isJson, writeBase64Url } from './encoding.ts';
import { fault, typeFault } from './fault.ts';
import type { VerificationKey } from './jwt-keys.ts';
import {
  hostCrypto,
  isKeyExactlyFor,
  isSignatureAlgorithm,
  isTokenAlgorithm,
  readWebKeys,
  SECRET_ALGORITHMS,
} from './jwt-keys.ts';
import { decodeToken, decodeVerified, verifySecret, verifySignature } from './jwt-verify.ts';

const NO_ALGORITHM = "missing or invalid 'alg' header";

function noHeader(text: string): string {
  return text.startsWith('{') ? 'cannot parse JSON' : 'jwsbb: header "alg" not found';
}

function signatureOf(
  context: BuiltinContext,
  { key }: VerificationKey,
  alg: string,
  data: Uint8Array,
): Uint8Array | BuiltinError {
  const digest = Object.hasOwn(SECRET_ALGORITHMS, alg) ? SECRET_ALGORITHMS[alg] : undefined;
  if (key instanceof Uint8Array) {
    return digest === undefined ? unfit(alg) : hmacOf(digest, key, data);
  }
  const crypto = hostCrypto(context);
  if (crypto instanceof BuiltinError) return crypto;
  if (!isSignatureAlgorithm(alg) || !key.isPrivate || !isKeyExactlyFor(alg, key)) return unfit(alg);
  return crypto.sign(alg, key, data) ?? unfit(alg);
}

function unfit(alg: string): BuiltinError {
  return fault(`the key does not sign by ${alg}`);
}

/** Signs a payload as it stands. */
function signed(context: BuiltinContext, headers: string, payload: string, keyText: string): BuiltinOutcome {
  const keys = readWebKeys(context, keyText);
  if (keys instanceof BuiltinError) return keys;
  const [first] = keys;
  if (first === undefined) return fault('no keys found in JWK set');
  const header = fromJson(headers);
  const reason = headers === '' ? 'cannot parse JSON: cannot parse empty string' : noHeader(headers);
  if (header === undefined) return fault(`${NO_ALGORITHM}: ${reason}`);
  const alg = isObject(header) ? objectGet(header, 'alg') : undefined;
  if (alg === undefined) return fault(`${NO_ALGORITHM}: jwsbb: header "alg" not found`);
  if (typeof alg !== 'string') return fault(`${NO_ALGORITHM}: jwsbb: header "alg" is no string`);
  if (!isTokenAlgorithm(alg)) return fault(`unknown JWS algorithm: ${alg}`);
  const typ = objectGet(header as ObjectValue, 'typ');
  if ((typeof typ !== 'string' || typ === 'JWT') && !isJson(payload)) {
    return fault('type is JWT but payload is not JSON');
  }
  const content = `${writeBase64Url(headers)}.${writeBase64Url(payload)}`;
  const signature = signatureOf(context, first, alg, bytesOfText(content));
  if (signature instanceof BuiltinError) return signature;
  return `${content}.${writeBase64Url(textOfBytes(signature))}`;
}

function encodeSign(context: BuiltinContext, headers: Value, payload: Value, key: Value): BuiltinOutcome {
  const json = (value: Value) => toJson(value, { escapeHtml: true });
  return signed(context, json(headers), json(payload), json(key));
}

/** OPA looks at the key first. */
function encodeSignRaw(context: BuiltinContext, headers: Value, payload: Value, key: Value): BuiltinOutcome {
  if (typeof key !== 'string') return typeFault(3, key, 'string');
  if (typeof headers !== 'string') return typeFault(1, headers, 'string');
  return typeof payload === 'string'
    ? signed(context, headers, payload, key)
    : typeFault(2, payload, 'string');
}

/** JSON Web Tokens. Source: RFC 7515 to 7519, OPA's `topdown/tokens.go`. */
export const JWT: Family = {
  'io.jwt.decode': decodeToken,
  'io.jwt.decode_verify': { call: decodeVerified, checked: 0 },
  'io.jwt.verify_rs256': { call: verifySignature('RS256'), checked: 1 },
  'io.jwt.verify_rs384': { call: verifySignature('RS384'), checked: 1 },
  'io.jwt.verify_rs512': { call: verifySignature('RS512'), checked: 1 },
  'io.jwt.verify_ps256': { call: verifySignature('PS256'), checked: 1 },
  'io.jwt.verify_ps384': { call: verifySignature('PS384'), checked: 1 },
  'io.jwt.verify_ps512': { call: verifySignature('PS512'), checked: 1 },
  'io.jwt.verify_es256': { call: verifySignature('ES256'), checked: 1 },
  'io.jwt.verify_es384': { call: verifySignature('ES384'), checked: 1 },
  'io.jwt.verify_es512': { call: verifySignature('ES512'), checked: 1 },
  'io.jwt.verify_eddsa': { call: verifySignature('EdDSA'), checked: 1 },
  'io.jwt.verify_hs256': verifySecret('sha256'),
  'io.jwt.verify_hs384': verifySecret('sha384'),
  'io.jwt.verify_hs512': verifySecret('sha512'),
  'io.jwt.encode_sign': { call: encodeSign, checked: 0 },
  'io.jwt.encode_sign_raw': { call: encodeSignRaw, checked: 0 },
};
