import type { Caller } from './caller.ts';

/** Why credentials do not tell who is asking. */
export const IDENTITY_CODES = [
  'unauthenticated',
  'credential_malformed',
  'identity_unavailable',
  'key_unknown',
  'key_expired',
  'token_invalid',
  'token_algorithm_refused',
  'token_type_refused',
  'token_key_unknown',
  'token_expired',
  'token_not_yet_valid',
  'token_audience_mismatch',
  'token_claims_missing',
  'token_scope_missing',
  'token_binding_mismatch',
  'dpop_required',
  'dpop_invalid',
  'dpop_replayed',
  'svid_invalid',
  'svid_expired',
  'svid_untrusted',
  'spiffe_id_refused',
  'headers_unattested',
  'parent_unattested',
  'parent_forged',
  'delegation_broken',
  'delegation_loop',
  'delegation_too_deep',
] as const;
export type IdentityCode = (typeof IDENTITY_CODES)[number];

/** Codes with another HTTP status than 401: the credential is good, or nobody can tell. */
const STATUS: Partial<Record<IdentityCode, 403 | 503>> = {
  identity_unavailable: 503,
  token_scope_missing: 403,
  headers_unattested: 403,
  parent_unattested: 403,
  parent_forged: 403,
  delegation_broken: 403,
  delegation_loop: 403,
  delegation_too_deep: 403,
};

/** HTTP status of a refusal. */
export function identityStatus(code: IdentityCode): 401 | 403 | 503 {
  return STATUS[code] ?? 401;
}

/** Credentials that were recognised and do not hold. */
export interface IdentityRefusal {
  readonly code: IdentityCode;
  /** One sentence for whoever configures the client; holds nothing of the credential. */
  readonly message: string;
  /** Who a valid credential proves, where only what was claimed beside it fails: such refusals are on record. */
  readonly caller?: Caller;
}

/** What one provider makes of credentials. */
export type Judged =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly refusal: IdentityRefusal }
  /** No credential of this provider's kind is there: the next one is asked. */
  | { readonly kind: 'unrecognised' };

export const UNRECOGNISED: Judged = Object.freeze({ kind: 'unrecognised' });

/** A refusal as a provider's answer. */
export function refused(code: IdentityCode, message: string, caller?: Caller): Judged {
  return { kind: 'refused', refusal: { code, message, ...(caller === undefined ? {} : { caller }) } };
}
