import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  type PersonalFields,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import {
  type ApprovalFault,
  type ApprovalState,
  approvalKeys,
  cancelApproval,
  decideApproval,
} from '@writ/state';
import type { Procedure } from '@writ/store';

/** A person's verdict on a pending approval, or its withdrawal by the point that asked. */
export interface ApprovalStepRequest {
  readonly id: string;
  readonly step: 'approved' | 'denied' | 'cancelled';
  readonly by: string;
  readonly comment?: string;
  readonly saltSeed: string;
  readonly trust: Trust;
}

export type ApprovalStepResult =
  | { readonly ok: true; readonly approval: ApprovalState }
  | { readonly ok: false; readonly code: ApprovalFault; readonly approval?: ApprovalState };

/** Moves an approval once and puts the step on record in the same transaction. */
const approvalProcedure: Procedure<ApprovalStepRequest, ApprovalStepResult> = {
  name: 'pdp.approval',
  keys: ({ id }) => approvalKeys(id),
  run: (transaction, request) => {
    const { id, step, by, comment, saltSeed, trust } = request;
    const verdict = { by, ...(comment === undefined ? {} : { comment }) };
    const result =
      step === 'cancelled'
        ? cancelApproval(transaction, id)
        : decideApproval(transaction, id, { status: step, ...verdict });
    if (!result.ok) return result;
    const { decision_id } = result.approval;
    const sealed = sealFields(
      fieldsOf(result.approval, verdict, step === 'cancelled' ? 'enforcement_point' : 'operator_api'),
      derivedSalts(saltSeed),
    );
    recordEntry(transaction, { kind: 'approval', event: step, approval_id: id, decision_id }, sealed, trust);
    return result;
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default approvalProcedure;

function fieldsOf(
  { binding }: ApprovalState,
  verdict: { readonly by: string; readonly comment?: string },
  channel: 'operator_api' | 'enforcement_point',
): PersonalFields {
  return {
    // Verdicts come through the operator's API, withdrawals from the point that asked.
    approval: { ...verdict, channel },
    principal: binding.principal,
    actor: binding.actor,
    arg_hash: binding.arg_hash,
    ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
  };
}
