import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRates,
  RATE_WINDOW_MS,
  type RateDefinition,
  type RateRequest,
  type RateReservation,
  type RateResult,
  rateKey,
  rateKeys,
  refundRates,
  type StateSubject,
  settleRates,
  takeRates,
} from '../src/index.ts';
import { MemoryState } from './memory-transaction.ts';

const subject: StateSubject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
const model: RateDefinition = {
  name: 'model',
  per: 'tenant',
  requests_per_minute: 3,
  tokens_per_minute: 100,
};

type Asked = RateResult & { readonly taken: readonly RateReservation[] };

function ask(state: MemoryState, rates: readonly RateRequest[], who = subject): Asked {
  return state.run(rateKeys(rates, who), (transaction) => {
    const found = checkRates(transaction, who, rates);
    return { ...found, taken: found.ok ? takeRates(transaction, who, rates) : [] };
  });
}

function settle(state: MemoryState, taken: readonly RateReservation[], tokens: number): void {
  state.run(
    taken.map(({ key }) => key),
    (transaction) => settleRates(transaction, taken, tokens),
  );
}

describe('rates', () => {
  it('[P-RATE-NEVER-EXCEEDED] let pass what a minute holds, and say when there is room again', () => {
    const state = new MemoryState();
    const one = [{ definition: model, tokens: 0 }];
    expect(ask(state, one)).toMatchObject({ ok: true, remaining: 2 });
    state.nowMs += 10_000;
    expect([ask(state, one).ok, ask(state, one)]).toMatchObject([true, { ok: true, remaining: 0 }]);
    const refused = ask(state, one);
    expect(refused).toMatchObject({
      ok: false,
      limited: { unit: 'requests', used: 3, limit: 3, requested: 1 },
    });
    const retry = refused.ok ? 0 : (refused.limited.retry_ms as number);
    state.nowMs = retry - 1;
    expect(ask(state, one).ok).toBe(false);
    state.nowMs = retry;
    expect(ask(state, one).ok).toBe(true);
  });

  it('hold tokens until it is known what was used', () => {
    const state = new MemoryState();
    const call = (tokens: number) => [{ definition: { ...model, requests_per_minute: 50 }, tokens }];
    const first = ask(state, call(60));
    expect(ask(state, call(60))).toMatchObject({
      ok: false,
      limited: { unit: 'tokens', used: 60, requested: 60 },
    });
    settle(state, first.taken, 30);
    const second = ask(state, call(60));
    expect(second.ok).toBe(true);
    // More than was held was spent all the same, and counts from when it is known.
    state.nowMs += 5_000;
    settle(state, second.taken, 95);
    expect(ask(state, call(0))).toMatchObject({ ok: false, limited: { unit: 'tokens', used: 125 } });
    expect(ask(state, call(101))).toMatchObject({ ok: false, limited: { requested: 101 } });
    expect(ask(state, call(101))).not.toHaveProperty('limited.retry_ms');
  });

  it('give back what was not sent, and nothing to a minute that is over', () => {
    const state = new MemoryState();
    const one = [{ definition: { ...model, requests_per_minute: 1 }, tokens: 5 }];
    const first = ask(state, one);
    const refund = () =>
      state.run(rateKeys(one, subject), (transaction) => refundRates(transaction, first.taken));
    refund();
    expect(ask(state, one).ok).toBe(true);
    state.nowMs += 2 * RATE_WINDOW_MS;
    refund();
    settle(state, first.taken, 0);
    expect([ask(state, one).ok, ask(state, one).ok]).toEqual([true, false]);
  });

  it('are kept per holder, each below its tenant', () => {
    const key = (per: RateDefinition['per'], who: StateSubject) => rateKey({ ...model, per }, who);
    const bob = { ...subject, principal: 'bob', actor: 'agent-2' };
    expect(key('tenant', subject)).toBe(key('tenant', bob));
    expect(key('principal', subject)).not.toBe(key('principal', bob));
    expect(key('actor', subject)).not.toBe(key('actor', { ...subject, tenant: 'other' }));
  });

  it('[P-RATE-NEVER-EXCEEDED] hold in every stretch of a minute, for any calls at any times', () => {
    const step = fc.record({ waitMs: fc.nat(20_000), tokens: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, limit) => {
        const state = new MemoryState();
        const passed: { readonly at: number; readonly tokens: number }[] = [];
        for (const { waitMs, tokens } of steps) {
          state.nowMs += waitMs;
          const definition = { ...model, requests_per_minute: limit, tokens_per_minute: 120 };
          if (ask(state, [{ definition, tokens }]).ok) passed.push({ at: state.nowMs, tokens });
        }
        for (const { at } of passed) {
          const within = passed.filter((other) => other.at > at - RATE_WINDOW_MS && other.at <= at);
          expect(within.length).toBeLessThanOrEqual(limit);
          expect(within.reduce((sum, other) => sum + other.tokens, 0)).toBeLessThanOrEqual(120);
        }
      }),
    );
  });
});
