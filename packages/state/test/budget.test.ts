import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BudgetDefinition,
  type BudgetRequest,
  budgetKeys,
  budgetUse,
  type ReserveResult,
  recordCall,
  refundReservations,
  reserveBudgets,
  SESSION_IDLE_MS,
  type StateSubject,
  sessionKeys,
  settleReservations,
} from '../src/index.ts';
import { MemoryState } from './memory-transaction.ts';

const subject: StateSubject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
const calls: BudgetDefinition = { name: 'calls', per: 'session', unit: 'requests', limit: 3 };
const money: BudgetDefinition = { name: 'money', per: 'principal', unit: 'cost', limit: 1, window: 'day' };

function reserve(state: MemoryState, requests: readonly BudgetRequest[], who = subject): ReserveResult {
  const keys = budgetKeys(
    requests.map((each) => each.definition),
    who,
  );
  return state.run(keys, (transaction) => reserveBudgets(transaction, who, requests));
}

function used(state: MemoryState, definition: BudgetDefinition, who = subject): number {
  return budgetUse((key) => state.cells.get(key), definition, who, state.nowMs).used;
}

describe('budgets', () => {
  it('[P-BUDGET-NEVER-OVERSPENT] reserves up to the limit and not one more', () => {
    const state = new MemoryState();
    const one = [{ definition: calls, amount: 1 }];
    expect([1, 2, 3, 4].map(() => reserve(state, one).ok)).toEqual([true, true, true, false]);
    expect(used(state, calls)).toBe(3);
    expect(reserve(state, one)).toEqual({
      ok: false,
      exhausted: { name: 'calls', unit: 'requests', used: 3, limit: 3, requested: 1 },
    });
  });

  it('sums decimals exactly', () => {
    const state = new MemoryState();
    const tenth = [{ definition: money, amount: 0.1 }];
    expect(Array.from({ length: 11 }, () => reserve(state, tenth).ok)).toEqual([
      ...Array(10).fill(true),
      false,
    ]);
    expect(used(state, money)).toBe(1);
  });

  it('takes all of several budgets or nothing, also when two requests meet in one cell', () => {
    const state = new MemoryState();
    const refused = reserve(state, [
      { definition: calls, amount: 1 },
      { definition: money, amount: 2 },
    ]);
    expect(refused).toMatchObject({ ok: false, exhausted: { name: 'money' } });
    expect(used(state, calls)).toBe(0);
    const twice = [
      { definition: calls, amount: 2 },
      { definition: calls, amount: 2 },
    ];
    expect(reserve(state, twice).ok).toBe(false);
    expect(used(state, calls)).toBe(0);
  });

  it('lets an unknown amount pass only while something is left', () => {
    const state = new MemoryState();
    const unknown = [{ definition: money, amount: 0 }];
    expect(reserve(state, unknown).ok).toBe(true);
    reserve(state, [{ definition: money, amount: 1 }]);
    expect(reserve(state, unknown).ok).toBe(false);
  });

  it('refuses amounts that are none', () => {
    const state = new MemoryState();
    for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(() => reserve(state, [{ definition: money, amount }])).toThrow(RangeError);
    }
    expect(used(state, money)).toBe(0);
  });

  it('starts anew with the window, and owes the old one nothing back', () => {
    const state = new MemoryState();
    const first = reserve(state, [{ definition: money, amount: 1 }]);
    state.nowMs += 24 * 3_600_000;
    expect(used(state, money)).toBe(0);
    expect(reserve(state, [{ definition: money, amount: 0.4 }]).ok).toBe(true);
    if (!first.ok) throw new Error('the first reservation was refused');
    state.run(budgetKeys([money], subject), (transaction) =>
      refundReservations(transaction, first.reservations),
    );
    expect(used(state, money)).toBe(0.4);
    state.run(budgetKeys([money], subject), (transaction) =>
      settleReservations(transaction, first.reservations, { cost: 1.5 }),
    );
    expect(used(state, money)).toBe(0.9);
  });

  it('counts per session from the start of the session', () => {
    const state = new MemoryState();
    for (let call = 0; call < 3; call++) {
      reserve(state, [{ definition: calls, amount: 1 }]);
      state.run(sessionKeys(subject), (transaction) => recordCall(transaction, subject, { proceeds: true }));
    }
    expect(reserve(state, [{ definition: calls, amount: 1 }]).ok).toBe(false);
    expect(reserve(state, [{ definition: calls, amount: 1 }], { ...subject, session_id: 's2' }).ok).toBe(
      true,
    );
    state.nowMs += SESSION_IDLE_MS + 1;
    expect(reserve(state, [{ definition: calls, amount: 1 }]).ok).toBe(true);
  });

  it('keeps holders and tenants apart', () => {
    const state = new MemoryState();
    reserve(state, [{ definition: money, amount: 1 }]);
    expect(used(state, money, { ...subject, actor: 'agent-2' })).toBe(1);
    expect(used(state, money, { ...subject, principal: 'bob' })).toBe(0);
    expect(used(state, money, { ...subject, tenant: 'other' })).toBe(0);
    const { tenant: _, ...without } = subject;
    expect(used(state, money, without)).toBe(0);
  });

  it('[P-BUDGET-NEVER-OVERSPENT] never holds more than the limit, whatever is reserved, settled below it and refunded', () => {
    const step = fc.record({
      kind: fc.constantFrom('reserve', 'settle', 'refund', 'wait'),
      amount: fc.double({ min: 0, max: 0.6, noNaN: true }),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = new MemoryState();
        const open: (ReserveResult & { ok: true })[] = [];
        for (const { kind, amount, which } of steps) {
          if (kind === 'wait') state.nowMs += 3_600_000 * 5;
          if (kind === 'reserve') {
            const result = reserve(state, [{ definition: money, amount }]);
            if (result.ok) open.push(result);
          }
          if ((kind === 'settle' || kind === 'refund') && open.length > 0) {
            const [one] = open.splice(which % open.length, 1);
            const reserved = one!.reservations[0]!.millionths / 1e6;
            state.run(budgetKeys([money], subject), (transaction) => {
              if (kind === 'refund') refundReservations(transaction, one!.reservations);
              else settleReservations(transaction, one!.reservations, { cost: Math.min(amount, reserved) });
            });
          }
          expect(used(state, money)).toBeLessThanOrEqual(1);
          expect(used(state, money)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
