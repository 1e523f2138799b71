/**
 * Looks over a text that should be canonical JSON (RFC 8785) without making values of it: verifying a million entries
 * is mostly this. A property test holds it against the writer of canonical JSON.
 */

/** The end of the canonical value that begins at `from`; -1 where there is none. */
export function canonicalEnd(text: string, from: number): number {
  try {
    return valueEnd(text, from);
  } catch {
    // Nested deeper than the stack: left to the reader that says so.
    return -1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function valueEnd(text: string, from: number): number {
  switch (text.charCodeAt(from)) {
    case QUOTE:
      return stringEnd(text, from);
    case 0x7b:
      return objectEnd(text, from);
    case 0x5b:
      return arrayEnd(text, from);
    case 0x74:
      return text.startsWith('true', from) ? from + 4 : -1;
    case 0x66:
      return text.startsWith('false', from) ? from + 5 : -1;
    case 0x6e:
      return text.startsWith('null', from) ? from + 4 : -1;
    default:
      return numberEnd(text, from);
  }
}

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    if (unit === BACKSLASH || unit < 0x20 || unit > 0x7e) return unusualEnd(text, from, at);
  }
  return -1;
}

/** The end of a string that holds more than printable ASCII: written back, it must be the same. */
function unusualEnd(text: string, from: number, first: number): number {
  let at = first;
  for (; at < text.length && text.charCodeAt(at) !== QUOTE; at++) {
    if (text.charCodeAt(at) === BACKSLASH) at += 1;
  }
  const written = text.slice(from, at + 1);
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === 'string' && value.isWellFormed() && JSON.stringify(value) === written
      ? at + 1
      : -1;
  } catch {
    return -1;
  }
}

const DIGITS = /\d{1,15}/y;
const NUMBER = /[-+.\deE]+/y;

function numberEnd(text: string, from: number): number {
  DIGITS.lastIndex = from;
  NUMBER.lastIndex = from;
  if (!NUMBER.test(text)) return -1;
  const end = NUMBER.lastIndex;
  // A whole number that doubles hold exactly is written as it is.
  if (DIGITS.test(text) && DIGITS.lastIndex === end)
    return text.charCodeAt(from) === 0x30 && end > from + 1 ? -1 : end;
  const written = text.slice(from, end);
  const value = Number(written);
  return Number.isFinite(value) && String(value) === written ? end : -1;
}

function arrayEnd(text: string, from: number): number {
  let at = from + 1;
  if (text.charCodeAt(at) === 0x5d) return at + 1;
  for (;;) {
    at = valueEnd(text, at);
    if (at === -1) return -1;
    const unit = text.charCodeAt(at);
    if (unit === 0x5d) return at + 1;
    if (unit !== 0x2c) return -1;
    at += 1;
  }
}

function objectEnd(text: string, from: number): number {
  return membersEnd(text, from, NOBODY);
}

const NOBODY = (): void => {};

/**
 * As `canonicalEnd` for an object, telling each member on the way: the text of its key between the quotation marks, and
 * where its value begins and ends. A key with escapes is told as it is written.
 */
export function membersEnd(
  text: string,
  from: number,
  tell: (key: string, start: number, end: number) => void,
): number {
  if (text.charCodeAt(from) !== 0x7b) return -1;
  let at = from + 1;
  if (text.charCodeAt(at) === 0x7d) return at + 1;
  let before: string | undefined;
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) return -1;
    const keyEnd = stringEnd(text, at);
    if (keyEnd === -1 || text.charCodeAt(keyEnd) !== 0x3a) return -1;
    const key = text.slice(at + 1, keyEnd - 1);
    // Keys are in order as they mean, not as they are written.
    const meant = key.includes('\\') ? (JSON.parse(`"${key}"`) as string) : key;
    if (before !== undefined && before >= meant) return -1;
    before = meant;
    at = valueEnd(text, keyEnd + 1);
    if (at === -1) return -1;
    tell(key, keyEnd + 1, at);
    const unit = text.charCodeAt(at);
    if (unit === 0x7d) return at + 1;
    if (unit !== 0x2c) return -1;
    at += 1;
  }
}
