import { CompileCache } from './cache.ts';
import { zoneName } from './zone-names.ts';

const CACHED_ZONES_MAX = 128;

/** A time zone: its offset at any instant. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;

  constructor(name: string, format: Intl.DateTimeFormat | undefined) {
    this.name = name;
    this.#format = format;
  }

  /** Seconds east of Greenwich at an instant in seconds since 1970. */
  offsetAt(epochSeconds: number): number {
    if (this.#format === undefined) return 0;
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(epochSeconds * 1000)) parts[type] = value;
    const local = Date.UTC(
      Number(parts['year']),
      Number(parts['month']) - 1,
      Number(parts['day']),
      Number(parts['hour']),
      Number(parts['minute']),
      Number(parts['second']),
    );
    return Math.round(local / 1000 - epochSeconds);
  }

  /** The zone's abbreviation at an instant; undefined where it is not known. */
  abbreviationAt(epochSeconds: number): string | undefined {
    if (this.#format === undefined) return 'UTC';
    const year = new Date(epochSeconds * 1000).getUTCFullYear();
    const [winter, summer] = [0, 6].map((month) => this.offsetAt(Date.UTC(year, month) / 1000));
    const offset = this.offsetAt(epochSeconds);
    return zoneName(this.name, epochSeconds, offset, offset > Math.min(winter!, summer!));
  }
}

/** Coordinated Universal Time. */
export const UTC = new TimeZone('UTC', undefined);

function load(name: string): TimeZone | undefined {
  if (name === '' || name === 'UTC') return UTC;
  // The platform also takes offsets and any letter case as names; the database of zones does not.
  if (!/^[A-Z][A-Za-z0-9_+\-/]*$/.test(name)) return undefined;
  try {
    const timeZone = name === 'Local' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
    const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    return new TimeZone(timeZone, format);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const zones = new CompileCache<TimeZone | 'unknown'>(CACHED_ZONES_MAX, (name) => load(name) ?? 'unknown');

/** The zone of a name of the IANA database; undefined where there is none. */
export function timeZone(name: string): TimeZone | undefined {
  const zone = zones.get(name);
  return zone === 'unknown' ? undefined : zone;
}
