const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Units beyond Go's own, as hours. */
const LONG_UNITS_HOURS: Readonly<Record<string, number>> = { d: 24, w: 7 * 24, y: 365 * 24 };

const SEGMENT = /(\d+(?:\.\d*)?|\.\d+)([^\d.]+)/y;
const INT64_MAX = 2n ** 63n - 1n;

/** One number with its unit; the fraction is computed in doubles, as Go does. */
function segmentNs(digits: string, unit: string): bigint | undefined {
  const hours = LONG_UNITS_HOURS[unit];
  if (hours !== undefined) return segmentNs(plainDecimal(Number(digits) * hours), 'h');
  const size = Object.hasOwn(UNITS_NS, unit) ? UNITS_NS[unit] : undefined;
  if (size === undefined) return undefined;
  const [whole, fraction = ''] = digits.split('.') as [string, string?];
  // Go stops taking digits of the fraction where they no longer fit 63 bits.
  const kept = fraction.slice(0, 18);
  const part = kept === '' ? 0 : Number(kept) * (Number(size) / 10 ** kept.length);
  return BigInt(whole || '0') * size + BigInt(Math.trunc(part));
}

function plainDecimal(value: number): string {
  return value >= 1e21 ? BigInt(value).toString() : value.toFixed(12).replace(/\.?0+$/, '');
}

/**
 * A duration like `1h30m`, `-1.5s` or `2d` in nanoseconds. Sources: Go's `time.ParseDuration`; the units d, w and y
 * are OPA's.
 *
 * @returns undefined where the text is no duration or does not fit 64 bits
 */
export function parseDuration(text: string): bigint | undefined {
  const sign = /^[+-]/.test(text) ? text[0] : '';
  const body = text.slice(sign!.length);
  if (body === '0') return 0n;
  if (body === '') return undefined;
  let total = 0n;
  SEGMENT.lastIndex = 0;
  let position = 0;
  while (position < body.length) {
    SEGMENT.lastIndex = position;
    const match = SEGMENT.exec(body);
    const size = match === null ? undefined : segmentNs(match[1]!, match[2]!);
    if (size === undefined) return undefined;
    total += size;
    position = SEGMENT.lastIndex;
  }
  if (total > INT64_MAX + (sign === '-' ? 1n : 0n)) return undefined;
  return sign === '-' ? -total : total;
}
