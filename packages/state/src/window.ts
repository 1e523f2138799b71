export const BUDGET_WINDOWS = ['minute', 'hour', 'day', 'week', 'month'] as const;
/** Windows stand on the calendar in UTC; weeks begin on Monday. */
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Beginning of the window that holds `nowMs`, milliseconds since 1970. */
export function windowStartMs(window: BudgetWindow, nowMs: number): number {
  return STARTS[window](nowMs);
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
