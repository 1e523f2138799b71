import { STRICT_JSON_CODES } from './strict-json.ts';

/** What a code is about: decides HTTP status and JSON-RPC code. */
export const REASON_CATEGORIES = [
  'granted',
  'refused',
  'stronger_identity',
  'unauthenticated',
  'invalid_request',
  'too_large',
  'not_found',
  'conflict',
  'limited',
  'unavailable',
] as const;
export type ReasonCategory = (typeof REASON_CATEGORIES)[number];

/** Every reason code that Writ itself gives. Policies give codes of their own. */
export const REASON_CODES = [
  'granted',
  'no_objection',
  'redaction_required',
  'approval_required',
  'step_up_required',
  'not_permitted',
  'not_visible',
  'objection',
  'no_grant',
  'policy_undefined',
  'policy_unknown_shape',
  'policy_error',
  'policy_timeout',
  'policy_engine_unavailable',
  'policy_engines_disagree',
  'human_rejected',
  'actor_unknown',
  'capability_not_held',
  'capability_not_authorized',
  'command_not_understood',
  'program_not_allowed',
  'sanitize_unstable',
  'obligation_unknown',
  'outcome_not_expressible',
  'step_up_method_unknown',
  'tool_unknown',
  'tool_changed',
  'release_mismatch',
  'audit_unavailable',
  'state_unavailable',
  'state_conflict',
  'overloaded',
  'budget_exhausted',
  'rate_limited',
  'halted',
  'actor_revoked',
  'principal_revoked',
  'parent_revoked',
  'circuit_open',
  'clock_stepped_back',
  'approval_pending',
  'approval_unknown',
  'approval_expired',
  'approval_cancelled',
  'approval_used',
  'approval_mismatch',
  'approval_wrong_caller',
  'approval_arguments_changed',
  'approval_form_changed',
  'approval_not_needed',
  'standing_permission',
  'appeal_not_needed',
  'override_invalid',
  'override_expired',
  'override_revoked',
  'approver_not_permitted',
  'self_approval',
  'approval_voted',
  'idempotency_mismatch',
  'unauthenticated',
  'assertion_not_permitted',
  'operator_required',
  'request_invalid',
  'request_too_large',
  'batch_refused',
  'not_found',
  'internal_error',
  ...STRICT_JSON_CODES,
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

interface ReasonCodeEntry {
  readonly category: ReasonCategory;
  /** One lower-case sentence for people, without details. */
  readonly sentence: string;
}

function entry(category: ReasonCategory, sentence: string): ReasonCodeEntry {
  return Object.freeze({ category, sentence });
}

/** Meaning of each code. */
export const REASON_TABLE: Readonly<Record<ReasonCode, ReasonCodeEntry>> = Object.freeze({
  granted: entry('granted', 'a policy grants this'),
  no_objection: entry('granted', 'no policy objects'),
  redaction_required: entry('granted', 'parts of the arguments are redacted before they are forwarded'),
  approval_required: entry('refused', 'a person has to approve this call'),
  step_up_required: entry('stronger_identity', 'stronger identity is required'),
  not_permitted: entry('refused', 'a policy refuses this without saying why'),
  not_visible: entry('refused', 'this is not shown to the caller'),
  objection: entry('refused', 'a policy objects in its own words'),
  no_grant: entry('refused', 'no policy grants this'),
  policy_undefined: entry('refused', 'the policy gave no answer'),
  policy_unknown_shape: entry('refused', 'the policy gave an answer that cannot be read'),
  policy_error: entry('unavailable', 'evaluating the policy failed'),
  policy_timeout: entry('unavailable', 'the policy took too long'),
  policy_engine_unavailable: entry(
    'unavailable',
    'the decision point or its policy engine cannot be reached',
  ),
  policy_engines_disagree: entry('unavailable', 'two engines that check each other gave different answers'),
  human_rejected: entry('refused', 'a person rejected this call'),
  actor_unknown: entry('refused', 'the acting agent is not known'),
  capability_not_held: entry('refused', 'the acting agent does not hold the capability that this tool needs'),
  capability_not_authorized: entry('refused', 'the capability does not cover what is asked of it'),
  command_not_understood: entry(
    'refused',
    'what the command would run or touch cannot be told before it runs',
  ),
  program_not_allowed: entry('refused', 'the command runs a program that its capability does not allow'),
  sanitize_unstable: entry('refused', 'the policy wants other redactions after the redactions it asked for'),
  obligation_unknown: entry('refused', 'the policy sets a duty that cannot be carried out'),
  outcome_not_expressible: entry('refused', 'the outcome cannot be expressed to this caller'),
  step_up_method_unknown: entry('refused', 'the policy asks for a way of proving identity that is not known'),
  tool_unknown: entry('not_found', 'no known server offers this tool'),
  tool_changed: entry('refused', 'the definition of the tool changed since it was accepted'),
  release_mismatch: entry(
    'refused',
    'the agent or the tool is of another version than the policies were released for',
  ),
  audit_unavailable: entry('unavailable', 'the decision cannot be put on record'),
  state_unavailable: entry('unavailable', 'the state that the decision needs cannot be read or written'),
  state_conflict: entry('unavailable', 'the state kept changing underneath the decision'),
  overloaded: entry('unavailable', 'the decision point has more to do than it can: ask again later'),
  budget_exhausted: entry('limited', 'a budget is used up'),
  rate_limited: entry('limited', 'a rate limit of the capability is reached: ask again later'),
  halted: entry('refused', 'an operator halted this agent, tenant or system'),
  actor_revoked: entry('refused', 'the acting agent was revoked'),
  principal_revoked: entry('refused', 'the principal was revoked'),
  parent_revoked: entry('refused', 'an agent or person in the chain of delegation was revoked'),
  circuit_open: entry('limited', 'the same call was refused too often in a row: stop asking'),
  clock_stepped_back: entry(
    'unavailable',
    'the clock stepped back, so rights that depend on time do not hold',
  ),
  approval_pending: entry('conflict', 'a person has not decided yet'),
  approval_unknown: entry('not_found', 'there is no such approval'),
  approval_expired: entry('refused', 'the approval expired'),
  approval_cancelled: entry('refused', 'the approval was cancelled'),
  approval_used: entry('refused', 'the approval was used already'),
  approval_mismatch: entry('refused', 'the approval was given for another call'),
  approval_wrong_caller: entry('refused', 'the approval was given to another caller'),
  approval_arguments_changed: entry('refused', 'the arguments are not those that were approved'),
  approval_form_changed: entry(
    'refused',
    'the form that would be forwarded is not the one that was approved',
  ),
  approval_not_needed: entry('granted', 'policy lets this through without asking a person'),
  standing_permission: entry('granted', 'a standing permission covers this call'),
  appeal_not_needed: entry('conflict', 'this call is permitted: make it, and do not appeal'),
  override_invalid: entry('refused', 'the override token is not one that this service signed'),
  override_expired: entry('refused', 'the override token expired'),
  override_revoked: entry('refused', 'the override token is not the one that its approval became'),
  approver_not_permitted: entry('refused', 'policy does not let this person judge this approval'),
  self_approval: entry('refused', 'nobody approves a call of their own'),
  approval_voted: entry('conflict', 'this person has judged this approval already'),
  idempotency_mismatch: entry('conflict', 'the idempotency key was used for another call'),
  unauthenticated: entry('unauthenticated', 'valid credentials are required'),
  assertion_not_permitted: entry(
    'refused',
    'this credential may not speak for that tenant, principal or actor',
  ),
  operator_required: entry('refused', 'the credential of an operator is required'),
  request_invalid: entry('invalid_request', 'the request does not have the form that is expected'),
  request_too_large: entry('too_large', 'the request is too large'),
  batch_refused: entry('invalid_request', 'batches of messages are not accepted'),
  not_found: entry('not_found', 'there is nothing at this address'),
  internal_error: entry('unavailable', 'an internal error occurred'),
  json_syntax: entry('invalid_request', 'the text is not JSON'),
  json_trailing: entry('invalid_request', 'the text goes on after its value'),
  json_bom: entry('invalid_request', 'the text starts with a byte order mark'),
  json_not_utf8: entry('invalid_request', 'the text is not UTF-8'),
  json_duplicate_key: entry('invalid_request', 'an object holds a key twice'),
  json_forbidden_key: entry('invalid_request', 'an object holds a key that is not allowed'),
  json_lone_surrogate: entry('invalid_request', 'a string holds half of a surrogate pair'),
  json_depth: entry('invalid_request', 'the value is nested too deeply'),
  json_size: entry('too_large', 'the text is too large'),
  json_not_json: entry('invalid_request', 'the value is not JSON'),
  number_not_exact: entry('invalid_request', 'a number cannot be held exactly'),
});

const HTTP_STATUS: Readonly<Record<ReasonCategory, number>> = Object.freeze({
  granted: 200,
  refused: 403,
  stronger_identity: 403,
  unauthenticated: 401,
  invalid_request: 400,
  too_large: 413,
  not_found: 404,
  conflict: 409,
  limited: 429,
  unavailable: 503,
});

/** Eras of MCP: the newest one reserves all of -32768..-32000 for the specification's own codes. */
export type ProtocolEra = '2025-11-25' | '2026-07-28';

const JSON_RPC_CODES: Readonly<Record<ProtocolEra, Readonly<Record<ReasonCategory, number>>>> = Object.freeze(
  {
    '2025-11-25': Object.freeze(jsonRpcCodes(-32001)),
    '2026-07-28': Object.freeze(jsonRpcCodes(1403)),
  },
);

/** Codes of the JSON-RPC 2.0 specification where one fits, `refused` for a policy's no. */
function jsonRpcCodes(refused: number): Readonly<Record<ReasonCategory, number>> {
  return {
    granted: refused,
    refused,
    stronger_identity: refused,
    unauthenticated: refused,
    invalid_request: -32602,
    too_large: -32600,
    not_found: -32602,
    conflict: refused,
    limited: refused,
    unavailable: -32603,
  };
}

/** Is this one of Writ's own codes. */
export function isReasonCodeOfWrit(code: string): code is ReasonCode {
  return Object.hasOwn(REASON_TABLE, code);
}

/** HTTP status of a code; a policy's own code is a refusal (403). */
export function httpStatusOf(code: string): number {
  return HTTP_STATUS[categoryOf(code)];
}

/** JSON-RPC error code of a reason code in an era; text that is no JSON is -32700 in both. */
export function jsonRpcCodeOf(code: string, era: ProtocolEra): number {
  if (code === 'json_syntax' || code === 'json_trailing' || code === 'json_bom' || code === 'json_not_utf8')
    return -32700;
  return JSON_RPC_CODES[era][categoryOf(code)];
}

function categoryOf(code: string): ReasonCategory {
  return isReasonCodeOfWrit(code) ? REASON_TABLE[code].category : 'refused';
}
