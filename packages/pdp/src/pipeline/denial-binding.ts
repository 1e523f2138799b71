import { errors, type JSONWebKeySet, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { CallerIdentity } from './caller.ts';
import type { Core } from './core.ts';
import { ALGORITHM, ISSUER, keySet, publicKey, signingKey } from './signing-key.ts';

/** `typ` of the token, so that no other token of this service is taken for one. */
const TYPE = 'writ-denial+jwt';
/** How long a denial can be answered by an access request, ms. */
export const DENIAL_LIFE_MS = 10 * 60_000;

/** What a denial that can be answered is bound to. */
export interface DenialBinding {
  readonly evaluationId: string;
  /** Digest of the evaluation's parts. */
  readonly hash: string;
  /** Members of the context that belong to it. */
  readonly contextMembers: readonly string[];
}

export type DenialRead =
  | { readonly ok: true; readonly binding: DenialBinding }
  | { readonly ok: false; readonly reason: 'invalid' | 'expired' };

/** Signs and reads what ties an access request to the denial that it answers. */
export interface DenialBindings {
  bind(binding: DenialBinding): Promise<{ readonly token: string; readonly expires_at: string }>;
  read(token: string): Promise<DenialRead>;
  /** The keys that tokens are verified by. */
  keys(): Promise<JSONWebKeySet>;
}

/** Bindings for one enforcement point: what was given to another one is invalid here. */
export function denialBindings(core: Core, caller: CallerIdentity): DenialBindings {
  return {
    bind: async ({ evaluationId, hash, contextMembers }) => {
      const expiresMs = core.clock.nowMs() + DENIAL_LIFE_MS;
      const {
        keys: [key],
      } = await keySet(core);
      const token = await new SignJWT({
        evaluation_id: evaluationId,
        binding_hash: hash,
        binding_context_members: [...contextMembers],
        client: caller.pointId,
      })
        .setProtectedHeader({
          alg: ALGORITHM,
          typ: TYPE,
          ...(key?.kid === undefined ? {} : { kid: key.kid }),
        })
        .setIssuer(ISSUER)
        .setAudience(ISSUER)
        .setJti(evaluationId)
        .setIssuedAt(Math.floor(core.clock.nowMs() / 1000))
        .setExpirationTime(Math.floor(expiresMs / 1000))
        .sign(await signingKey(core));
      return { token, expires_at: new Date(Math.floor(expiresMs / 1000) * 1000).toISOString() };
    },
    read: async (token) => {
      try {
        const { payload } = await jwtVerify(token, await publicKey(core), {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: ISSUER,
          audience: ISSUER,
          currentDate: new Date(core.clock.nowMs()),
        });
        const binding = payload['client'] === caller.pointId ? bindingOf(payload) : undefined;
        return binding === undefined ? { ok: false, reason: 'invalid' } : { ok: true, binding };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { ok: false, reason: 'expired' };
        if (error instanceof errors.JOSEError || error instanceof TypeError)
          return { ok: false, reason: 'invalid' };
        throw error;
      }
    },
    keys: () => keySet(core),
  };
}

function bindingOf(payload: JWTPayload): DenialBinding | undefined {
  const { evaluation_id: evaluationId, binding_hash: hash, binding_context_members: members } = payload;
  if (typeof evaluationId !== 'string' || typeof hash !== 'string' || !Array.isArray(members))
    return undefined;
  const contextMembers = (members as readonly unknown[]).filter((each) => typeof each === 'string');
  return contextMembers.length === members.length ? { evaluationId, hash, contextMembers } : undefined;
}
