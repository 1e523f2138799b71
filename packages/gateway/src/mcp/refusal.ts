import type { CallToolResult } from '@modelcontextprotocol/server';
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
    ...(decision.approval === undefined
      ? {}
      : {
          approval: {
            id: decision.approval.id,
            status: decision.approval.status,
            expires_at: decision.approval.expires_at,
          },
        }),
    ...(decision.step_up === undefined
      ? {}
      : {
          step_up: {
            method: decision.step_up.method,
            ...(decision.step_up.scopes === undefined ? {} : { scopes: [...decision.step_up.scopes] }),
          },
        }),
  };
}
