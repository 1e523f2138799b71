import type { Reason } from './contract.ts';

/** What makes two reasons the same: bundle, rule, code and message. Where it came from in the source does not. */
export function reasonIdentity(reason: Pick<Reason, 'bundle' | 'rule' | 'code' | 'message'>): string {
  const { bundle = '', rule = '', code, message = '' } = reason;
  // Lengths in front, so that no text can pretend to be two.
  return `${bundle.length}:${rule.length}:${code.length}:${bundle}${rule}${code}${message}`;
}
