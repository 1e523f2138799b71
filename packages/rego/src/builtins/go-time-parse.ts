import type { LayoutField, LayoutPart, ZoneField } from './go-layout.ts';
import { layoutParts, MONTHS, WEEKDAYS } from './go-layout.ts';
import { epochNs } from './go-time.ts';
import { UTC } from './time-zone.ts';

/** What was read so far. */
interface Reading {
  rest: string;
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  half: 'AM' | 'PM' | undefined;
  offsetSeconds: number;
}

type FieldReader = (reading: Reading, next: LayoutPart | undefined) => boolean;

/** Takes what a pattern matches at the start of the rest. */
function take(reading: Reading, pattern: RegExp): string | undefined {
  const match = pattern.exec(reading.rest);
  if (match === null) return undefined;
  reading.rest = reading.rest.slice(match[0].length);
  return match[0];
}

type NumberField = 'year' | 'month' | 'day' | 'yearDay' | 'hour' | 'minute' | 'second';

function number(field: NumberField, pattern: RegExp, least: number, most: number): FieldReader {
  return (reading) => {
    const text = take(reading, pattern);
    if (text === undefined) return false;
    const value = Number(text.trim());
    reading[field] = value;
    return value >= least && value <= most;
  };
}

function name(
  names: readonly string[],
  length: number | undefined,
  use: (reading: Reading, index: number) => void,
): FieldReader {
  return (reading) => {
    const index = names.findIndex((full) => {
      const wanted = full.slice(0, length).toLowerCase();
      return reading.rest.slice(0, wanted.length).toLowerCase() === wanted;
    });
    if (index < 0) return false;
    reading.rest = reading.rest.slice(names[index]!.slice(0, length).length);
    use(reading, index);
    return true;
  };
}

function half(upper: boolean): FieldReader {
  return (reading) => {
    const text = take(reading, upper ? /^[AP]M/ : /^[ap]m/);
    if (text === undefined) return false;
    reading.half = text.toUpperCase() as 'AM' | 'PM';
    return true;
  };
}

function nanoseconds(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

/** Seconds take a fraction along, even where the layout shows none. */
function seconds(pattern: RegExp): FieldReader {
  const whole = number('second', pattern, 0, 59);
  return (reading, next) => {
    if (!whole(reading, next)) return false;
    if (next?.kind === 'fraction') return true;
    const fraction = take(reading, /^[.,]\d+/);
    if (fraction !== undefined) reading.nanosecond = nanoseconds(fraction.slice(1));
    return true;
  };
}

function readFraction(reading: Reading, part: LayoutPart & { kind: 'fraction' }): boolean {
  const pattern = part.fixed ? new RegExp(`^[.,]\\d{${part.digits}}`) : /^[.,]\d+/;
  const text = take(reading, pattern);
  if (text !== undefined) reading.nanosecond = nanoseconds(text.slice(1));
  return text !== undefined || !part.fixed;
}

function zone(field: ZoneField): FieldReader {
  const colon = field.includes(':') ? ':' : '';
  const pairs = field.replace(/\D/g, '').length / 2;
  const pattern = new RegExp(
    `^([+-])(\\d\\d)${pairs > 1 ? `${colon}(\\d\\d)` : ''}${pairs > 2 ? `${colon}(\\d\\d)` : ''}`,
  );
  return (reading) => {
    if (field[0] === 'Z' && take(reading, /^Z/) !== undefined) return true;
    const match = pattern.exec(reading.rest);
    if (match === null) return false;
    reading.rest = reading.rest.slice(match[0].length);
    const [hours, minutes, secs] = [match[2], match[3], match[4]].map((text) => Number(text ?? 0));
    const size = hours! * 3600 + minutes! * 60 + secs!;
    reading.offsetSeconds = match[1] === '-' ? -size : size;
    return hours! <= 24 && minutes! <= 60 && secs! <= 60;
  };
}

/** A zone's abbreviation: only `GMT+n` tells an offset, the others count as UTC. */
function abbreviation(reading: Reading): boolean {
  const text = take(
    reading,
    /^(?:UTC|ChST|MeST|GMT(?:[+-]\d{1,2})?|[+-]\d\d|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z]))/,
  );
  if (text === undefined) return false;
  const hours = /^GMT([+-]\d+)$/.exec(text);
  if (hours === null) return true;
  reading.offsetSeconds = Number(hours[1]) * 3600;
  return Math.abs(Number(hours[1])) <= 23;
}

