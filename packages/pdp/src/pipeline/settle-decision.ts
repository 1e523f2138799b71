import type { Decision, DecisionMetadata, PendingApproval, Reason, ReasonCode } from '@writ/decision';
import type { ApprovalState } from '@writ/state';
import { asksPeople } from '../access-request/callbacks.ts';
import { effectOf } from './effect.ts';

/** A denial that stands before everything that policies said; in observe mode it may leave the effect as it was. */
export function withReason(
  draft: Decision,
  reason: { readonly code: ReasonCode; readonly message: string; readonly remediation?: string },
  found: DecisionMetadata = {},
): Decision {
  const reasons: readonly Reason[] = [{ ...reason, outcome: 'deny' }, ...draft.reasons];
  const effect = effectOf('deny', reasons, draft.metadata.mode ?? 'enforce');
  const {
    step_up: _step,
    approval: _approval,
    remediation: _remediation,
    policy: _policy,
    ...before
  } = draft;
  const { remediation } = reason;
  const rest = {
    ...before,
    ...(remediation === undefined ? {} : { remediation }),
    metadata: { ...before.metadata, ...found },
  };
  if (effect === 'proceed')
    return { ...rest, outcome: 'deny', allow: false, effect, reason: reason.code, reasons };
  const { forwarded_args: _args, ...refused } = rest;
  return {
    ...refused,
    outcome: 'deny',
    allow: false,
    effect,
    reason: reason.code,
    reasons,
    obligations: draft.obligations.filter(({ type }) => type !== 'redact' && type !== 'rate_limit'),
  };
}

/** A denial that also tells the agent to stop its run. */
export function withHalt(draft: Decision, why: string): Decision {
  const stopped = withReason(draft, { code: 'halted', message: why });
  return {
    ...stopped,
    obligations: [...stopped.obligations, { id: 'halted', type: 'halt', properties: {} }],
  };
}

/** The escalation with the approval that a person is asked for. */
export function askAgain(
  draft: Decision,
  approval: ApprovalState,
  channels: readonly string[],
  nowMs: number,
  position?: number,
): Decision {
  return { ...draft, approval: pendingView(approval, channels, nowMs, position) };
}

/** What the caller is told of an approval: where people are asked, its place in their queue, and its age. */
export function pendingView(
  { id, status, expires_ms, created_ms }: ApprovalState,
  channels: readonly string[],
  nowMs: number,
  position?: number,
): PendingApproval {
  const asking = channels.filter(asksPeople);
  return {
    id,
    status,
    expires_at: new Date(expires_ms).toISOString(),
    ...(asking.length === 0 ? {} : { approver_channel: asking.join(',') }),
    ...(position === undefined || status !== 'pending' ? {} : { pending_queue_pos: position }),
    ...(status === 'pending' ? { age_seconds: Math.max(0, Math.floor((nowMs - created_ms) / 1000)) } : {}),
  };
}
