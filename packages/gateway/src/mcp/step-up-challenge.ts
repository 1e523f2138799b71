import type { Decision } from '@writ/decision';
import type { Caller } from '@writ/identity';

export interface StepUpChallenge {
  /** 403 where scopes are missing (RFC 6750), 401 where the person has to prove more (RFC 9470). */
  readonly status: 401 | 403;
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;
}

/** What a policy asks for that names only scopes: no way of authenticating. */
const UNNAMED_METHOD = 'step_up';

/**
 * The challenge for a decision that asks for stronger identity. All scopes stand in it at once, those that the caller
 * has too: a client that asks for exactly these must not lose what it could do before.
 */
export function stepUpChallenge(
  { step_up, reason }: Decision,
  { principal }: Caller,
  resourceMetadata: string | undefined,
): StepUpChallenge {
  const needed = step_up?.scopes ?? [];
  const scopes = [...new Set([...(principal.scopes ?? []), ...needed])].filter(isToken);
  const method = step_up?.method ?? UNNAMED_METHOD;
  const scopesOnly = needed.length > 0 && method === UNNAMED_METHOD;
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['error', scopesOnly ? 'insufficient_scope' : 'insufficient_user_authentication'],
    ['error_description', isToken(reason) ? reason : undefined],
    ['acr_values', method !== UNNAMED_METHOD && isToken(method) ? method : undefined],
    ['max_age', step_up?.max_age_seconds === undefined ? undefined : String(step_up.max_age_seconds)],
    ['scope', needed.length > 0 ? scopes.join(' ') : undefined],
    ['resource_metadata', resourceMetadata],
  ];
  const said = parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return { status: scopesOnly ? 403 : 401, challenge: `Bearer ${said.join(', ')}` };
}

/** RFC 6749 `scope-token`: nothing that could end the quoted text that it stands in. */
function isToken(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}