const ignore = (): void => undefined;
const setMonth = (reading: Reading, index: number): void => {
  reading.month = index + 1;
};

const READERS: Record<LayoutField, FieldReader> = {
  January: name(MONTHS, undefined, setMonth),
  Jan: name(MONTHS, 3, setMonth),
  Monday: name(WEEKDAYS, undefined, ignore),
  Mon: name(WEEKDAYS, 3, ignore),
  '01': number('month', /^\d\d/, 1, 12),
  '1': number('month', /^\d\d?/, 1, 12),
  '02': number('day', /^\d\d/, 0, 99),
  '2': number('day', /^\d\d?/, 0, 99),
  _2: number('day', /^ ?\d\d?/, 0, 99),
  '002': number('yearDay', /^\d{3}/, 1, 366),
  __2: number('yearDay', /^ {0,2}\d{1,3}/, 1, 366),
  '15': number('hour', /^\d\d?/, 0, 23),
  '03': number('hour', /^\d\d/, 0, 12),
  '3': number('hour', /^\d\d?/, 0, 12),
  '04': number('minute', /^\d\d/, 0, 59),
  '4': number('minute', /^\d\d?/, 0, 59),
  '05': seconds(/^\d\d/),
  '5': seconds(/^\d\d?/),
  '06': (reading, next) => {
    const isRead = number('year', /^\d\d/, 0, 99)(reading, next);
    reading.year += reading.year >= 69 ? 1900 : 2000;
    return isRead;
  },
  '2006': number('year', /^\d{4}/, 0, 9999),
  PM: half(true),
  pm: half(false),
  MST: abbreviation,
  '-070000': zone('-070000'),
  '-07:00:00': zone('-07:00:00'),
  '-0700': zone('-0700'),
  '-07:00': zone('-07:00'),
  '-07': zone('-07'),
  Z070000: zone('Z070000'),
  'Z07:00:00': zone('Z07:00:00'),
  Z0700: zone('Z0700'),
  'Z07:00': zone('Z07:00'),
  Z07: zone('Z07'),
};

/** Literal text; a run of spaces in the layout stands for any run of spaces. */
function readLiteral(reading: Reading, literal: string): boolean {
  for (const piece of literal.match(/ +|[^ ]+/g) ?? []) {
    if (piece.startsWith(' ')) {
      if (reading.rest !== '' && !reading.rest.startsWith(' ')) return false;
      reading.rest = reading.rest.replace(/^ +/, '');
    } else if (reading.rest.startsWith(piece)) {
      reading.rest = reading.rest.slice(piece.length);
    } else {
      return false;
    }
  }
  return true;
}

function daysIn(month: number, year: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

function finished(reading: Reading): bigint | undefined {
  if (reading.half === 'PM' && reading.hour < 12) reading.hour += 12;
  if (reading.half === 'AM' && reading.hour === 12) reading.hour = 0;
  let { month, day } = reading;
  if (reading.yearDay !== undefined) {
    const date = new Date(0);
    date.setUTCFullYear(reading.year, 0, reading.yearDay);
    if (date.getUTCFullYear() !== reading.year) return undefined;
    if (month !== undefined && month !== date.getUTCMonth() + 1) return undefined;
    if (day !== undefined && day !== date.getUTCDate()) return undefined;
    month = date.getUTCMonth() + 1;
    day = date.getUTCDate();
  }
  month ??= 1;
  day ??= 1;
  if (day < 1 || day > daysIn(month, reading.year)) return undefined;
  const ns = epochNs({ ...reading, month, day }, UTC);
  return ns === undefined ? undefined : ns - BigInt(reading.offsetSeconds) * 1_000_000_000n;
}

/** Reads a time by a Go layout, as UTC where it names no offset. Undefined: it does not fit the layout. */
export function parseTime(layout: string, text: string): bigint | undefined {
  const reading: Reading = {
    rest: text,
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    half: undefined,
    offsetSeconds: 0,
  };
  const parts = layoutParts(layout);
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    const isRead =
      part.kind === 'literal'
        ? readLiteral(reading, part.text)
        : part.kind === 'fraction'
          ? readFraction(reading, part)
          : READERS[part.kind](reading, parts[index + 1]);
    if (!isRead) return undefined;
  }
  return reading.rest === '' ? finished(reading) : undefined;
}
