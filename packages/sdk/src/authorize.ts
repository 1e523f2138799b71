import { randomUUID } from 'node:crypto';
import {
  checkStrictValue,
  type DecideCall,
  type Decision,
  type DecisionPoint,
  type DecisionRequest,
  type JsonObject,
} from '@writ/decision';
import { checkDecision } from './check-decision.ts';
import { deniedDecision } from './denied-decision.ts';

export interface AuthorizeOptions extends Omit<DecideCall, 'request'> {
  readonly point: DecisionPoint;
}

/**
 * Asks for one action, for loops that run tools themselves: go on only if `effect` is `proceed`, and then only with
 * `forwarded_args`; afterwards call `point.complete`. Arguments that are not JSON and every fault are a deny; never
 * throws.
 */
export async function authorize(request: DecisionRequest, options: AuthorizeOptions): Promise<Decision> {
  const { point, ...rest } = options;
  const checked = checkStrictValue(request.action.args ?? {});
  if (!checked.ok) return deniedDecision(checked.code, `${checked.pointer}: ${checked.message}`);
  const { args: _given, ...action } = request.action;
  const exact = request.action.args === undefined ? action : { ...action, args: checked.value as JsonObject };
  const call: DecideCall = { idempotency_key: randomUUID(), ...rest, request: { ...request, action: exact } };
  try {
    return checkDecision(await point.decide(call), call);
  } catch {
    return deniedDecision('policy_engine_unavailable');
  }
}
