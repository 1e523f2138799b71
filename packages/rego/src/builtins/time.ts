import type { NumberValue, Value } from '../value/index.ts';
import { bigIntOf, isNumber, numberFromBigInt } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { fault, typeFault } from './fault.ts';
import { goDateSeconds, type WideDate } from './go-date.ts';
import { parseDuration } from './go-duration.ts';
import { NAMED_LAYOUTS, WEEKDAYS } from './go-layout.ts';
import { epochNs, formatTime, GoTime } from './go-time.ts';
import { parseTime } from './go-time-parse.ts';
import { integerOperand } from './operand.ts';
import { timeZone } from './time-zone.ts';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const MOMENT = 'either number (ns) or [number (ns), string (tz)]';

interface Reading {
  readonly time: GoTime;
  readonly layout: string;
}

/** Nanoseconds, or an array of them with a time zone and a layout. */
function read(moment: Value): Reading | BuiltinError {
  if (!isNumber(moment) && !Array.isArray(moment)) return typeFault(1, moment, MOMENT);
  const [ns, zoneName = '', layout = ''] = isNumber(moment) ? [moment] : (moment as readonly Value[]);
  if (ns === undefined) return typeFault(1, moment, MOMENT);
  if (!isNumber(ns)) return typeFault(1, ns, 'number');
  if (typeof zoneName !== 'string') return typeFault(1, zoneName, 'string');
  const zone = timeZone(zoneName);
  if (zone === undefined) return fault(`unknown time zone ${zoneName}`);
  if (typeof layout !== 'string') return typeFault(1, layout, 'string');
  const whole = bigIntOf(ns);
  if (whole === undefined || !isInRange(whole)) return fault('timestamp too big');
  return { time: new GoTime(whole, zone), layout };
}

function isInRange(ns: bigint): boolean {
  return ns >= INT64_MIN && ns <= INT64_MAX;
}

function withTime(moment: Value, use: (time: GoTime) => BuiltinOutcome): BuiltinOutcome {
  const reading = read(moment);
  return reading instanceof BuiltinError ? reading : use(reading.time);
}

function nanoseconds(ns: bigint | undefined): BuiltinOutcome {
  return ns !== undefined && isInRange(ns) ? numberFromBigInt(ns) : fault('time outside of valid range');
}

function parse(layout: string, text: string): BuiltinOutcome {
  const ns = parseTime(Object.hasOwn(NAMED_LAYOUTS, layout) ? NAMED_LAYOUTS[layout]! : layout, text);
  return ns === undefined
    ? fault(`parsing time ${JSON.stringify(text)}: does not fit the layout`)
    : nanoseconds(ns);
}

function format(_context: BuiltinContext, moment: Value): BuiltinOutcome {
  const reading = read(moment);
  if (reading instanceof BuiltinError) return reading;
  const { time, layout } = reading;
  const chosen = layout === '' ? 'RFC3339Nano' : layout;
  const text = formatTime(time, Object.hasOwn(NAMED_LAYOUTS, chosen) ? NAMED_LAYOUTS[chosen]! : chosen);
  return text ?? fault(`the abbreviation of time zone ${time.zone.name} is not known`);
}

function addDate(
  _context: BuiltinContext,
  moment: Value,
  years: Value,
  months: Value,
  days: Value,
): BuiltinOutcome {
  const reading = read(moment);
  if (reading instanceof BuiltinError) return reading;
  const added: bigint[] = [];
  for (const [index, operand] of [years, months, days].entries()) {
    const value = integerOperand(operand, index + 2);
    if (value instanceof BuiltinError) return value;
    added.push(bigIntOf(operand as NumberValue)!);
  }
  const { time } = reading;
  const [year, month, day] = added.map(
    (each, index) => each + BigInt([time.year, time.month, time.day][index]!),
  );
  if (added.some((each) => each > WIDE || each < -WIDE)) {
    return nanoseconds(atWideDate(time, { year: year!, month: month!, day: day! }));
  }
  const { hour, minute, second, nanosecond } = time;
  const fields = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour,
    minute,
    second,
    nanosecond,
  };
  return nanoseconds(epochNs(fields, time.zone));
}

/** More than this is added by Go's own arithmetic, which begins again where its integers end. */
const WIDE = 1_000_000n;
/** The platform knows no time zone's offset further from 1970. */
const KNOWN_SECONDS_MAX = 8_640_000_000_000n;

function atWideDate({ zone, hour, minute, second, nanosecond }: GoTime, date: WideDate): bigint {
  const local = BigInt.asIntN(64, goDateSeconds(date) + BigInt(hour * 3_600 + minute * 60 + second));
  const isKnown = local < KNOWN_SECONDS_MAX && local > -KNOWN_SECONDS_MAX;
  const offset = isKnown ? zone.offsetAt(Number(local) - zone.offsetAt(Number(local))) : 0;
  return (local - BigInt(offset)) * 1_000_000_000n + BigInt(nanosecond);
}

/** Takes from the next larger unit what is missing in a smaller one. */
function borrow(fields: number[], index: number, size: number): void {
  if (fields[index]! >= 0) return;
  fields[index]! += size;
  fields[index - 1]! -= 1;
}

function diff(_context: BuiltinContext, a: Value, b: Value): BuiltinOutcome {
  const first = read(a);
  if (first instanceof BuiltinError) return first;
  const second = read(b);
  if (second instanceof BuiltinError) return second;
  const times = [first.time, second.time.in(first.time.zone)];
  const [early, late] = (times[0]!.ns > times[1]!.ns ? times.toReversed() : times) as [GoTime, GoTime];
  const fields = [
    late.year - early.year,
    late.month - early.month,
    late.day - early.day,
    late.hour - early.hour,
    late.minute - early.minute,
    late.second - early.second,
  ];
  borrow(fields, 5, 60);
  borrow(fields, 4, 60);
  borrow(fields, 3, 24);
  borrow(fields, 2, new Date(Date.UTC(early.year, early.month, 0)).getUTCDate());
  borrow(fields, 1, 12);
  return fields;
}

function duration(_context: BuiltinContext, text: string): BuiltinOutcome {
  const ns = parseDuration(text);
  return ns === undefined ? fault(`time: invalid duration ${JSON.stringify(text)}`) : numberFromBigInt(ns);
}

/** Time. Source: OPA's `topdown/time.go`. */
export const TIME: Family = {
  'time.now_ns': (context) => numberFromBigInt(context.timeNs),
  'time.parse_ns': (_context, layout: string, text: string) => parse(layout, text),
  'time.parse_rfc3339_ns': (_context, text: string) => parse('RFC3339', text),
  'time.parse_duration_ns': duration,
  'time.format': { call: format, checked: 0 },
  'time.date': {
    call: (_context: BuiltinContext, moment: Value) =>
      withTime(moment, (time) => [time.year, time.month, time.day]),
    checked: 0,
  },
  'time.clock': {
    call: (_context: BuiltinContext, moment: Value) =>
      withTime(moment, (time) => [time.hour, time.minute, time.second]),
    checked: 0,
  },
  'time.weekday': {
    call: (_context: BuiltinContext, moment: Value) => withTime(moment, (time) => WEEKDAYS[time.weekday]!),
    checked: 0,
  },
  'time.add_date': { call: addDate, checked: 0 },
  'time.diff': { call: diff, checked: 0 },
};
