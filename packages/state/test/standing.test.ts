import type { Json, JsonObject, StandingGrant } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coversCall,
  createStanding,
  mayTakeStanding,
  revokeStanding,
  type StandingCall,
  standingKey,
  takeStanding,
  toStanding,
} from '../src/index.ts';
import { MemoryState } from './memory-transaction.ts';

const GRANT: StandingGrant = {
  tenant: 'acme',
  principal: 'user:ann',
  actor: 'agent:*',
  type: 'tool_call',
  tool: 'refund',
  server: 'shop',
  codes: ['needs_a_person'],
  arguments: [
    { at: '/amount', at_least: 0, at_most: 50 },
    { at: '/to', starts_with: 'customer-' },
    { at: '/currency', one_of: ['EUR', 'CHF'] },
  ],
  uses: 3,
  expires_at: '2026-03-15T00:00:00Z',
};
const CALL: StandingCall = {
  tenant: 'acme',
  principal: 'user:ann',
  actor: 'agent:ops',
  type: 'tool_call',
  tool: 'refund',
  server: 'shop',
  args: { amount: 20, to: 'customer-7', currency: 'EUR' },
  arg_hash: 'sha256:a',
  forwarded_hash: 'sha256:a',
  codes: ['needs_a_person'],
  appealed: false,
};
const args = (more: JsonObject): StandingCall => ({ ...CALL, args: { ...CALL.args, ...more } });
function without<Key extends keyof StandingCall>(key: Key): StandingCall {
  const { [key]: _gone, ...rest } = CALL;
  return rest as unknown as StandingCall;
}

describe('[P-STANDING-NARROW] what a standing permission covers', () => {
  it('is what was granted', () => {
    expect(coversCall(GRANT, CALL)).toBe(true);
    expect(coversCall({ ...GRANT, actor: 'agent:ops' }, CALL)).toBe(true);
    expect(coversCall({ ...GRANT, other_arguments: 'any' }, args({ note: 'x' }))).toBe(true);
  });

  it.each<[string, StandingCall]>([
    ['another tenant', { ...CALL, tenant: 'other' }],
    ['no tenant', without('tenant')],
    ['another person', { ...CALL, principal: 'user:annabel' }],
    ['another agent', { ...CALL, actor: 'robot:ops' }],
    ['another type', { ...CALL, type: 'http_request' }],
    ['another tool', { ...CALL, tool: 'refunds' }],
    ['no tool', without('tool')],
    ['another server', { ...CALL, server: 'shop2' }],
    ['no server', without('server')],
    ['another reason', { ...CALL, codes: ['late'] }],
    ['a further reason', { ...CALL, codes: ['needs_a_person', 'late'] }],
    ['no reason', { ...CALL, codes: [] }],
    ['a denial that is appealed', { ...CALL, appealed: true }],
    ['too much', args({ amount: 50.01 })],
    ['less than nothing', args({ amount: -1 })],
    ['a number as text', args({ amount: '20' })],
    ['another recipient', args({ to: 'xcustomer-7' })],
    ['another currency', args({ currency: 'USD' })],
    ['an argument that nobody thought of', args({ express: true })],
    ['an argument missing', { ...CALL, args: { amount: 20, to: 'customer-7' } }],
    ['nothing at all', { ...CALL, args: {} }],
    ['an object where a number was', args({ amount: { valueOf: 20 } })],
  ])('is not %s', (_name, call) => {
    expect(coversCall(GRANT, call)).toBe(false);
  });

  it('needs the definition, the amount and the call that it names', () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    expect(coversCall({ ...GRANT, tool_digest: digest }, CALL)).toBe(false);
    expect(coversCall({ ...GRANT, tool_digest: digest }, { ...CALL, tool_digest: digest })).toBe(true);
    expect(coversCall({ ...GRANT, amount: 100 }, CALL)).toBe(false);
    expect(coversCall({ ...GRANT, amount: 100 }, { ...CALL, amount: 20 })).toBe(true);
    const call = { arg_hash: 'sha256:a', forwarded_hash: 'sha256:a' };
    expect(coversCall({ ...GRANT, call }, CALL)).toBe(true);
    expect(coversCall({ ...GRANT, call }, { ...CALL, forwarded_hash: 'sha256:b' })).toBe(false);
  });

  it('covers arguments within arguments only where each leaf stands under a condition', () => {
    const grant: StandingGrant = { ...GRANT, arguments: [{ at: '/order/id', equals: 7 }] };
    expect(coversCall(grant, { ...CALL, args: { order: { id: 7 } } })).toBe(true);
    expect(coversCall(grant, { ...CALL, args: { order: { id: 7, all: true } } })).toBe(false);
    expect(coversCall(grant, { ...CALL, args: { order: { id: 7 }, list: [] } })).toBe(false);
    expect(coversCall(grant, { ...CALL, args: { order: [7] } })).toBe(false);
  });

  it('stays within its conditions, whatever else a call holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, key) => {
        const call = args({ [key]: value as Json });
        const known = Object.keys(CALL.args).includes(key);
        if (!known) expect(coversCall(GRANT, call)).toBe(false);
        else if (coversCall(GRANT, call))
          expect([20, 'customer-7', 'EUR'].some((each) => typeof each === typeof value)).toBe(true);
      }),
    );
  });
});

describe('[P-STANDING-COUNTED] how much of it is left', () => {
  const key = standingKey('acme', 'stp-1');
  function granted(grant: Partial<StandingGrant> = {}) {
    const state = new MemoryState();
    const run = <Result>(work: Parameters<typeof state.run<Result>>[1]) => state.run([key], work);
    run((transaction) =>
      createStanding(transaction, { id: 'stp-1', granted_by: 'op', grant: { ...GRANT, ...grant } }),
    );
    const take = (amount?: number) =>
      run((transaction) => {
        if (!mayTakeStanding(transaction, key, amount)) return undefined;
        return takeStanding(transaction, key, amount);
      });
    return { state, run, take };
  }

  it('is never more than its uses and its amount, in any order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }),
        (uses, amount, wanted) => {
          const { take } = granted({ uses, amount });
          const taken = wanted.filter((each) => take(each) !== undefined);
          expect(taken.length).toBeLessThanOrEqual(uses);
          expect(taken.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(amount);
        },
      ),
    );
  });

  it('ends with its time, when it is revoked, and while the clock stands behind', () => {
    const late = granted();
    late.state.nowMs = Date.parse(GRANT.expires_at);
    expect(late.take()).toBeUndefined();
    const revoked = granted();
    expect(revoked.take()).toMatchObject({ used: 1 });
    expect(revoked.run((transaction) => revokeStanding(transaction, key, 'op'))).toMatchObject({
      revoked_by: 'op',
    });
    expect(revoked.take()).toBeUndefined();
    expect(revoked.run((transaction) => revokeStanding(transaction, key, 'op'))).toBeUndefined();
    const behind = granted();
    behind.state.steppedBackMs = 6_000;
    expect(behind.take()).toBeUndefined();
  });

  it('says what it is', () => {
    const { state, take } = granted({ uses: 1, amount: 5 });
    const taken = take(5);
    expect(taken === undefined ? undefined : toStanding(taken, state.nowMs)).toMatchObject({
      id: 'stp-1',
      status: 'used_up',
      used: 1,
      amount_used: 5,
      granted_by: 'op',
    });
  });
});
