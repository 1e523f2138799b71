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
  type ApprovalResult,
  type ApprovalState,
  approvalKeys,
  cancelApproval,
  decideApproval,
  outboxKeys,
  revokeApproval,
  tellChannels,
  type Verdict,
} from '@writ/state';
import type { Procedure, Transaction } from '@writ/store';

/** A person's verdict on a pending approval, or its withdrawal by the point that asked. */
export interface ApprovalStepRequest {
  readonly id: string;
  readonly step: 'approved' | 'denied' | 'cancelled' | 'revoked';
  readonly by: string;
  /** What the verdict rests on, where it is one. */
  readonly verdict?: Omit<Verdict, 'status' | 'by'>;
  readonly comment?: string;
  /** Channels that are told. */
  readonly channels: readonly string[];
  readonly saltSeed: string;
  readonly trust: Trust;
}

export type ApprovalStepResult =
  | { readonly ok: true; readonly approval: ApprovalState }
  | { readonly ok: false; readonly code: ApprovalFault; readonly approval?: ApprovalState };

/** Moves an approval once and puts the step on record in the same transaction. */
const approvalProcedure: Procedure<ApprovalStepRequest, ApprovalStepResult> = {
  name: 'pdp.approval',
  keys: ({ id, channels, saltSeed }) => [...approvalKeys(id), ...outboxKeys(id, channels, stepOf(saltSeed))],
  run: (transaction, request) => {
    const { id, step, by, comment, saltSeed, trust } = request;
    const result = move(transaction, request);
    if (!result.ok) return result;
    const { decision_id, status } = result.approval;
    const told = {
      by,
      ...(request.verdict?.holder === undefined || request.verdict.holder === by
        ? {}
        : { on_behalf_of: request.verdict.holder }),
      ...(comment === undefined ? {} : { comment }),
      channel: request.verdict?.channel ?? (step === 'cancelled' ? 'enforcement_point' : 'operator_api'),
    };
    const sealed = sealFields(fieldsOf(result.approval, told), derivedSalts(saltSeed));
    // A yes that is not the last one needed is a vote.
    const event = step === 'approved' && status === 'pending' ? 'voted' : step;
    recordEntry(transaction, { kind: 'approval', event, approval_id: id, decision_id }, sealed, trust);
    recordToken(transaction, request, result.approval);
    tellChannels(transaction, id, request.channels, { event, step: stepOf(saltSeed) });
    return result;
  },
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default approvalProcedure;

const TOKEN_EVENTS: Readonly<Partial<Record<ApprovalStepRequest['step'], string>>> = {
  approved: 'issued',
  revoked: 'revoked',
};

/** An approval that is given is a token that a point may bring: it is on record from when it holds, and when it ends. */
function recordToken(transaction: Transaction, request: ApprovalStepRequest, approval: ApprovalState): void {
  const { token_id, decision_id, status, action } = approval;
  const event = TOKEN_EVENTS[request.step];
  if (token_id === undefined || event === undefined || status === 'pending') return;
  const token = { id: token_id, type: 'override', expires: new Date(approval.expires_ms).toISOString() };
  const { approval: _told, ...about } = fieldsOf(approval, { by: request.by, channel: '' });
  const fields = { ...about, token, ...(action.tool === undefined ? {} : { tool: action.tool }) };
  const sealed = sealFields(fields, derivedSalts(`${request.saltSeed} token`));
  recordEntry(
    transaction,
    { kind: 'token', event, approval_id: approval.id, decision_id },
    sealed,
    request.trust,
  );
}

/** Names this step among those of the approval; no two share a seed. */
function stepOf(saltSeed: string): string {
  return saltSeed.slice(0, 16);
}

function move(transaction: Transaction, request: ApprovalStepRequest): ApprovalResult {
  const { id, step, by, comment, verdict } = request;
  if (step === 'cancelled') return cancelApproval(transaction, id);
  if (step === 'revoked') return revokeApproval(transaction, id, by);
  const said = comment === undefined ? {} : { comment };
  return decideApproval(transaction, id, { ...verdict, status: step, by, ...said });
}

function fieldsOf(
  { binding }: ApprovalState,
  told: { readonly by: string; readonly comment?: string; readonly channel: string },
): PersonalFields {
  return {
    approval: told,
    principal: binding.principal,
    actor: binding.actor,
    arg_hash: binding.arg_hash,
    ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }),
  };
}
