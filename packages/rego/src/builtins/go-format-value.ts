import { quote } from '../value/index.ts';
import { bytesOfText } from './bytes.ts';
import { goFloat } from './go-float.ts';

/** What Go's formatter is handed: numbers by their Go type, everything else as text. */
export type GoArgument =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int64' | '*big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number };

/** Flags, width and precision of one verb. */
export interface GoFlags {
  sharp: boolean;
  sharpV: boolean;
  zero: boolean;
  plus: boolean;
  minus: boolean;
  space: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** Flags of a verb without any. */
export function noFlags(): GoFlags {
  return {
    sharp: false,
    sharpV: false,
    zero: false,
    plus: false,
    minus: false,
    space: false,
    width: undefined,
    precision: undefined,
  };
}

function runeCount(text: string): number {
  return Array.from(text).length;
}

function pad(text: string, flags: GoFlags): string {
  const missing = (flags.width ?? 0) - runeCount(text);
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (flags.zero ? '0' : ' ').repeat(missing) + text;
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, s: 10, x: 16, X: 16 };

function basePrefix(verb: string, digits: string, sharp: boolean): string {
  if (verb === 'O') return '0o';
  if (!sharp) return '';
  if (verb === 'b') return '0b';
  if (verb === 'o') return digits.startsWith('0') ? '' : '0';
  return verb === 'x' || verb === 'X' ? `0${verb}` : '';
}

function formatInteger(value: bigint, verb: string, flags: GoFlags): string {
  const negative = value < 0n;
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (flags.precision === 0 && value === 0n) return pad('', { ...flags, zero: false });
  let digits = (negative ? -value : value).toString(BASES[verb]!);
  if (verb === 'X') digits = digits.toUpperCase();
  let least = flags.precision ?? 0;
  if (flags.precision === undefined && flags.zero && !flags.minus) least = (flags.width ?? 0) - sign.length;
  digits = digits.padStart(least, '0');
  return pad(sign + basePrefix(verb, digits, flags.sharp) + digits, { ...flags, zero: false });
}

/** Numbers beyond 64 bits write their prefix before the zeros and keep the zero flag. */
function formatBigInteger(value: bigint, verb: string, flags: GoFlags): string {
  const negative = value < 0n;
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  let digits = (negative ? -value : value).toString(BASES[verb]!);
  if (verb === 'X') digits = digits.toUpperCase();
  const prefix = verb === 'O' ? '0o' : flags.sharp ? basePrefix(verb, '', true) : '';
  digits = digits.padStart(flags.precision ?? 0, '0');
  const missing = Math.max((flags.width ?? 0) - sign.length - prefix.length - digits.length, 0);
  if (flags.minus) return sign + prefix + digits + ' '.repeat(missing);
  if (flags.zero) return sign + prefix + '0'.repeat(missing) + digits;
  return ' '.repeat(missing) + sign + prefix + digits;
}

function formatRune(value: bigint, verb: string, flags: GoFlags): string {
  const isValid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const rune = isValid ? String.fromCodePoint(Number(value)) : '\ufffd';
  if (verb === 'c') return pad(rune, flags);
  if (verb === 'q') return pad(quoteRune(rune, flags.plus), flags);
  const magnitude = BigInt.asUintN(64, value);
  const code = magnitude
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 0), '0');
  const shown = flags.sharp && isValid && /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(rune) ? ` '${rune}'` : '';
  return pad(`U+${code}${shown}`, { ...flags, zero: false });
}

function quoteRune(rune: string, ascii: boolean): string {
  if (rune === "'") return "'\\''";
  if (rune === '"') return "'\"'";
  return `'${quote(rune, ascii).slice(1, -1)}'`;
}

function formatFloat(value: number, verb: string, flags: GoFlags): string {
  const style = (verb === 'v' ? 'g' : verb.toLowerCase()) as 'e' | 'f' | 'g';
  const precision = flags.precision ?? (style === 'g' ? -1 : 6);
  let digits = goFloat(value, style, precision);
  if (verb === 'E' || verb === 'G') digits = digits.toUpperCase();
  const sign = value < 0 ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (sign !== '' && flags.zero && !flags.minus) return sign + digits.padStart((flags.width ?? 0) - 1, '0');
  return pad(sign + digits, flags);
}

function formatText(value: string, verb: string, flags: GoFlags): string {
  if (verb === 'x' || verb === 'X') return pad(hexText(value, verb, flags), flags);
  let text = value;
  if (flags.precision !== undefined) text = Array.from(text).slice(0, flags.precision).join('');
  if (verb === 'q' || flags.sharpV) {
    const raw = (flags.sharp || flags.sharpV) && verb === 'q' && !/[`\p{Cc}\ufeff]/u.test(text);
    return pad(raw ? `\`${text}\`` : quote(text, flags.plus), flags);
  }
  return pad(text, flags);
}

function hexText(value: string, verb: string, flags: GoFlags): string {
  let bytes = Array.from(bytesOfText(value), (byte) => byte.toString(16).padStart(2, '0'));
  if (flags.precision !== undefined) bytes = bytes.slice(0, flags.precision);
  if (bytes.length === 0) return '';
  const prefix = flags.sharp ? '0x' : '';
  const hex = flags.space ? bytes.map((byte) => prefix + byte).join(' ') : prefix + bytes.join('');
  return verb === 'X' ? hex.toUpperCase() : hex;
}

/** One argument by one verb; undefined where the verb does not fit the argument's type. */
export function formatArgument(argument: GoArgument, verb: string, flags: GoFlags): string | undefined {
  switch (argument.type) {
    case 'string':
      return 'vsxXq'.includes(verb) ? formatText(argument.value, verb, flags) : undefined;
    case 'int64':
      if ('cqU'.includes(verb)) return formatRune(argument.value, verb, flags);
      return 'vdboOxX'.includes(verb) ? formatInteger(argument.value, verb, flags) : undefined;
    case '*big.Int':
      return 'vsdboOxX'.includes(verb) ? formatBigInteger(argument.value, verb, flags) : undefined;
    case 'float64':
      return 'vgGeEfF'.includes(verb) ? formatFloat(argument.value, verb, flags) : undefined;
  }
}
