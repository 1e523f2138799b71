import type { JsonObject } from '@writ/decision';
import {
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { KeySetUnavailable } from './oauth/key-set.ts';
import type { IdentityCode } from './refusals.ts';

/** Signature algorithms that a token may have: asymmetric ones. A public key must never serve as an HMAC secret. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** What a token must be beside signed. */
export interface TokenRules {
  readonly algorithms: readonly string[];
  readonly audiences: readonly string[];
  readonly issuer?: string;
  /** Accepted `typ` of the header, lower case, without `application/`. A token without one counts as `jwt`. */
  readonly types: readonly string[];
  readonly requiredClaims: readonly string[];
  readonly clockSkewSeconds: number;
  readonly nowMs: number;
}

export type VerifiedToken =
  | { readonly ok: true; readonly claims: JsonObject; readonly keyId?: string }
  | { readonly ok: false; readonly code: IdentityCode; readonly message: string };

/** Claims without verification: only to find out whose token it is. Undefined for what is no JSON Web Token. */
export function peekClaims(token: string): JsonObject | undefined {
  try {
    return decodeJwt(token) as JsonObject;
  } catch {
    return undefined;
  }
}

/** Verifies a signed JSON Web Token (RFC 7519, RFC 8725). */
export async function verifyToken(
  token: string,
  getKey: JWTVerifyGetKey,
  rules: TokenRules,
): Promise<VerifiedToken> {
  const options: JWTVerifyOptions = {
    algorithms: [...rules.algorithms],
    audience: [...rules.audiences],
    requiredClaims: [...rules.requiredClaims],
    clockTolerance: rules.clockSkewSeconds,
    currentDate: new Date(rules.nowMs),
    ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
  };
  try {
    const { payload, protectedHeader } = await verifyWithAny(token, getKey, options);
    const type = (protectedHeader.typ ?? 'jwt').toLowerCase().replace(/^application\//, '');
    if (!rules.types.includes(type))
      return refusal('token_type_refused', `a token of type \`${type}\` is not accepted`);
    const latestMs = rules.nowMs + rules.clockSkewSeconds * 1000;
    if (typeof payload.iat === 'number' && payload.iat * 1000 > latestMs)
      return refusal('token_not_yet_valid', 'the token was issued in the future');
    const { kid } = protectedHeader;
    return { ok: true, claims: payload as JsonObject, ...(kid === undefined ? {} : { keyId: kid }) };
  } catch (error) {
    return refusalOf(error);
  }
}

/** Several keys can fit a token that names none: any of them may have signed it. */
async function verifyWithAny(token: string, getKey: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    return await jwtVerify<JWTPayload>(token, getKey, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify<JWTPayload>(token, key, options);
      } catch (failed) {
        if (!(failed instanceof errors.JWSSignatureVerificationFailed)) throw failed;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function refusal(code: IdentityCode, message: string): VerifiedToken {
  return { ok: false, code, message };
}

const CLAIM_REFUSALS: Readonly<Record<string, IdentityCode>> = {
  aud: 'token_audience_mismatch',
  nbf: 'token_not_yet_valid',
};

/** jose's errors say what is wrong; none of their texts holds a part of the token. */
function refusalOf(error: unknown): VerifiedToken {
  if (error instanceof KeySetUnavailable)
    return refusal('identity_unavailable', 'the keys that the token would be checked with cannot be had');
  if (error instanceof errors.JWTExpired) return refusal('token_expired', 'the token expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing')
      return refusal('token_claims_missing', `the token has no claim \`${error.claim}\``);
    const code = CLAIM_REFUSALS[error.claim] ?? 'token_invalid';
    return refusal(
      code,
      code === 'token_audience_mismatch'
        ? 'the token is for another audience'
        : 'a claim of the token does not hold',
    );
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refusal('token_algorithm_refused', 'the signature algorithm of the token is not accepted');
  if (error instanceof errors.JWKSNoMatchingKey)
    return refusal('token_key_unknown', 'the issuer has no key that fits the token');
  if (error instanceof errors.JOSEError)
    return refusal('token_invalid', 'the token is no valid JSON Web Token');
  throw error;
}
