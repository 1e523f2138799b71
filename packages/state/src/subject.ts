/**
 * Whose state it is. All but `session_id` come from verified credentials; `session_id` may be chosen by a client and
 * therefore only subdivides: labels, risk and budgets also accrue above it.
 */
export interface StateSubject {
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
  readonly session_id?: string;
}
