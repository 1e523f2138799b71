import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify } from 'jose';
import type { Credentials } from '../credentials.ts';
import type { IdentityCode } from '../refusals.ts';
import { TOKEN_ALGORITHMS } from '../verify-token.ts';
import type { ReplayMemory } from './replay-memory.ts';

/** What a proof is held against. */
export interface DpopRules {
  /** URL of the resource as its clients know it. */
  readonly resource: string;
  /** Thumbprint that the token is bound to (`cnf.jkt`). */
  readonly thumbprint: string;
  readonly token: string;
  readonly replay: ReplayMemory;
  readonly clockSkewSeconds: number;
  readonly nowMs: number;
}

type Fault = { readonly code: IdentityCode; readonly message: string };

/** Longest age of a proof, s. */
const PROOF_AGE_SECONDS_MAX = 60;
const JTI_LENGTH_MAX = 256;

/**
 * Checks the `DPoP` header of a request (RFC 9449 section 4.3); undefined where the proof holds. A proof is for one
 * request: it is remembered until it would be too old.
 */
export async function checkDpop(credentials: Credentials, rules: DpopRules): Promise<Fault | undefined> {
  const [proof, ...others] = credentials.header('dpop');
  if (proof === undefined)
    return { code: 'dpop_required', message: 'the token needs a proof in the header `DPoP`' };
  if (others.length > 0) return invalid('there is more than one header `DPoP`');
  const read = await readProof(proof);
  if (read === undefined) return invalid('the proof is no signed token of type `dpop+jwt`');
  const { claims, jwk } = read;
  if ((await calculateJwkThumbprint(jwk)) !== rules.thumbprint)
    return invalid('the proof is signed with another key than the token is bound to');
  const { jti, htm, htu, ath, iat } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_LENGTH_MAX)
    return invalid('the proof has no `jti`');
  if (htm !== credentials.method) return invalid('the proof is for another method');
  if (typeof htu !== 'string' || placeOf(htu) !== placeOf(rules.resource))
    return invalid('the proof is for another address');
  if (ath !== createHash('sha256').update(rules.token).digest('base64url'))
    return invalid('the proof is for another token');
  const windowMs = (PROOF_AGE_SECONDS_MAX + rules.clockSkewSeconds) * 1000;
  if (typeof iat !== 'number' || Math.abs(rules.nowMs - iat * 1000) > windowMs)
    return invalid('the proof was not made just now');
  // It is good from one window before its time to one after: so long it must be remembered.
  const seen = rules.replay.use(`${rules.thumbprint} ${jti}`, rules.nowMs + 2 * windowMs, rules.nowMs);
  if (seen === 'used') return { code: 'dpop_replayed', message: 'the proof was used already' };
  return seen === 'full'
    ? { code: 'identity_unavailable', message: 'too many proofs are under way' }
    : undefined;
}

function invalid(message: string): Fault {
  return { code: 'dpop_invalid', message };
}

/** jose takes only a public key from the header. */
async function readProof(
  proof: string,
): Promise<{ readonly claims: Readonly<Record<string, unknown>>; readonly jwk: JWK } | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...TOKEN_ALGORITHMS],
      // Age is judged by `iat` alone, with our own limits.
      currentDate: new Date(0),
    });
    const { jwk } = protectedHeader;
    return jwk === undefined ? undefined : { claims: payload, jwk };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A URL without query and fragment, as two writers of it would agree on (RFC 3986 normalisation). */
function placeOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
