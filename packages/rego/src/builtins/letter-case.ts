/** Lower-case titlecase-like Greek letters whose simple upper case JavaScript does not give: ranges and offset. */
const GREEK_IOTA: readonly (readonly [number, number, number])[] = [
  [0x1f80, 0x1f87, 8],
  [0x1f90, 0x1f97, 8],
  [0x1fa0, 0x1fa7, 8],
  [0x1fb3, 0x1fb3, 9],
  [0x1fc3, 0x1fc3, 9],
  [0x1ff3, 0x1ff3, 9],
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII includes them
const ASCII = /^[\x00-\x7f]*$/;

/** Whether text is ASCII only. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

function simpleUpper(character: string): string {
  const upper = character.toUpperCase();
  if (upper.length === character.length) return upper;
  const code = character.codePointAt(0)!;
  for (const [first, last, offset] of GREEK_IOTA) {
    if (code >= first && code <= last) return String.fromCodePoint(code + offset);
  }
  // One letter stays one letter: what only has a longer upper case (ß) is left alone.
  return Array.from(upper).length === 1 ? upper : character;
}

function simpleLower(character: string): string {
  const lower = character.toLowerCase();
  if (character === '\u0130') return 'i';
  return Array.from(lower).length === 1 ? lower : character;
}

/** Upper case letter by letter, as Go does it. */
export function upper(text: string): string {
  return isAscii(text) ? text.toUpperCase() : Array.from(text, simpleUpper).join('');
}

/** Lower case letter by letter, as Go does it. */
export function lower(text: string): string {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, simpleLower).join('');
}
