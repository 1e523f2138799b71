import { type Decision, permits, type Reason, type ReasonCode, STRICT_JSON_CODES } from '@writ/decision';

/**
 * Codes that observing never waives: what could not be read, who could not be named, what an operator stopped, tools
 * that are not what was pinned or released, and faults of record and state.
 */
const NEVER_WAIVED: ReadonlySet<string> = new Set<ReasonCode>([
  ...STRICT_JSON_CODES,
  'request_invalid',
  'request_too_large',
  'batch_refused',
  'unauthenticated',
  'assertion_not_permitted',
  'operator_required',
  'tool_unknown',
  'tool_changed',
  'release_mismatch',
  'halted',
  'actor_revoked',
  'principal_revoked',
  'parent_revoked',
  'audit_unavailable',
  'state_unavailable',
  'state_conflict',
  'clock_stepped_back',
  'idempotency_mismatch',
  'appeal_not_needed',
  'internal_error',
]);

/**
 * What the enforcement point does. Under `observe` the effect proceeds against policies and budgets, unless Writ
 * itself (no bundle stands behind the reason) gave a reason that is never waived.
 */
export function effectOf(
  outcome: Decision['outcome'],
  reasons: readonly Reason[],
  mode: 'enforce' | 'observe',
): Decision['effect'] {
  if (permits(outcome)) return 'proceed';
  if (mode !== 'observe') return 'refuse';
  const held = reasons.some((reason) => reason.bundle === undefined && NEVER_WAIVED.has(reason.code));
  return held ? 'refuse' : 'proceed';
}
