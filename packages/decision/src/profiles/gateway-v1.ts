import {
  ACTION_TYPES,
  type Decision,
  type DecisionRequest,
  type Json,
  type JsonObject,
} from '../contract.ts';
import type { FromInput, Profile } from './profile.ts';
import { goesOnUnchanged, objectWith, present, reading, reasonFor } from './reading.ts';

const KEYS = ['agent', 'user', 'action', 'context', 'environment', 'delegation', 'result'];

/**
 * A gateway's document: `{agent, user, action, context, environment}`, answered with
 * `{allow, reasons, remediation?, metadata}`. `agent` is the actor, `user` the principal; their fields have the
 * contract's names. Phase `call` is not written.
 */
export const gatewayV1: Profile = Object.freeze({
  name: 'gateway/v1',
  types: ACTION_TYPES,
  toInput,
  fromInput,
  toAnswer,
});

function toInput({ principal, actor, action, ...rest }: DecisionRequest): Json {
  const { phase, ...act } = action;
  const shown = phase === 'call' ? act : { ...act, phase };
  return { agent: actor, user: principal, action: shown, ...rest } as unknown as Json;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const { agent, user, action, ...rest } = objectWith(input, 'input', KEYS);
    const act =
      typeof action === 'object' && action !== null ? { phase: 'call', ...(action as JsonObject) } : action;
    return { request: present({ principal: user, actor: agent, action: act, ...rest }) };
  });
}

function toAnswer(decision: Decision): Json {
  const allow = goesOnUnchanged(decision);
  const codes = decision.reasons.map((reason) => reason.code);
  const first = allow ? decision.reason : reasonFor(decision);
  const { policy_version, matched_rules, rate_limit_remaining, audit_required, appeal_path, alternatives } =
    decision.metadata;
  return present({
    allow,
    reasons: [...new Set([first, ...codes])],
    remediation: decision.remediation,
    metadata: present({
      policy_version,
      matched_rules,
      rate_limit_remaining,
      audit_required,
      appeal_path,
      alternatives,
    }),
  }) as Json;
}
