import { canonicalJson, type DecideCall, type DecisionRequest, type Json, type Reason } from '@writ/decision';
import {
  type ApprovalBinding,
  type ApprovalState,
  approvalKey,
  askedKey,
  idempotencyKey,
  readApproval,
} from '@writ/state';
import type { Store } from '@writ/store';
import { canonicalDigest, hashArgs } from './resolve-request.ts';

/**
 * Digest of all that a call asks: who, on whose authority, what exactly, with which approval, and what its point
 * observed about it. What was allowed at a low risk is not allowed again, by its key, at a high one.
 */
export function digestOfCall(call: DecideCall, request: DecisionRequest): string {
  const { args: _args, ...action } = request.action;
  const { session_id, risk_score } = call.request.context ?? {};
  const { region, is_production } = call.request.environment ?? {};
  const asked = {
    principal: request.principal,
    actor: request.actor,
    delegation: request.delegation ?? null,
    action,
    approval: call.approval_id ?? null,
    ...(call.appeal === undefined ? {} : { appeal: true }),
    tool_digest: call.tool_digest ?? null,
    observed: [session_id ?? null, risk_score ?? null, region ?? null, is_production ?? null],
  };
  return canonicalDigest(asked as unknown as Json);
}

/**
 * The cell of an idempotency key. What a caller brings to a later attempt at one call (an approval, a stronger
 * identity) makes it another attempt with a decision of its own.
 */
export function idempotencyCellOf(
  call: DecideCall,
  request: DecisionRequest,
  point: string,
): string | undefined {
  if (call.idempotency_key === undefined) return undefined;
  const brought = [
    call.approval_id ?? null,
    request.context?.step_up_verified ?? null,
    ...(call.appeal === undefined ? [] : ['appeal']),
  ];
  const key = brought.every((each) => each === null)
    ? call.idempotency_key
    : JSON.stringify([call.idempotency_key, ...brought]);
  return idempotencyKey(request.principal.tenant, point, key);
}

/**
 * The call that an approval is for. Beside the tool's name its place in the binding holds whatever else of the action
 * says what would be done: an approval for one destination serves no other.
 */
export function bindingOf(
  call: DecideCall,
  request: DecisionRequest,
  forwardedHash: string,
): ApprovalBinding {
  const { principal, actor, action } = request;
  const { type, tool, capability, operation, resources, destination, provider, model, region } = action;
  const subject = { type, tool, capability, operation, resources, destination, provider, model, region };
  return {
    arg_hash: action.arg_hash ?? hashArgs({}),
    forwarded_hash: forwardedHash,
    tool: canonicalJson(JSON.parse(JSON.stringify(subject))),
    ...(call.tool_digest === undefined ? {} : { tool_digest: call.tool_digest }),
    ...(action.server === undefined ? {} : { server: action.server }),
    ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
    principal: principal.id,
    actor: actor.id,
  };
}

/** Names the approval that waits for exactly this call and these reasons. */
export function pendingCellOf(binding: ApprovalBinding, reasons: readonly Reason[]): string {
  const digest = canonicalDigest([binding, reasons] as unknown as Json);
  return askedKey(binding.tenant, digest);
}

/** The approval as committed; undefined where there is none of this id. */
export async function approvalNamed(
  store: Store,
  id: string,
  nowMs: number,
): Promise<ApprovalState | undefined> {
  const text = await store.read(approvalKey(id));
  return readApproval(() => text, id, nowMs);
}
