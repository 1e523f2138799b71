/** Decimal digits `0.digits * 10 ** point`; no leading or trailing zeros, empty for zero. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

/** The exact decimal value of a double's magnitude. */
function exactDigits(value: number): Digits {
  if (value === 0) return { digits: '', point: 0 };
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = Math.max(biased, 1) - 1075;
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = whole.toString();
  return { digits: text.replace(/0+$/, ''), point: text.length + Math.min(exponent, 0) };
}

/** The shortest digits that read back as the double. */
function shortestDigits(value: number): Digits {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string];
  const digits = mantissa.replace('.', '').replace(/^0+$/, '');
  return { digits, point: digits === '' ? 0 : Number(exponent) + 1 };
}

/** Keeps `count` digits, half to even on the exact value. */
function roundDigits({ digits, point }: Digits, count: number): Digits {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const rest = digits.slice(count);
  const isTie = rest[0] === '5' && rest.length === 1;
  const last = count > 0 ? digits.charCodeAt(count - 1) & 1 : 0;
  const up = isTie ? last === 1 : rest.charCodeAt(0) >= 0x35;
  const kept = digits.slice(0, count);
  if (!up) return trimZeros(kept, point);
  const raised = (BigInt(kept || '0') + 1n).toString().padStart(count, '0');
  return trimZeros(raised, point + raised.length - count);
}

function trimZeros(text: string, point: number): Digits {
  const digits = text.replace(/0+$/, '');
  return digits === '' ? { digits: '', point: 0 } : { digits, point };
}

function fixed({ digits, point }: Digits, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision === 0) return whole;
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
}

function exponential({ digits, point }: Digits, precision: number): string {
  const fraction = digits.slice(1).padEnd(precision, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits[0] ?? '0'}${precision > 0 ? `.${fraction}` : ''}e${exponent < 0 ? '-' : '+'}${size}`;
}

function general(value: number, precision: number): string {
  const isShortest = precision < 0;
  const wanted = precision === 0 ? 1 : precision;
  const digits = isShortest ? shortestDigits(value) : roundDigits(exactDigits(value), wanted);
  const count = digits.digits.length;
  let limit = wanted;
  if (limit > count && count >= digits.point) limit = count;
  if (isShortest) limit = 6;
  const exponent = digits.point - 1;
  if (count > 0 && (exponent < -4 || exponent >= limit)) return exponential(digits, Math.max(count - 1, 0));
  return fixed(digits, Math.max(count - digits.point, 0));
}

/**
 * The magnitude of a finite double as Go's `strconv.FormatFloat` writes it.
 *
 * @param precision digits; -1 for the shortest that reads back
 */
export function goFloat(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  const size = Math.abs(value);
  if (verb === 'g') return general(size, precision);
  if (precision < 0) {
    const digits = shortestDigits(size);
    const count = digits.digits.length;
    return verb === 'e'
      ? exponential(digits, Math.max(count - 1, 0))
      : fixed(digits, Math.max(count - digits.point, 0));
  }
  const exact = exactDigits(size);
  if (verb === 'e') return exponential(roundDigits(exact, precision + 1), precision);
  return fixed(roundDigits(exact, exact.point + precision), precision);
}
