import { hash } from 'node:crypto';
import {
  type DecideCall,
  type Decision,
  describeProblems,
  hashJson,
  type JsonObject,
  permits,
  validateDecision,
} from '@writ/decision';
import { deniedDecision } from './denied-decision.ts';

/** SHA-256 in hexadecimal, as `hashJson` takes it. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

/**
 * The decision if it can be acted on as an answer to this call, else a deny: an outcome that is not known, a
 * `proceed` that its outcome does not carry (but in observe mode), one about other arguments, one without the
 * arguments to forward, or one with an obligation that is not known must never let an action through.
 */
export function checkDecision(answer: unknown, call: DecideCall): Decision {
  const read = validateDecision(answer);
  if (!read.ok) {
    return deniedDecision(
      'policy_engine_unavailable',
      `the answer is no decision: ${describeProblems(read.problems)}`,
    );
  }
  const decision = read.value;
  if (decision.allow !== permits(decision.outcome)) {
    return deniedDecision('policy_engine_unavailable', 'the answer contradicts itself');
  }
  if (decision.effect === 'refuse') return decision;
  if (!decision.allow && decision.metadata.mode !== 'observe') {
    return deniedDecision(
      'policy_engine_unavailable',
      'the answer proceeds without an outcome that allows it',
    );
  }
  return checkProceed(decision, call.request.action.args);
}

function checkProceed(decision: Decision, args: JsonObject | undefined): Decision {
  if (args === undefined) return decision;
  if (decision.forwarded_args === undefined) {
    return deniedDecision('policy_engine_unavailable', 'the answer does not say what may be forwarded');
  }
  if (decision.arg_hash !== undefined && decision.arg_hash !== hashJson(args, sha256Hex)) {
    return deniedDecision('policy_engine_unavailable', 'the answer is about other arguments');
  }
  return decision;
}
