import { describe, expect, it } from 'vitest';
import {
  APPROVAL_KEEP_MS,
  type ApprovalBinding,
  type ApprovalResult,
  ASKS_MAX,
  approvalKeys,
  askedKey,
  asksKey,
  cancelApproval,
  checkApproval,
  countAsk,
  createApproval,
  decideApproval,
  PENDING_PREFIX,
  pendingApprovalId,
  readApproval,
  toApproval,
  useApproval,
} from '../src/index.ts';
import { sweepCells } from '../src/sweep.ts';
import { MemoryState } from './memory-transaction.ts';

const id = 'apr-1';
const binding: ApprovalBinding = {
  arg_hash: 'sha256:a',
  forwarded_hash: 'sha256:f',
  tool_digest: 'sha256:t',
  tool: 'refund',
  server: 'payments',
  tenant: 'acme',
  principal: 'alice',
  actor: 'agent-1',
};

function pending(): MemoryState {
  const state = new MemoryState();
  state.run(approvalKeys(id), (transaction) =>
    createApproval(transaction, {
      id,
      decision_id: 'dec-1',
      expires_ms: state.nowMs + 60_000,
      binding,
      action: { type: 'tool_call', tool: 'refund', args: { amount: 700 } },
      reasons: [{ code: 'amount_over_limit' }],
    }),
  );
  return state;
}

const decide = (state: MemoryState, status: 'approved' | 'denied'): ApprovalResult =>
  state.run(approvalKeys(id), (transaction) => decideApproval(transaction, id, { status, by: 'olga' }));
const use = (state: MemoryState, call: ApprovalBinding = binding): ApprovalResult =>
  state.run(approvalKeys(id), (transaction) => useApproval(transaction, id, call, 'dec-2'));
const codeOf = (result: ApprovalResult): string => (result.ok ? 'ok' : result.code);

describe('approvals', () => {
  it('[P-APPROVAL-ONCE] are used exactly once, after a person approved', () => {
    const state = pending();
    expect(codeOf(use(state))).toBe('approval_pending');
    expect(codeOf(decide(state, 'approved'))).toBe('ok');
    expect(use(state)).toMatchObject({
      ok: true,
      approval: { status: 'used', used_by: 'dec-2', decided_by: 'olga' },
    });
    expect(codeOf(use(state))).toBe('approval_used');
    expect(codeOf(decide(state, 'approved'))).toBe('approval_used');
  });

  it('[P-APPROVAL-BOUND] serve no call that differs in anything, and do not tell it their status', () => {
    const state = pending();
    decide(state, 'approved');
    const told: Readonly<Record<keyof ApprovalBinding, string>> = {
      arg_hash: 'approval_arguments_changed',
      forwarded_hash: 'approval_form_changed',
      tool_digest: 'approval_mismatch',
      tool: 'approval_mismatch',
      server: 'approval_mismatch',
      tenant: 'approval_wrong_caller',
      principal: 'approval_wrong_caller',
      actor: 'approval_wrong_caller',
    };
    for (const [member, code] of Object.entries(told)) {
      const other = { ...binding, [member]: 'else' };
      expect(codeOf(use(state, other)), member).toBe(code);
    }
    for (const member of ['tool_digest', 'tool', 'server', 'tenant'] as const) {
      const { [member as 'tool']: _, ...other } = binding;
      expect(codeOf(use(state, other)), `without ${member}`).toBe(told[member]);
    }
    expect(codeOf(use(state))).toBe('ok');
    expect(use(state, { ...binding, actor: 'agent-2' })).toEqual({
      ok: false,
      code: 'approval_wrong_caller',
    });
  });

  it('are refused when a person rejected, withdrew or let them expire', () => {
    const denied = pending();
    decide(denied, 'denied');
    expect(codeOf(use(denied))).toBe('human_rejected');
    expect(codeOf(decide(denied, 'approved'))).toBe('approval_decided');

    const cancelled = pending();
    cancelled.run(approvalKeys(id), (transaction) => cancelApproval(transaction, id));
    expect(codeOf(use(cancelled))).toBe('approval_cancelled');
    expect(codeOf(decide(cancelled, 'approved'))).toBe('approval_cancelled');

    const late = pending();
    decide(late, 'approved');
    late.nowMs += 60_001;
    expect(codeOf(use(late))).toBe('approval_expired');

    const unseen = pending();
    unseen.nowMs += 60_001;
    expect(codeOf(decide(unseen, 'approved'))).toBe('approval_expired');
    expect(codeOf(use(new MemoryState()))).toBe('approval_unknown');
  });

  it('[P-CLOCK-STEP-BACK] are refused while the clock stands back by more than 5 s', () => {
    const state = pending();
    state.steppedBackMs = 5_001;
    expect(codeOf(decide(state, 'approved'))).toBe('clock_stepped_back');
    state.steppedBackMs = 5_000;
    expect(codeOf(decide(state, 'approved'))).toBe('ok');
    state.steppedBackMs = 5_001;
    expect(codeOf(use(state))).toBe('clock_stepped_back');
    state.steppedBackMs = 0;
    expect(codeOf(use(state))).toBe('ok');
  });

  it('are listed while they wait, and shown as the contract says', () => {
    const state = pending();
    const listed = (): string[] =>
      [...state.cells.keys()].filter((key) => key.startsWith(PENDING_PREFIX)).map(pendingApprovalId);
    expect(listed()).toEqual([id]);
    decide(state, 'approved');
    expect(listed()).toEqual([]);
    const read = (key: string): string | undefined => state.cells.get(key);
    expect(toApproval(readApproval(read, id, state.nowMs)!)).toEqual({
      id,
      status: 'approved',
      created_at: '2026-03-14T09:30:00.000Z',
      expires_at: '2026-03-14T09:31:00.000Z',
      decision_id: 'dec-1',
      principal: { id: 'alice', tenant: 'acme' },
      actor: { id: 'agent-1' },
      action: { type: 'tool_call', tool: 'refund', args: { amount: 700 } },
      arg_hash: 'sha256:a',
      forwarded_hash: 'sha256:f',
      tool_digest: 'sha256:t',
      reasons: [{ code: 'amount_over_limit' }],
      decided_by: 'olga',
      decided_at: '2026-03-14T09:30:00.000Z',
    });
    expect(checkApproval(read, id, binding, state.nowMs).ok).toBe(true);
  });

  it('do not take an id twice', () => {
    const state = pending();
    expect(() =>
      state.run(approvalKeys(id), (transaction) =>
        createApproval(transaction, {
          id,
          decision_id: 'dec-9',
          expires_ms: 0,
          binding,
          action: { type: 'tool_call' },
          reasons: [],
        }),
      ),
    ).toThrow('exists');
  });
});

