import type { DecisionRequest } from '@writ/decision';
import { type ApprovalRule, type Json, type JsonObject, readApprovers } from '@writ/decision';
import type { PolicySet } from '../layers/policy-set.ts';

/** What policies are told of a person and the question, beside the request. */
export interface ApproversQuestion {
  readonly request: DecisionRequest;
  readonly approval: JsonObject;
  /** Who wants to judge; absent where it is asked who should be asked. */
  readonly approver?: JsonObject;
}

/** Rules that must all hold, or why this person may not; `entrypoints`: how many were asked. */
export type RulesAnswer =
  | { readonly ok: true; readonly rules: readonly ApprovalRule[]; readonly entrypoints: number }
  | {
      readonly ok: false;
      readonly code: 'approver_not_permitted' | 'policy_error';
      readonly message: string;
    };

/**
 * Asks every entrypoint of kind `approvers` that applies to the request. Without any, every approver may. Any fault is
 * a no: who may approve is never guessed.
 */
export async function askApprovers(
  set: PolicySet,
  question: ApproversQuestion,
  nowMs: number,
  deadlineMs: number,
): Promise<RulesAnswer> {
  const { request, approval, approver } = question;
  const entrypoints = set.approversFor(request);
  const rules: ApprovalRule[] = [];
  const input = { ...request, approval, ...(approver === undefined ? {} : { approver }) } as unknown as Json;
  for (const { bundle, rule, entrypoint } of entrypoints) {
    const answer = await set.policies.evaluate({
      bundle,
      path: entrypoint.path,
      input,
      deadlineMs,
      timeNs: BigInt(nowMs) * 1_000_000n,
    });
    if (answer.kind === 'error')
      return { ok: false, code: 'policy_error', message: `${rule}: ${answer.message}` };
    const read = readApprovers(answer.kind === 'value' ? answer.value : undefined);
    if (read.kind === 'unreadable')
      return { ok: false, code: 'policy_error', message: `${rule}: ${read.message}` };
    if (read.kind === 'refused') {
      const [reason] = read.reasons;
      const message = reason?.message ?? reason?.code ?? `${rule} does not let this person judge this call`;
      return { ok: false, code: 'approver_not_permitted', message };
    }
    rules.push(...read.rules);
  }
  return { ok: true, rules, entrypoints: entrypoints.length };
}
