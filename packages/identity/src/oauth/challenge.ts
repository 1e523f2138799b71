import type { IdentityRefusal } from '../refusals.ts';
import { TOKEN_ALGORITHMS } from '../verify-token.ts';

/** What of a provider's options its challenges tell. */
export interface ChallengeOptions {
  readonly resourceMetadata?: string;
  readonly requiredScopes?: readonly string[];
  readonly dpop?: 'required' | 'accepted';
  readonly algorithms?: readonly string[];
}

/** Codes of RFC 9449 for what a proof lacks. */
const DPOP_CODES: readonly string[] = [
  'dpop_invalid',
  'dpop_replayed',
  'dpop_required',
  'token_binding_mismatch',
];

/** The challenge of RFC 6750 section 3 or RFC 9449 section 7.1, with the metadata of RFC 9728 section 5.1. */
export function bearerChallenge(
  { resourceMetadata, requiredScopes = [], dpop, algorithms = TOKEN_ALGORITHMS }: ChallengeOptions,
  refusal: IdentityRefusal | undefined,
): string {
  const byProof = dpop === 'required' || (refusal !== undefined && DPOP_CODES.includes(refusal.code));
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['error', refusal === undefined ? undefined : errorOf(refusal)],
    ['error_description', refusal?.code],
    ['scope', requiredScopes.length === 0 ? undefined : requiredScopes.join(' ')],
    ['algs', byProof ? algorithms.join(' ') : undefined],
    ['resource_metadata', resourceMetadata],
  ];
  const said = parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return [byProof ? 'DPoP' : 'Bearer', said.join(', ')].filter((part) => part !== '').join(' ');
}

function errorOf({ code }: IdentityRefusal): string {
  if (code === 'token_scope_missing') return 'insufficient_scope';
  if (code === 'dpop_invalid' || code === 'dpop_replayed') return 'invalid_dpop_proof';
  return 'invalid_token';
}