describe('approvals that nobody answers', () => {
  const sweep = (state: MemoryState): number => {
    const cells = [...state.cells.keys()];
    return state.run(cells, (transaction) => sweepCells(transaction, cells));
  };

  it('[P-APPROVAL-FLOOD] leave the list of those that wait when they expire, and are forgotten later', () => {
    const state = pending();
    const created = state.nowMs.toString(16).padStart(12, '0');
    const asked = `apr-${created.slice(0, 8)}-${created.slice(8)}-7000-8000-000000000000`;
    state.cells.set(askedKey('acme', 'digest'), asked);
    expect(sweep(state)).toBe(0);
    // What expired stays a little, so that channels are told of it first.
    state.nowMs += 60_001 + 10 * 60_000;
    expect(sweep(state)).toBe(1);
    expect([...state.cells.keys()].filter((key) => key.startsWith(PENDING_PREFIX))).toEqual([]);
    state.nowMs += APPROVAL_KEEP_MS;
    expect(sweep(state)).toBe(2);
    expect(state.cells.size).toBe(0);
  });

  it('[P-APPROVAL-FLOOD] are bounded for one principal and actor, and for no other', () => {
    const state = new MemoryState();
    const ask = (subject: { tenant?: string; principal: string; actor: string }): boolean =>
      state.run([asksKey(subject)], (transaction) => countAsk(transaction, subject));
    const subject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
    for (let count = 0; count < ASKS_MAX; count++) expect(ask(subject)).toBe(true);
    expect(ask(subject)).toBe(false);
    expect(ask({ ...subject, actor: 'agent-2' })).toBe(true);
    expect(ask({ ...subject, principal: 'bob' })).toBe(true);
    expect(ask({ ...subject, tenant: 'other' })).toBe(true);
    state.nowMs += 2 * 3_600_000;
    expect(ask(subject)).toBe(true);
  });
});
