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
  createStanding,
  decideApproval,
  outboxKeys,
  revokeApproval,
  standingFrom,
  standingKey,
  tellChannels,
  type Verdict,
} from '@writ/state';
import type { Procedure, Transaction } from '@writ/store';
import { standingFields } from './standing-procedure.ts';

/** A person's verdict on a pending approval, or its withdrawal by the point that asked. */
export interface ApprovalStepRequest {
  readonly id: string;
  readonly step: 'approved' | 'denied' | 'cancelled' | 'revoked';
  readonly by: string;
  /** What the verdict rests on, where it is one. */
  readonly verdict?: Omit<Verdict, 'status' | 'by'>;
  readonly comment?: string;
  /** Id of the standing permission that a last yes makes, where policy and question say that it does. */
  readonly standingId?: string;
  /** Tenant of the approval: only where `standingId` is given. */
  readonly tenant?: string;
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
  keys: ({ id, channels, saltSeed, standingId, tenant }) => [
    ...approvalKeys(id),
    ...outboxKeys(id, channels, stepOf(saltSeed)),
    ...(standingId === undefined ? [] : [standingKey(tenant, standingId)]),
  ],
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
    if (status === 'approved' && step === 'approved') grantStanding(transaction, request, result.approval);
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

/** A yes to a question that said so also makes a standing permission, never a wider one than the question showed. */
function grantStanding(
  transaction: Transaction,
  { standingId, by, comment, saltSeed, trust }: ApprovalStepRequest,
  approval: ApprovalState,
): void {
  const grant = standingId === undefined ? undefined : standingFrom(approval, transaction.nowMs);
  if (grant === undefined || standingId === undefined) return;
  const said = comment === undefined ? {} : { comment };
  const granted_by = approval.decided_by ?? by;
  const from = { id: standingId, approval_id: approval.id, granted_by, grant, ...said };
  const state = createStanding(transaction, from);
  const core = { kind: 'approval', event: 'standing_granted', approval_id: standingId } as const;
  const sealed = sealFields(standingFields(state, { by, ...said }), derivedSalts(`${saltSeed} standing`));
  recordEntry(transaction, core, sealed, trust);
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
