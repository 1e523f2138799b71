import { REASON_TABLE, type ReasonCode } from '@writ/decision';
import { type ApprovalBinding, type ApprovalFault, bindingFault } from '@writ/state';

/** Faults of an approval as reasons of a decision. */
const CODES: Readonly<Record<ApprovalFault, ReasonCode>> = {
  approval_unknown: 'approval_unknown',
  approval_pending: 'approval_pending',
  approval_expired: 'approval_expired',
  approval_used: 'approval_used',
  approval_mismatch: 'approval_mismatch',
  approval_wrong_caller: 'approval_wrong_caller',
  approval_arguments_changed: 'approval_arguments_changed',
  approval_form_changed: 'approval_form_changed',
  override_revoked: 'override_revoked',
  approval_cancelled: 'approval_cancelled',
  // Decided is a fault only of deciding again, which no agent does.
  approval_decided: 'approval_unknown',
  approval_voted: 'approval_unknown',
  approval_moved: 'state_conflict',
  human_rejected: 'human_rejected',
  clock_stepped_back: 'clock_stepped_back',
};

/** The reason that a call with this approval is refused for. */
export function approvalReason(fault: ApprovalFault): {
  readonly code: ReasonCode;
  readonly message: string;
} {
  const code = CODES[fault];
  return { code, message: REASON_TABLE[code].sentence };
}

const REDEFINED =
  'the approval was given for another definition of this tool than it has now, as when its server or this service was upgraded: ask again';

/** As `approvalReason`, and clear about an approval whose tool has another definition now. */
export function misfit(
  fault: ApprovalFault,
  approved: ApprovalBinding,
  call: ApprovalBinding,
): ReturnType<typeof approvalReason> {
  const reason = approvalReason(fault);
  const isRedefined =
    fault === 'approval_mismatch' &&
    approved.tool_digest !== call.tool_digest &&
    bindingFault(withoutDigest(approved), withoutDigest(call)) === undefined;
  return isRedefined ? { ...reason, message: REDEFINED } : reason;
}

function withoutDigest({ tool_digest: _digest, ...rest }: ApprovalBinding): ApprovalBinding {
  return rest;
}
