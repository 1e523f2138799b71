import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Decision, JsonObject, Reason } from '@writ/decision';

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

/** One line for the model: `TOOL_DENIED: amount_over_limit. …`, `APPROVAL_PENDING: …`, `STEP_UP_REQUIRED: …`. */
export function refusalText(decision: Decision): string {
  const details = sentences(decision.reasons, decision.remediation);
  if (decision.outcome === 'escalate' && decision.approval !== undefined) {
    return (
      `APPROVAL_PENDING: ${decision.reason}. ${details}` +
      `A person must approve this exact call (approval ${decision.approval.id}, until ${decision.approval.expires_at}). ` +
      'Nothing has happened yet. Repeat the same call after it is approved, or choose a different action.'
    );
  }
  if (decision.outcome === 'step_up') {
    const method = decision.step_up?.method ?? 'stronger authentication';
    return `STEP_UP_REQUIRED: ${decision.reason}. ${details}The person must prove their identity again (${method}).`;
  }
  return `TOOL_DENIED: ${decision.reason}. ${details}Choose a different action.`;
}

function sentences(reasons: readonly Reason[], remediation: string | undefined): string {
  const texts = new Set<string>();
  for (const reason of reasons) {
    if (reason.message !== undefined) texts.add(sentence(reason.message));
    if (reason.remediation !== undefined) texts.add(sentence(reason.remediation));
  }
  if (remediation !== undefined) texts.add(sentence(remediation));
  return [...texts].map((text) => `${text} `).join('');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
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
