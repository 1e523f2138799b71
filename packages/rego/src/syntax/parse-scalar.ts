import type { Scalar } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { node, stringTerm } from './nodes.ts';
import type { Token } from './token.ts';

/**
 * The largest binary exponent that OPA evaluates (`ast/term.go`, `validateNumber`). Above it a number's text alone costs
 * more than linear time.
 */
const BINARY_EXPONENT_MAX = 65_536;
/** So many characters cannot be a number that is too big: `9e9999` has 33,220 bits. */
const SHORT_NUMBER = 6;
const BITS_PER_DIGIT = Math.log2(10);

/** Reads a number with its sign and a leading point (`-1`, `.5`, `-.5`); the cursor stands on its first token. */
export function parseNumber(cursor: Cursor): Scalar | undefined {
  const first = cursor.token;
  let prefix = '';
  if (cursor.kind === '-') {
    prefix = '-';
    cursor.advance();
    if (!cursor.is('number', '.')) return cursor.unexpected('expected number');
  }
  const point = cursor.is('.');
  if (point) {
    cursor.advance();
    if (!cursor.is('number')) return cursor.unexpected('expected number');
  }
  const digits = cursor.token.text;
  if (!point && /^0[0-9]/.test(digits)) return cursor.unexpected('expected number without leading zero');
  if (point && digits.includes('.')) return cursor.unexpected('invalid float');
  const text = `${prefix}${point ? '0.' : ''}${digits}`;
  if (isTooBig(text)) return cursor.fail('number too big');
  cursor.advance();
  return node({ kind: 'number', text, location: cursor.span(first) });
}

function isTooBig(text: string): boolean {
  // Even with an exponent so short a text is small: it has four digits of it at most.
  if (text.length <= SHORT_NUMBER) return false;
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return false;
  const leadingZeros = whole.length + fraction.length - digits.length;
  const magnitude = Number(exponent) + whole.length - leadingZeros;
  const leading = Math.log2(Number(`0.${digits.slice(0, 17)}`));
  return Math.abs(Math.floor(magnitude * BITS_PER_DIGIT + leading) + 1) > BINARY_EXPONENT_MAX;
}

/** The value of a quoted text with JSON's escapes; `undefined` where an escape is wrong. */
export function unescapeText(inner: string): string | undefined {
  if (!inner.includes('\\')) return inner.toWellFormed();
  try {
    // A surrogate without its pair becomes U+FFFD, as in Go.
    return (JSON.parse(`"${inner}"`) as string).toWellFormed();
  } catch {
    return undefined;
  }
}

/** The text between the delimiters of a string token. */
function stringValue(token: Token): string | undefined {
  const inner = token.text.slice(1, -1);
  return token.text.startsWith('`') ? inner.toWellFormed() : unescapeText(inner);
}

export function parseString(cursor: Cursor): Scalar | undefined {
  const token = cursor.token;
  const value = stringValue(token);
  if (value === undefined) return cursor.fail(`illegal string literal: ${token.text}`);
  cursor.advance();
  return stringTerm(value, cursor.at(token));
}

/** `null`, `true` or `false`. */
export function parseConstant(cursor: Cursor): Scalar {
  const token = cursor.token;
  const word = cursor.kind;
  cursor.advance();
  const location = cursor.at(token);
  return word === 'null'
    ? node({ kind: 'null', location })
    : node({ kind: 'boolean', value: word === 'true', location });
}
