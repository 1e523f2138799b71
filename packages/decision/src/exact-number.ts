/**
 * Whether the decimal `source` (a JSON number) has the same value as the shortest decimal that identifies the double
 * `value` read from it. Only then do a reader with doubles and one with exact decimals agree on what was meant.
 */
export function isExactNumber(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  const written = decimalOf(source);
  const held = decimalOf(String(value));
  return (
    written.digits === held.digits && written.exponent === held.exponent && written.negative === held.negative
  );
}

/** `0.digits * 10^exponent` with neither leading nor trailing zeros; zero has no digits, no sign and exponent 0. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

function decimalOf(source: string): Decimal {
  const negative = source.startsWith('-');
  const unsigned = negative ? source.slice(1) : source;
  const mark = unsigned.search(/[eE]/);
  const mantissa = mark === -1 ? unsigned : unsigned.slice(0, mark);
  const power = mark === -1 ? 0 : Number(unsigned.slice(mark + 1));
  const dot = mantissa.indexOf('.');
  const whole = dot === -1 ? mantissa : mantissa.slice(0, dot);
  const all = dot === -1 ? whole : whole + mantissa.slice(dot + 1);
  let first = 0;
  while (first < all.length && all.charCodeAt(first) === 0x30) first++;
  let end = all.length;
  while (end > first && all.charCodeAt(end - 1) === 0x30) end--;
  if (first === end) return { negative: false, digits: '', exponent: 0 };
  return { negative, digits: all.slice(first, end), exponent: whole.length - first + power };
}
