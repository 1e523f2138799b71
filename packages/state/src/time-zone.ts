const DAY_MS = 24 * 60 * 60_000;

/** Calendars of zones, made once: making one costs more than a thousand questions. */
const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  const known = calendars.get(timeZone);
  if (known !== undefined) return known;
  const calendar = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  calendars.set(timeZone, calendar);
  return calendar;
}

/** Is this the IANA name of a zone that this runtime knows. */
export function isTimeZone(name: string): boolean {
  if (calendars.has(name)) return true;
  try {
    calendarOf(name);
    return true;
  } catch {
    return false;
  }
}

/** How far the zone's clocks stand before UTC at `atMs`. */
export function offsetMs(timeZone: string, atMs: number): number {
  return localMs(timeZone, atMs) - Math.floor(atMs / 1_000) * 1_000;
}

/** The date there at `atMs`, as the milliseconds of its midnight in UTC. */
export function localDateOf(timeZone: string, atMs: number): number {
  const local = localMs(timeZone, atMs);
  return local - (((local % DAY_MS) + DAY_MS) % DAY_MS);
}

/** What the zone's clocks show at `atMs`, read as if it were UTC. */
function localMs(timeZone: string, atMs: number): number {
  const shown: Record<string, number> = {};
  for (const { type, value } of calendarOf(timeZone).formatToParts(atMs)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
