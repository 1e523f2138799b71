import type { ObjectValue, Value } from '../value/index.ts';
import { RegoSet } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { cancelled, fault, operandFault } from './fault.ts';
import type { HostRequest } from './host-request.ts';
import { fieldsFault, HttpRequestFault, hostFault, raisesErrors, readHttpRequest } from './http-request.ts';
import { ipText, parseIp } from './ip-address.ts';
import { SuspendedCall } from './suspended-call.ts';

/** What a call gives whose failures are values (`raise_error: false`). */
function failureValue(isNetwork: boolean, message: string): Value {
  const code = isNetwork ? 'eval_http_send_network_error' : 'eval_http_send_internal_error';
  return { status_code: 0, error: { code, message } };
}

function answered(context: BuiltinContext, request: HostRequest, isRaised: boolean): BuiltinOutcome {
  const answer = context.answers?.get(request);
  if (answer === undefined) {
    return context.answers === undefined
      ? fault('this evaluation has no network')
      : new SuspendedCall(request);
  }
  if (answer.kind === 'value') return answer.value;
  if (answer.kind === 'cancelled') return cancelled(answer.message);
  return isRaised ? fault(answer.message) : failureValue(answer.isNetwork, answer.message);
}

function send(context: BuiltinContext, operand: ObjectValue): BuiltinOutcome {
  const isRaised = raisesErrors(operand);
  if (isRaised instanceof HttpRequestFault) return fault(isRaised.message);
  const wrongFields = fieldsFault(operand);
  if (wrongFields !== undefined) {
    const error = operandFault(1, wrongFields);
    return isRaised ? error : failureValue(false, `${error.code}: http.send: ${error.message}`);
  }
  const http = readHttpRequest(operand, context.allowNet);
  if (http instanceof HttpRequestFault) {
    return isRaised
      ? fault(http.message)
      : failureValue(false, `eval_builtin_error: http.send: ${http.message}`);
  }
  return answered(context, { builtin: 'http.send', operand, http }, isRaised);
}

/** An address is its own answer; a name is looked up by the host. */
function lookUp(context: BuiltinContext, name: string): BuiltinOutcome {
  const disallowed = hostFault(name, context.allowNet);
  if (disallowed !== undefined) return new BuiltinError('eval_builtin_error', disallowed);
  const address = parseIp(name);
  if (address !== undefined) return RegoSet.from([ipText(address)]);
  return answered(context, { builtin: 'net.lookup_ip_addr', operand: name }, true);
}

/**
 * What asks the network. A call whose answer is not known yet suspends the evaluation: see `host/`. Source: OPA's
 * `topdown/http.go` and `topdown/net.go`.
 */
export const HTTP_SEND: Family = { 'http.send': send, 'net.lookup_ip_addr': lookUp };
