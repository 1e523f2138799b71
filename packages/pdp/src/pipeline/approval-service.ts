import type { Approval, ApprovalStatus } from '@writ/decision';
import type { Approver } from './approver.ts';
import type { VerdictRefusal } from './judge-approval.ts';
import type { PendingLine } from './pending-line.ts';

export type ApprovalVerdict =
  | { readonly ok: true; readonly approval: Approval }
  | {
      readonly ok: false;
      readonly code:
        | 'approval_unknown'
        | 'approval_not_pending'
        | 'approval_voted'
        | 'state_unavailable'
        | 'audit_unavailable'
        | VerdictRefusal;
      readonly message: string;
      readonly approval?: Approval;
    };

/** Which approvals; `person`: only what this one may see. */
export interface ApprovalFilter {
  readonly status?: ApprovalStatus;
  readonly limit?: number;
  readonly person?: Approver;
}

/** What people do with approvals. `by` as a text is the operator under that name. */
export interface ApprovalDesk {
  /** With the latest decisions on the same tool by the same actor. */
  get(id: string, person?: Approver): Promise<Approval | undefined>;
  list(filter?: ApprovalFilter): Promise<readonly Approval[]>;
  /** Everything that waits, the oldest first. */
  pending(person?: Approver): Promise<readonly PendingLine[]>;
  approve(id: string, by: string | Approver, comment?: string): Promise<ApprovalVerdict>;
  deny(id: string, by: string | Approver, comment?: string): Promise<ApprovalVerdict>;
  /** Takes back an approval that was given and not used. */
  revoke(id: string, by: string | Approver, comment?: string): Promise<ApprovalVerdict>;
  /** Names a delegate until a time; without one the person is back. */
  setAway(
    person: Approver,
    away?: { readonly delegate: string; readonly untilMs: number },
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }>;
  away(): Promise<readonly { readonly id: string; readonly delegate: string; readonly until: string }[]>;
}
