import { type ReasonCode, uuidV7 } from '@writ/decision';
import type { ApprovalState } from '@writ/state';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Core } from './core.ts';
import { ALGORITHM, ISSUER, publicKey, signingKey } from './signing-key.ts';

/** `typ` of the token, so that no other token of anybody's is taken for one. */
const TYPE = 'writ-override+jwt';

/** What a token says, beside its signature, or why it says nothing. */
export type OverrideRead =
  | { readonly ok: true; readonly approvalId: string; readonly tokenId: string }
  | { readonly ok: false; readonly code: ReasonCode };

/** A fresh id for the one token that an approval becomes. */
export function newTokenId(core: Core): string {
  return `ovr-${uuidV7(core.clock.nowMs(), core.randomBytes)}`;
}

/**
 * The token of an approval that was given: signed, for one call of one caller through one enforcement point, until the
 * approval ends. Asking again gives the same right once more, not another one: it is used up with the approval.
 */
export async function mintOverride(
  core: Core,
  state: ApprovalState,
  pointId: string,
): Promise<string | undefined> {
  const { binding, token_id } = state;
  if (state.status !== 'approved' || token_id === undefined) return undefined;
  const claims = {
    approval_id: state.id,
    act: { sub: binding.actor },
    arg_hash: binding.arg_hash,
    forwarded_hash: binding.forwarded_hash,
    ...(state.action.tool === undefined ? {} : { tool: state.action.tool }),
    ...(binding.server === undefined ? {} : { server: binding.server }),
    ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
    ...(binding.tool_digest === undefined ? {} : { tool_digest: binding.tool_digest }),
    ...(state.approved_under === undefined ? {} : { policy: state.approved_under }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setIssuer(ISSUER)
    .setAudience(pointId)
    .setSubject(binding.principal)
    .setJti(token_id)
    .setIssuedAt(Math.floor((state.decided_ms ?? state.created_ms) / 1000))
    .setExpirationTime(Math.floor(state.expires_ms / 1000))
    .sign(await signingKey(core));
}

/** Reads a token that an enforcement point brings. What its approval is now, the commit decides. */
export async function readOverride(core: Core, token: string, pointId: string): Promise<OverrideRead> {
  try {
    const { payload } = await jwtVerify(token, await publicKey(core), {
      algorithms: [ALGORITHM],
      typ: TYPE,
      issuer: ISSUER,
      currentDate: new Date(core.clock.nowMs()),
    });
    const { approval_id, jti, aud } = payload;
    if (typeof approval_id !== 'string' || jti === undefined) return { ok: false, code: 'override_invalid' };
    if (aud !== pointId) return { ok: false, code: 'approval_wrong_caller' };
    return { ok: true, approvalId: approval_id, tokenId: jti };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, code: 'override_expired' };
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      return { ok: false, code: 'override_invalid' };
    return { ok: false, code: 'state_unavailable' };
  }
}
