import { randomBytes } from 'node:crypto';
import { type Decision, newDecisionId, type ReasonCode, writReason } from '@writ/decision';

/**
 * The decision of a client that could not get one: deny, not on the decision point's record. Every fault between the
 * enforcement point and the decision point ends here.
 */
export function deniedDecision(code: ReasonCode, message?: string): Decision {
  return {
    decision_id: newDecisionId(Date.now(), randomBytes),
    outcome: 'deny',
    allow: false,
    effect: 'refuse',
    reason: code,
    reasons: [writReason(code, message)],
    obligations: [],
    metadata: {},
  };
}
