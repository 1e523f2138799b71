/** The call that an approval is for. It serves no other: every member must be equal, absent ones included. */
export interface ApprovalBinding {
  readonly arg_hash: string;
  readonly forwarded_hash: string;
  readonly tool_digest?: string;
  readonly tool?: string;
  readonly server?: string;
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
}

/** What about a call is not as it was when it was approved; reason codes of the contract. */
export type BindingFault =
  | 'approval_wrong_caller'
  | 'approval_mismatch'
  | 'approval_arguments_changed'
  | 'approval_form_changed';

/** Members in the order in which they are told: who calls goes first, and hides all the rest. */
const MEMBER_FAULTS: Readonly<Record<keyof ApprovalBinding, BindingFault>> = {
  principal: 'approval_wrong_caller',
  actor: 'approval_wrong_caller',
  tenant: 'approval_wrong_caller',
  tool: 'approval_mismatch',
  server: 'approval_mismatch',
  tool_digest: 'approval_mismatch',
  arg_hash: 'approval_arguments_changed',
  forwarded_hash: 'approval_form_changed',
};

/** Why an approval for one call does not serve another; undefined where it is the same call. */
export function bindingFault(approved: ApprovalBinding, call: ApprovalBinding): BindingFault | undefined {
  const members = Object.keys(MEMBER_FAULTS) as (keyof ApprovalBinding)[];
  const other = members.find((member) => approved[member] !== call[member]);
  return other === undefined ? undefined : MEMBER_FAULTS[other];
}
