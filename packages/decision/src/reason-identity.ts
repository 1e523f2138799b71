import { canonicalJson } from './canonical-json.ts';
import type { Reason } from './contract.ts';

/** What makes two reasons the same: bundle, rule, code and message. Where it came from in the source does not. */
export function reasonIdentity(reason: Pick<Reason, 'bundle' | 'rule' | 'code' | 'message'>): string {
  return canonicalJson([reason.bundle ?? '', reason.rule ?? '', reason.code, reason.message ?? '']);
}
