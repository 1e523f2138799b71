/** A date by its parts, in which month and day may be any numbers. */
export interface WideDate {
  readonly year: bigint;
  /** 1 is January. */
  readonly month: bigint;
  readonly day: bigint;
}

const SECONDS_PER_DAY = 86_400n;
/** Go counts years from here, so that none is negative (`time.absoluteYears`). */
const ABSOLUTE_YEARS = 292_277_022_400n;
/** To the first of March of that year, from there to the year 1, and to 1970. */
const DAYS_BEFORE_1970 = (ABSOLUTE_YEARS * 146_097n) / 400n + 306n + 719_162n;

const int = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const narrow = (value: bigint): bigint => BigInt.asUintN(32, value);

/**
 * Seconds from 1970 to the beginning of a date, as Go computes them (`time.Date`): with integers of 64 bits, which
 * begin again where they end.
 */
export function goDateSeconds({ year, month, day }: WideDate): bigint {
  const zeroBased = int(month - 1n);
  // Floored division: months below January are of the years before.
  const monthInYear = ((zeroBased % 12n) + 12n) % 12n;
  const wholeYear = int(year + (zeroBased - monthInYear) / 12n);
  return int(
    int(absoluteDays(wholeYear, monthInYear + 1n, int(day))) * SECONDS_PER_DAY -
      DAYS_BEFORE_1970 * SECONDS_PER_DAY,
  );
}

/** Go's `dateToAbsDays`: days since the first of March of its first year. */
function absoluteDays(year: bigint, month: bigint, day: bigint): bigint {
  const isBeforeMarch = month < 3n;
  const shifted = isBeforeMarch ? month + 12n : month;
  const years = unsigned(year - (isBeforeMarch ? 1n : 0n) + ABSOLUTE_YEARS);
  const dayOfYear = narrow(979n * shifted - 2_919n) >> 5n;
  const dayOfCentury = narrow(1_461n * narrow(years % 100n)) / 4n;
  const centuryDays = unsigned(146_097n * (years / 100n)) / 4n;
  return unsigned(centuryDays + int(dayOfCentury + dayOfYear + day - 1n));
}
