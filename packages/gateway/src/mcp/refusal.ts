import { type CallToolResult, ProtocolError } from '@modelcontextprotocol/server';
import type { Decision, JsonObject } from '@writ/decision';
import { refusalText } from '@writ/sdk';

/** Key of the structured verdict in a result's `_meta`. */
export const DECISION_META_KEY = 'dev.writ/decision';

/**
 * A refusal as a tool result that a model can replan on: the machine-readable code first, then the message and what
 * would help. `isError` is set, so that no client takes it for the tool's own success.
 */
export function refusalResult(decision: Decision): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: refusalText(decision) }],
    _meta: { [DECISION_META_KEY]: decisionMeta(decision) },
  };
}

/** The verdict that a result which came through carries along. */
export function verdictMeta({ decision_id, outcome, reason }: Decision): { [key: string]: JsonObject } {
  return { [DECISION_META_KEY]: { decision_id, outcome, reason } };
}

/** The same for what is refused before policy is asked: unknown or changed tools, an upstream that is down. */
export function faultResult(code: string, message: string): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `TOOL_DENIED: ${code}. ${message}` }],
    _meta: { [DECISION_META_KEY]: { outcome: 'deny', reason: code } },
  };
}

/**
 * JSON-RPC code of a refusal. Codes from -32768 to -32000 are the protocol's own, and clients take -32001 for a request
 * that timed out.
 */
export const REFUSED_CODE = -31_403;

/** A refusal as a JSON-RPC error, for requests whose results have no place for one; `data` holds the verdict. */
export function refusalError(decision: Decision): ProtocolError {
  const data = { [DECISION_META_KEY]: decisionMeta(decision) };
  return new ProtocolError(REFUSED_CODE, refusalText(decision, 'REQUEST_DENIED'), data);
}

/** The same for what is refused before policy is asked, or after it. */
export function faultError(code: string, message: string): ProtocolError {
  const data = { [DECISION_META_KEY]: { outcome: 'deny', reason: code } };
  const missing = code === 'resource_unknown' || code === 'prompt_unknown' || code === 'task_unknown';
  return new ProtocolError(
    missing ? INVALID_PARAMS : REFUSED_CODE,
    `REQUEST_DENIED: ${code}. ${message}`,
    data,
  );
}

/** JSON-RPC 2.0; what the protocol answers where a resource or prompt does not exist. */
const INVALID_PARAMS = -32_602;

function decisionMeta(decision: Decision): JsonObject {
  return {
    decision_id: decision.decision_id,
    outcome: decision.outcome,
    reason: decision.reason,
    reasons: decision.reasons.map(({ code, message, remediation, rule }) => ({
      code,
      ...(message === undefined ? {} : { message }),
      ...(remediation === undefined ? {} : { remediation }),
      ...(rule === undefined ? {} : { rule }),
    })),
    ...(decision.metadata.alternatives === undefined ? {} : { alternatives: decision.metadata.alternatives }),
    ...(decision.metadata.appeal_path === undefined ? {} : { appeal_path: decision.metadata.appeal_path }),
    ...(decision.approval === undefined
      ? {}
      : {
          approval: {
            id: decision.approval.id,
            status: decision.approval.status,
            expires_at: decision.approval.expires_at,
            ...(decision.approval.approver_channel === undefined
              ? {}
              : { approver_channel: decision.approval.approver_channel }),
            ...(decision.approval.pending_queue_pos === undefined
              ? {}
              : { pending_queue_pos: decision.approval.pending_queue_pos }),
          },
        }),
    ...(decision.step_up === undefined
      ? {}
      : {
          step_up: {
            method: decision.step_up.method,
            ...(decision.step_up.scopes === undefined ? {} : { scopes: [...decision.step_up.scopes] }),
            ...(decision.step_up.max_age_seconds === undefined
              ? {}
              : { max_age_seconds: decision.step_up.max_age_seconds }),
          },
        }),
  };
}
