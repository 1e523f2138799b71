import { type Approval, REASON_TABLE } from '@writ/decision';
import { type ApprovalState, listAway, readApproval, toApproval } from '@writ/state';
import { scanPages } from '@writ/store';
import type { ApprovalStepResult } from './approval-procedure.ts';
import type { ApprovalDesk, ApprovalFilter, ApprovalVerdict } from './approval-service.ts';
import { stepApproval } from './approvals.ts';
import { type Approver, coversTenant, operatorApprover } from './approver.ts';
import { approvalNamed } from './call-cells.ts';
import type { Core } from './core.ts';
import { commitFault } from './faults.ts';
import { type JudgeResult, judgeApproval } from './judge-approval.ts';
import type { PendingLine } from './pending-line.ts';
import { recentDecisions } from './recent-decisions.ts';

/** Of the ended ones the newest that are shown. */
const APPROVALS_SHOWN_MAX = 1000;
/** Prefix of the cells that hold approvals. */
const APPROVAL_PREFIX = 'approval/';
/** Approvals that one batch may judge. */
export const BATCH_MAX = 1000;

/** What people do with approvals. Whoever calls this has checked who it is. */
export function createApprovalDesk(core: Core): ApprovalDesk {
  const judge = (id: string, step: 'approved' | 'denied', by: string | Approver, comment?: string) =>
    verdictOf(() => judgeApproval(core, id, step, asApprover(by), comment));
  return {
    get: async (id, person) => {
      const state = await approvalNamed(core.store, id, core.clock.nowMs());
      if (state === undefined || !sees(person, state)) return undefined;
      const recent = await recentDecisions(core, state);
      return { ...toApproval(state), ...(recent.length === 0 ? {} : { recent }) };
    },
    list: (filter = {}) => listApprovals(core, filter),
    pending: (person) => listPending(core, person),
    approve: (id, by, comment) => judge(id, 'approved', by, comment),
    deny: (id, by, comment) => judge(id, 'denied', by, comment),
    revoke: async (id, by, comment) => {
      const person = asApprover(by);
      const state = await approvalNamed(core.store, id, core.clock.nowMs());
      if (state === undefined || !sees(person, state)) return verdictOf(async () => UNKNOWN);
      const said = comment === undefined ? {} : { comment };
      const channel = person.channel ?? 'api';
      return verdictOf(() =>
        stepApproval(core, { id, step: 'revoked', by: person.id, ...said, verdict: { channel } }),
      );
    },
    setAway: async (person, away) => {
      const request = {
        id: person.id,
        groups: person.groups,
        saltSeed: core.saltSeed(),
        trust: core.trust,
        ...(away === undefined ? {} : { away }),
      };
      try {
        await core.store.call('pdp.away', request);
        return { ok: true };
      } catch (thrown) {
        return { ok: false, ...commitFault(thrown) };
      }
    },
    away: async () =>
      (await listAway(core.store, core.clock.nowMs())).map(({ id, delegate, until_ms }) => ({
        id,
        delegate,
        until: new Date(until_ms).toISOString(),
      })),
  };
}

const UNKNOWN = { ok: false, code: 'approval_unknown' } as const;

function asApprover(by: string | Approver): Approver {
  return typeof by === 'string' ? operatorApprover(by) : by;
}

function sees(person: Approver | undefined, { binding }: ApprovalState): boolean {
  return person === undefined || coversTenant(person, binding.tenant);
}

/** How many wait now. */
export async function countPending(core: Core): Promise<number> {
  const nowMs = core.clock.nowMs();
  return (await core.pending.list()).filter(({ summary }) => nowMs <= summary.expires_ms).length;
}

/** Everything that waits, the oldest first, without reading each approval. */
async function listPending(core: Core, person: Approver | undefined): Promise<readonly PendingLine[]> {
  const nowMs = core.clock.nowMs();
  const lines: PendingLine[] = [];
  for (const { summary, line } of await core.pending.list()) {
    const { expires_ms, created_ms, tenant } = summary;
    if (nowMs > expires_ms || (person !== undefined && !coversTenant(person, tenant))) continue;
    lines.push({ ...line, age_seconds: Math.max(0, Math.floor((nowMs - created_ms) / 1000)) });
  }
  return lines;
}

/** All that are pending, which have a list of their own; of others, or of all together, the newest ones. */
async function listApprovals(core: Core, filter: ApprovalFilter): Promise<readonly Approval[]> {
  const nowMs = core.clock.nowMs();
  const { status, person, limit = Number.POSITIVE_INFINITY } = filter;
  if (status === 'pending') {
    const lines = (await listPending(core, person)).slice(0, limit);
    const states = await Promise.all(lines.map(({ id }) => approvalNamed(core.store, id, nowMs)));
    return states
      .filter((state) => state?.status === 'pending')
      .map((state) => toApproval(state as ApprovalState));
  }
  const shownMax = Math.min(limit, APPROVALS_SHOWN_MAX);
  let found: readonly ApprovalState[] = [];
  for await (const page of scanPages(core.store, APPROVAL_PREFIX)) {
    const states = page.flatMap(([key, text]) => {
      const id = decodeURIComponent(key.slice(APPROVAL_PREFIX.length));
      const state = readApproval(() => text, id, nowMs);
      const wanted = state !== undefined && (status === undefined || state.status === status);
      return wanted && sees(person, state) ? [state] : [];
    });
    found = [...found, ...states].slice(-shownMax);
  }
  return found.map(toApproval);
}

async function verdictOf(judged: () => Promise<JudgeResult>): Promise<ApprovalVerdict> {
  let result: JudgeResult;
  try {
    result = await judged();
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  }
  if (result.ok) return { ok: true, approval: toApproval(result.approval) };
  switch (result.code) {
    case 'approver_not_permitted':
    case 'self_approval':
    case 'policy_error':
    case 'policy_engine_unavailable':
      return { ok: false, code: result.code, message: result.message };
    case 'approval_voted':
      return { ok: false, code: 'approval_voted', message: REASON_TABLE.approval_voted.sentence };
    default:
      return notPending(result);
  }
}

function notPending(result: Extract<ApprovalStepResult, { ok: false }>): ApprovalVerdict {
  if (result.approval === undefined)
    return { ok: false, code: 'approval_unknown', message: REASON_TABLE.approval_unknown.sentence };
  const message = `the approval is ${result.approval.status}`;
  return { ok: false, code: 'approval_not_pending', message, approval: toApproval(result.approval) };
}
