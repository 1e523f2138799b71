import { describe, expect, it } from 'vitest';
import {
  activeHalt,
  type BudgetDefinition,
  budgetKeys,
  budgetUse,
  type CloseResult,
  checkIdempotency,
  completeDecision,
  completionKeys,
  counterKey,
  type HaltTarget,
  haltKey,
  haltKeys,
  hitCounter,
  IDEMPOTENCY_MS,
  idempotencyKey,
  LEASE_MS,
  liftHalt,
  openDecision,
  openDecisionKey,
  readOpenDecision,
  recordCall,
  rememberAnswer,
  reserveBudgets,
  type StateSubject,
  sessionKeys,
  setHalt,
} from '../src/index.ts';
import { sweepCells } from '../src/sweep.ts';
import { MemoryState } from './memory-transaction.ts';

const subject: StateSubject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
const tokens: BudgetDefinition = { name: 'tokens', per: 'actor', unit: 'tokens', limit: 100, window: 'day' };

function opened(): MemoryState {
  const state = new MemoryState();
  state.run([...budgetKeys([tokens], subject), openDecisionKey('dec-1')], (transaction) => {
    const reserved = reserveBudgets(transaction, subject, [{ definition: tokens, amount: 40 }]);
    if (!reserved.ok) throw new Error('refused');
    openDecision(transaction, {
      decision_id: 'dec-1',
      subject,
      reservations: reserved.reservations,
      note: { tool: 'ask' },
    });
  });
  return state;
}

function complete(
  state: MemoryState,
  status: 'succeeded' | 'failed' | 'not_sent' | 'unknown',
  usage?: { tokens: number },
): CloseResult {
  const open = readOpenDecision((key) => state.cells.get(key), 'dec-1');
  return state.run(completionKeys('dec-1', open), (transaction) =>
    completeDecision(transaction, {
      decision_id: 'dec-1',
      status,
      answer: { effect: 'proceed' },
      ...(usage === undefined ? {} : { usage }),
    }),
  );
}

const used = (state: MemoryState): number =>
  budgetUse((key) => state.cells.get(key), tokens, subject, state.nowMs).used;

describe('a reservation', () => {
  it('[P-REFUND-ONLY-UNSENT] is given back only if nothing was sent', () => {
    for (const status of ['succeeded', 'failed', 'unknown'] as const) {
      const state = opened();
      expect(complete(state, status).kind, status).toBe('spent');
      expect(used(state)).toBe(40);
    }
    const state = opened();
    expect(complete(state, 'not_sent').kind).toBe('refunded');
    expect(used(state)).toBe(0);
  });

  it('[P-REFUND-ONLY-UNSENT] is not given back after its lease', () => {
    const state = opened();
    state.nowMs += LEASE_MS + 1;
    expect(complete(state, 'not_sent').kind).toBe('spent');
    expect(used(state)).toBe(40);
  });

  it('is settled to what was used, below and above', () => {
    const less = opened();
    expect(complete(less, 'succeeded', { tokens: 10 }).kind).toBe('settled');
    expect(used(less)).toBe(10);
    const more = opened();
    complete(more, 'failed', { tokens: 130 });
    expect(used(more)).toBe(130);
  });

  it('is closed once: a repetition gets the first answer and changes nothing', () => {
    const state = opened();
    complete(state, 'not_sent');
    expect(complete(state, 'not_sent')).toEqual({ kind: 'repeat', answer: { effect: 'proceed' } });
    expect(complete(state, 'succeeded', { tokens: 90 }).kind).toBe('repeat');
    expect(used(state)).toBe(0);
    expect(complete(new MemoryState(), 'succeeded')).toEqual({ kind: 'unknown' });
  });
});

