import { isTimeZone, localDateOf, offsetMs } from './time-zone.ts';

export const BUDGET_WINDOWS = ['minute', 'hour', 'day', 'week', 'month'] as const;
/** Windows stand on the calendar; weeks begin on Monday. */
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Beginning of the window that holds `nowMs`, milliseconds since 1970. A zone that is not known throws. */
export function windowStartMs(window: BudgetWindow, nowMs: number, timeZone?: string): number {
  if (timeZone === undefined) return STARTS[window](nowMs);
  if (!isTimeZone(timeZone)) throw new RangeError(`\`${timeZone}\` is no time zone`);
  return startIn(timeZone, window, nowMs);
}

const STARTS: Readonly<Record<BudgetWindow, (nowMs: number) => number>> = {
  minute: (nowMs) => nowMs - (nowMs % MINUTE_MS),
  hour: (nowMs) => nowMs - (nowMs % HOUR_MS),
  day: (nowMs) => nowMs - (nowMs % DAY_MS),
  week: (nowMs) => nowMs - ((nowMs - FIRST_MONDAY_MS) % (7 * DAY_MS)),
  month: (nowMs) => {
    const date = new Date(nowMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  },
};

/** Windows shorter than a day are as long as their name says, also where the clock is set forward or back. */
function startIn(timeZone: string, window: BudgetWindow, nowMs: number): number {
  if (window === 'minute' || window === 'hour') {
    const offset = offsetMs(timeZone, nowMs);
    return STARTS[window](nowMs + offset) - offset;
  }
  const known = latest.get(`${window} ${timeZone}`);
  if (known !== undefined && nowMs >= known.startMs && nowMs < known.endMs) return known.startMs;
  // The first date of the window, as if it were in UTC, and the first date after it.
  const date = localDateOf(timeZone, nowMs);
  const first = STARTS[window](date);
  const next =
    window === 'month' ? STARTS.month(first + 32 * DAY_MS) : first + (window === 'week' ? 7 : 1) * DAY_MS;
  const found = { startMs: beginningOf(timeZone, first), endMs: beginningOf(timeZone, next) };
  latest.set(`${window} ${timeZone}`, found);
  return found.startMs;
}

/** The latest window of each kind and zone that was asked for: finding one looks at the zone some thirty times. */
const latest = new Map<string, { readonly startMs: number; readonly endMs: number }>();

/** The first moment at which it is this date or a later one there; midnight may be skipped or come twice. */
function beginningOf(timeZone: string, date: number): number {
  // No place on earth is further from UTC than this.
  let before = date - 15 * HOUR_MS;
  let after = date + 15 * HOUR_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDateOf(timeZone, middle) >= date) after = middle;
    else before = middle;
  }
  return after;
}
