import type { LayoutField, LayoutPart, ZoneField } from './go-layout.ts';
import { layoutParts, MONTHS, WEEKDAYS } from './go-layout.ts';
import type { TimeZone } from './time-zone.ts';

const SECOND_NS = 1_000_000_000n;

/** An instant seen from a time zone. */
export class GoTime {
  readonly ns: bigint;
  readonly zone: TimeZone;
  readonly offsetSeconds: number;
  readonly nanosecond: number;
  readonly #local: Date;

  constructor(ns: bigint, zone: TimeZone) {
    this.ns = ns;
    this.zone = zone;
    this.nanosecond = Number(((ns % SECOND_NS) + SECOND_NS) % SECOND_NS);
    const seconds = this.epochSeconds;
    this.offsetSeconds = zone.offsetAt(seconds);
    this.#local = new Date((seconds + this.offsetSeconds) * 1000);
  }

  get epochSeconds(): number {
    return Number((this.ns - BigInt(this.nanosecond)) / SECOND_NS);
  }
  get year(): number {
    return this.#local.getUTCFullYear();
  }
  /** 1 to 12. */
  get month(): number {
    return this.#local.getUTCMonth() + 1;
  }
  get day(): number {
    return this.#local.getUTCDate();
  }
  get hour(): number {
    return this.#local.getUTCHours();
  }
  get minute(): number {
    return this.#local.getUTCMinutes();
  }
  get second(): number {
    return this.#local.getUTCSeconds();
  }
  /** 0 is Sunday. */
  get weekday(): number {
    return this.#local.getUTCDay();
  }
  /** 1 is the first of January. */
  get yearDay(): number {
    return Math.floor((this.#local.getTime() - Date.UTC(this.year, 0, 1)) / 86_400_000) + 1;
  }

  /** The same instant elsewhere. */
  in(zone: TimeZone): GoTime {
    return new GoTime(this.ns, zone);
  }
}

/** The fields of a date and time; those out of their range carry over. */
export interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

/** Nanoseconds since 1970 of a local date and time; undefined where no date is that far away. */
export function epochNs(fields: DateFields, zone: TimeZone): bigint | undefined {
  const date = new Date(0);
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day);
  date.setUTCHours(fields.hour, fields.minute, fields.second);
  const local = date.getTime() / 1000;
  if (Number.isNaN(local)) return undefined;
  // Near a change of the offset the first guess may be of the other side.
  const guess = local - zone.offsetAt(local);
  const seconds = local - zone.offsetAt(guess);
  return BigInt(seconds) * SECOND_NS + BigInt(fields.nanosecond);
}

const two = (value: number): string => String(value).padStart(2, '0');
const twelve = (hour: number): number => hour % 12 || 12;

const FIELD_TEXT: Record<Exclude<LayoutField, ZoneField | 'MST'>, (time: GoTime) => string> = {
  January: (time) => MONTHS[time.month - 1]!,
  Jan: (time) => MONTHS[time.month - 1]!.slice(0, 3),
  Monday: (time) => WEEKDAYS[time.weekday]!,
  Mon: (time) => WEEKDAYS[time.weekday]!.slice(0, 3),
  '01': (time) => two(time.month),
  '1': (time) => String(time.month),
  '02': (time) => two(time.day),
  '2': (time) => String(time.day),
  _2: (time) => String(time.day).padStart(2),
  '002': (time) => String(time.yearDay).padStart(3, '0'),
  __2: (time) => String(time.yearDay).padStart(3),
  '15': (time) => two(time.hour),
  '03': (time) => two(twelve(time.hour)),
  '3': (time) => String(twelve(time.hour)),
  '04': (time) => two(time.minute),
  '4': (time) => String(time.minute),
  '05': (time) => two(time.second),
  '5': (time) => String(time.second),
  '06': (time) => two(time.year % 100),
  '2006': (time) => String(time.year).padStart(4, '0'),
  PM: (time) => (time.hour >= 12 ? 'PM' : 'AM'),
  pm: (time) => (time.hour >= 12 ? 'pm' : 'am'),
};

function zoneText(field: ZoneField, offsetSeconds: number): string {
  if (field[0] === 'Z' && offsetSeconds === 0) return 'Z';
  const size = Math.abs(offsetSeconds);
  const colon = field.includes(':') ? ':' : '';
  const digits = field.replace(/\D/g, '').length;
  let text = (offsetSeconds < 0 ? '-' : '+') + two(Math.floor(size / 3600));
  if (digits >= 4) text += colon + two(Math.floor((size % 3600) / 60));
  if (digits >= 6) text += colon + two(size % 60);
  return text;
}

function fractionText(part: LayoutPart & { kind: 'fraction' }, nanosecond: number): string {
  const digits = String(nanosecond).padStart(9, '0').slice(0, part.digits).padEnd(part.digits, '0');
  if (part.fixed) return part.separator + digits;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : part.separator + trimmed;
}

/** Writes a time by a Go layout; undefined where that asks for the zone's abbreviation, which is not always known. */
export function formatTime(time: GoTime, layout: string): string | undefined {
  let text = '';
  for (const part of layoutParts(layout)) {
    if (part.kind === 'literal') text += part.text;
    else if (part.kind === 'fraction') text += fractionText(part, time.nanosecond);
    else if (part.kind === 'MST') {
      const name = time.zone.abbreviationAt(time.epochSeconds);
      if (name === undefined) return undefined;
      text += name;
    } else if (part.kind in FIELD_TEXT) text += FIELD_TEXT[part.kind as keyof typeof FIELD_TEXT](time);
    else text += zoneText(part.kind as ZoneField, time.offsetSeconds);
  }
  return text;
}