describe('an idempotency key', () => {
  it('[P-IDEMPOTENT] gives the same call the first answer and refuses another call', () => {
    const state = new MemoryState();
    const cell = idempotencyKey('acme', 'gateway', 'k1');
    const check = (call: string) =>
      state.run([cell], (transaction) => checkIdempotency(transaction, cell, call));
    expect(check('a')).toEqual({ kind: 'first' });
    state.run([cell], (transaction) =>
      rememberAnswer(transaction, cell, {
        decision_id: 'dec-1',
        call: 'a',
        answerText: '{"outcome":"allow"}',
      }),
    );
    expect(check('a')).toEqual({ kind: 'repeat', decision_id: 'dec-1', answer: { outcome: 'allow' } });
    expect(check('b')).toEqual({ kind: 'mismatch', decision_id: 'dec-1' });
    state.nowMs += IDEMPOTENCY_MS + 1;
    expect(check('b')).toEqual({ kind: 'first' });
    expect(idempotencyKey('acme', 'gateway', 'k1')).not.toBe(idempotencyKey('acme', 'hook', 'k1'));
  });
});

describe('halts', () => {
  it('[P-HALT] stop whom they name, everywhere they should, until they are lifted', () => {
    const targets: readonly [HaltTarget, boolean][] = [
      [{ scope: 'all' }, true],
      [{ scope: 'tenant', tenant: 'acme' }, true],
      [{ scope: 'tenant', tenant: 'other' }, false],
      [{ scope: 'actor', actor: 'agent-1' }, true],
      [{ scope: 'actor', actor: 'agent-1', tenant: 'acme' }, true],
      [{ scope: 'actor', actor: 'agent-1', tenant: 'other' }, false],
      [{ scope: 'actor', actor: 'agent-2' }, false],
      [{ scope: 'session', subject }, true],
      [{ scope: 'session', subject: { ...subject, session_id: 's' } }, false],
    ];
    for (const [target, stops] of targets) {
      const state = new MemoryState();
      const halted = (): boolean =>
        state.run(haltKeys(subject), (transaction) => activeHalt((key) => transaction.get(key), subject)) !==
        undefined;
      expect(halted()).toBe(false);
      state.run([haltKey(target)], (transaction) => setHalt(transaction, target, 'olga', 'incident'));
      expect(halted(), JSON.stringify(target)).toBe(stops);
      const second = state.run([haltKey(target)], (transaction) =>
        setHalt(transaction, target, 'eve', 'else'),
      );
      expect(second).toMatchObject({ by: 'olga', reason: 'incident' });
      state.run([haltKey(target)], (transaction) => liftHalt(transaction, target));
      expect(halted()).toBe(false);
    }
  });
});

describe('a rate limit', () => {
  it('holds across the border of two windows', () => {
    const state = new MemoryState();
    const key = counterKey('acme', 'search', 'agent-1');
    const hit = () =>
      state.run([key], (transaction) => hitCounter(transaction, key, { limit: 4, windowMs: 60_000 }));
    state.nowMs += 59_000;
    expect([hit(), hit(), hit(), hit(), hit()].map((each) => each.allowed)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    state.nowMs += 2_000;
    expect(hit().allowed).toBe(false);
    state.nowMs += 30_000;
    expect(hit()).toEqual({ allowed: true, remaining: 1 });
    state.nowMs += 120_000;
    expect(hit()).toEqual({ allowed: true, remaining: 3 });
  });
});

describe('sweeping', () => {
  it('removes what has expired and leaves the rest', () => {
    const state = opened();
    const idem = idempotencyKey('acme', 'gateway', 'k1');
    const counter = counterKey('acme', 'search', 'agent-1');
    state.run([idem, counter, ...sessionKeys(subject)], (transaction) => {
      rememberAnswer(transaction, idem, { decision_id: 'dec-1', call: 'a', answerText: 'null' });
      hitCounter(transaction, counter, { limit: 4, windowMs: 60_000 });
      recordCall(transaction, subject, { proceeds: true });
    });
    const sweep = (): number => {
      const cells = [...state.cells.keys()];
      return state.run(cells, (transaction) => sweepCells(transaction, cells));
    };
    expect(sweep()).toBe(0);
    state.nowMs += 120_001;
    expect(sweep()).toBe(1);
    expect(state.cells.has(counter)).toBe(false);
    state.nowMs += IDEMPOTENCY_MS + 1;
    expect(sweep()).toBe(3);
    // The budget stays: its window decides what it means.
    expect([...state.cells.keys()]).toEqual(budgetKeys([tokens], subject));
  });
});
