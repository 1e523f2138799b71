import type { RateRule } from '@writ/bundle';
import type { Decision, DecisionMetadata, ReasonCode } from '@writ/decision';
import type { RateLimited, RateRequest } from '@writ/state';

/** The rates of a call as the transaction takes them. */
export function rateRequests(rules: readonly RateRule[]): readonly RateRequest[] {
  return rules.map(({ tokens_reserved, ...definition }) => ({ definition, tokens: tokens_reserved }));
}

/** A refusal that says when there is room again. */
export function rateLimited(
  { name, unit, used, limit, requested, retry_ms }: RateLimited,
  nowMs: number,
): {
  readonly reason: { readonly code: ReasonCode; readonly message: string; readonly remediation: string };
  readonly found: DecisionMetadata;
} {
  const asked = unit === 'tokens' && requested > 0 ? `, ${requested} more asked for` : '';
  const message = `rate limit of \`${name}\`: ${used} of ${limit} ${unit} in the last minute${asked}`;
  const remaining: DecisionMetadata = unit === 'requests' ? { rate_limit_remaining: 0 } : {};
  if (retry_ms === undefined) {
    const remediation = `ask for fewer ${unit}: no minute has room for this`;
    return { reason: { code: 'rate_limited', message, remediation }, found: remaining };
  }
  const retry_after = Math.max(1, Math.ceil((retry_ms - nowMs) / 1_000));
  const remediation = `ask again in ${retry_after} s`;
  return { reason: { code: 'rate_limited', message, remediation }, found: { ...remaining, retry_after } };
}

/** The decision with what is left of its rates; a policy that says less is left stands. */
export function withRemaining(draft: Decision, remaining: number): Decision {
  const said = draft.metadata.rate_limit_remaining ?? remaining;
  return { ...draft, metadata: { ...draft.metadata, rate_limit_remaining: Math.min(said, remaining) } };
}
