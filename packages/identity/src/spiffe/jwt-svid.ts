import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { verifyToken } from '../verify-token.ts';
import { parseSpiffeId } from './spiffe-id.ts';
import type { TrustBundle } from './trust-bundle.ts';
import type { SvidCheck } from './x509-svid.ts';

/** Signature algorithms of JWT-SVIDs (JWT-SVID section 2.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

export interface JwtSvidOptions {
  readonly audiences: readonly string[];
  readonly clockSkewSeconds: number;
  readonly nowMs: number;
}

const keySets = new WeakMap<TrustBundle, JWTVerifyGetKey>();

/** Checks a JWT-SVID against the bundle of the trust domain that its `sub` names. */
export async function checkJwtSvid(
  token: string,
  subject: string,
  bundles: ReadonlyMap<string, TrustBundle>,
  options: JwtSvidOptions,
): Promise<SvidCheck> {
  const id = parseSpiffeId(subject);
  if (id === undefined || id.segments.length === 0)
    return refuse('svid_invalid', 'the subject of the token is no SPIFFE ID of a workload');
  const bundle = bundles.get(id.trustDomain);
  if (bundle === undefined) return refuse('svid_untrusted', 'the trust domain of the token is not known');
  const verified = await verifyToken(token, keysOf(bundle), {
    algorithms: ALGORITHMS,
    audiences: options.audiences,
    types: ['jwt', 'jose'],
    requiredClaims: ['exp', 'aud', 'sub'],
    clockSkewSeconds: options.clockSkewSeconds,
    nowMs: options.nowMs,
  });
  if (!verified.ok) return refuse(verified.code, verified.message);
  return { ok: true, id };
}

/** A key counts by its id alone: a token that names none fits none. */
function keysOf(bundle: TrustBundle): JWTVerifyGetKey {
  const known = keySets.get(bundle);
  if (known !== undefined) return known;
  const keys = createLocalJWKSet(bundle.jwtKeys);
  const getKey: JWTVerifyGetKey = async (header, token) => {
    if (header.kid === undefined) throw new errors.JWKSNoMatchingKey();
    return keys(header, token);
  };
  keySets.set(bundle, getKey);
  return getKey;
}

function refuse(code: Extract<SvidCheck, { ok: false }>['refusal']['code'], message: string): SvidCheck {
  return { ok: false, refusal: { code, message } };
}
