import { describe, expect, it } from 'vitest';
import {
  BUDGET_WINDOWS,
  type BudgetDefinition,
  budgetKey,
  isTimeZone,
  type StateSubject,
  windowStartMs,
} from '../src/index.ts';

const start = (window: (typeof BUDGET_WINDOWS)[number], at: string, zone?: string): string =>
  new Date(windowStartMs(window, Date.parse(at), zone)).toISOString();

describe('windows of budgets', () => {
  it('begin at midnight of the zone, in summer and in winter', () => {
    expect(start('day', '2026-07-01T21:59:59.999Z', 'Europe/Berlin')).toBe('2026-06-30T22:00:00.000Z');
    expect(start('day', '2026-07-01T22:00:00Z', 'Europe/Berlin')).toBe('2026-07-01T22:00:00.000Z');
    expect(start('day', '2026-01-15T12:00:00Z', 'Europe/Berlin')).toBe('2026-01-14T23:00:00.000Z');
    expect(start('day', '2026-01-15T12:00:00Z', 'Asia/Kathmandu')).toBe('2026-01-14T18:15:00.000Z');
    expect(start('day', '2026-01-15T11:00:00Z', 'Pacific/Kiritimati')).toBe('2026-01-15T10:00:00.000Z');
  });

  it('are a day of 23 or 25 hours where the clock is set forward or back', () => {
    expect(start('day', '2026-03-29T21:59:00Z', 'Europe/Berlin')).toBe('2026-03-28T23:00:00.000Z');
    expect(start('day', '2026-03-29T22:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z');
    expect(start('day', '2026-10-25T22:59:00Z', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z');
    // In Beirut the clock goes forward at midnight: the day begins at one.
    expect(start('day', '2026-03-29T12:00:00Z', 'Asia/Beirut')).toBe('2026-03-28T22:00:00.000Z');
  });

  it('of a week begin on Monday, of a month on its first day', () => {
    expect(start('week', '2026-03-29T23:00:00Z', 'America/New_York')).toBe('2026-03-23T04:00:00.000Z');
    expect(start('month', '2026-04-01T03:00:00Z', 'America/New_York')).toBe('2026-03-01T05:00:00.000Z');
    expect(start('month', '2026-04-01T04:00:00Z', 'America/New_York')).toBe('2026-04-01T04:00:00.000Z');
    expect(start('hour', '2026-04-01T04:40:00Z', 'Asia/Kathmandu')).toBe('2026-04-01T04:15:00.000Z');
  });

  it('hold the moment they are asked for and never move back, in every zone', () => {
    for (const zone of [
      'UTC',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Tehran',
    ]) {
      for (const window of BUDGET_WINDOWS) {
        let latest = Number.NEGATIVE_INFINITY;
        for (let at = Date.UTC(2026, 2, 1); at < Date.UTC(2026, 3, 15); at += 5 * 3_600_000 + 7_000) {
          const began = windowStartMs(window, at, zone);
          expect(began <= at && began >= latest, `${zone} ${window} ${at}`).toBe(true);
          if (zone === 'UTC') expect(began).toBe(windowStartMs(window, at));
          latest = began;
        }
      }
    }
  });

  it('are refused in a zone that does not exist', () => {
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Europe/Nowhere'), isTimeZone('')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(() => windowStartMs('day', 0, 'Europe/Nowhere')).toThrow(RangeError);
  });
});

it('a budget per class of agents or per tool is shared by whoever is of it', () => {
  const subject: StateSubject = {
    tenant: 'acme',
    principal: 'a',
    actor: 'x',
    actor_class: 'support',
    tool: 'mail',
  };
  const other: StateSubject = { ...subject, principal: 'b', actor: 'y' };
  const of = (per: BudgetDefinition['per']): BudgetDefinition => ({
    name: 'n',
    per,
    unit: 'requests',
    limit: 1,
  });
  for (const per of ['actor_class', 'tool', 'tenant'] as const) {
    expect(budgetKey(of(per), other)).toBe(budgetKey(of(per), subject));
  }
  expect(budgetKey(of('actor_class'), { ...subject, actor_class: 'sales' })).not.toBe(
    budgetKey(of('actor_class'), subject),
  );
  expect(budgetKey(of('tool'), { ...subject, tool: 'web' })).not.toBe(budgetKey(of('tool'), subject));
});
