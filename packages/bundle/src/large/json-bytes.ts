/** Bytes that mean something in a JSON text (RFC 8259). */
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const NINE = 0x39;
export const LETTER_U = 0x75;
export const SOLIDUS = 0x2f;

/** From here on the order of UTF-8 bytes and that of UTF-16 units can differ. */
export const ORDER_UNCLEAR = 0xee;
/** As many digits as an integer can have that a double always holds. */
export const EXACT_DIGITS = 15;

export const WORDS: Readonly<Record<number, readonly number[]>> = {
  116: [...Buffer.from('true')],
  102: [...Buffer.from('false')],
  110: [...Buffer.from('null')],
};
