import type { NumberValue, ObjectValue, Value } from '../value/index.ts';
import { bigIntOf, isNumber, objectEntries, RegoNumber, RegoSet, valueText } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText, textOfBytes } from './bytes.ts';
import { CompileCache } from './cache.ts';
import type { Definition, Family } from './define.ts';
import { fault, operandFault } from './fault.ts';
import { goFormat, UnsupportedVerb } from './go-format.ts';
import type { GoArgument } from './go-format-value.ts';
import { isAscii, lower, upper } from './letter-case.ts';
import { integerOperand, membersOf, stringsOperand } from './operand.ts';
import { reserveText } from './weigh.ts';

type Strings = readonly Value[] | RegoSet;

/** Whether every UTF-16 unit is one code point, so that indices agree. */
function hasNoSurrogates(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

function concat(context: BuiltinContext, separator: string, parts: Strings): BuiltinOutcome {
  const strings = stringsOperand(parts, 2);
  if (strings instanceof BuiltinError) return strings;
  const units = strings.reduce((sum, part) => sum + part.length, 0) + separator.length * strings.length;
  reserveText(context, units);
  return strings.join(separator);
}

/** Every position, in code points, at which a text occurs; overlapping ones included. */
function positions(text: string, search: string, limit: number): number[] {
  const found: number[] = [];
  const isPlain = hasNoSurrogates(text);
  for (let at = text.indexOf(search); at >= 0 && found.length < limit; at = text.indexOf(search, at + 1)) {
    found.push(isPlain ? at : Array.from(text.slice(0, at)).length);
  }
  return found;
}

function indexOf(_context: BuiltinContext, text: string, search: string): BuiltinOutcome {
  return search === '' ? fault('empty search character') : (positions(text, search, 1)[0] ?? -1);
}

function indexOfAll(_context: BuiltinContext, text: string, search: string): BuiltinOutcome {
  return search === '' ? fault('empty search character') : positions(text, search, Number.POSITIVE_INFINITY);
}

function substring(_context: BuiltinContext, text: string, offset: Value, length: Value): BuiltinOutcome {
  const start = integerOperand(offset, 2);
  if (start instanceof BuiltinError) return start;
  const size = integerOperand(length, 3);
  if (size instanceof BuiltinError) return size;
  if (start < 0) return fault('negative offset');
  const end = size < 0 ? undefined : start + size;
  return hasNoSurrogates(text) ? text.slice(start, end) : Array.from(text).slice(start, end).join('');
}

/** As `String.prototype.split`, which for short texts takes longer: it leaves compiled code. */
function parts(text: string, separator: string): string[] {
  if (separator === '') return Array.from(text);
  const found: string[] = [];
  let start = 0;
  for (let end = text.indexOf(separator); end >= 0; end = text.indexOf(separator, start)) {
    found.push(text.slice(start, end));
    start = end + separator.length;
  }
  found.push(text.slice(start));
  return found;
}

function splitSome(
  _context: BuiltinContext,
  text: string,
  separator: string,
  limit: NumberValue,
): BuiltinOutcome {
  const count = integerOperand(limit, 3);
  if (count instanceof BuiltinError) return count;
  const all = parts(text, separator);
  return count >= 0 ? all.slice(0, count) : all.slice(Math.max(all.length + count, 0));
}

function countOf(text: string, search: string): number {
  return search === '' ? Array.from(text).length + 1 : text.split(search).length - 1;
}

type Pairs = readonly (readonly [string, string])[];

/** Replaces left to right without overlap; where several patterns match, the first one given counts. */
function replaceAll(text: string, pairs: Pairs): string {
  const hasEmpty = pairs.some(([pattern]) => pattern === '');
  if (!hasEmpty && pairs.length === 1) return text.replaceAll(pairs[0]![0], () => pairs[0]![1]);
  if (!hasEmpty || isAscii(text)) return replaceUnits(text, pairs);
  // An empty pattern matches between bytes, even those of one character.
  const latin = pairs.map(([from, to]) => [bytesAsUnits(from), bytesAsUnits(to)] as const);
  return textOfBytes(Uint8Array.from(replaceUnits(bytesAsUnits(text), latin), (unit) => unit.charCodeAt(0)));
}

function bytesAsUnits(text: string): string {
  return Array.from(bytesOfText(text), (byte) => String.fromCharCode(byte)).join('');
}

function replaceUnits(text: string, pairs: Pairs): string {
  let output = '';
  let position = 0;
  let wasEmpty = false;
  while (position <= text.length) {
    const match = pairs.find(
      ([pattern]) => (pattern !== '' || !wasEmpty) && text.startsWith(pattern, position),
    );
    wasEmpty = match?.[0] === '';
    if (match !== undefined) {
      output += match[1];
      position += match[0].length;
    } else {
      output += text[position] ?? '';
      position++;
    }
  }
  return output;
}

/** Counts what replacing can make at most, where that is more than the text. */
function reserveReplaced(context: BuiltinContext, text: string, from: string, to: string): void {
  if (to.length <= from.length) return;
  const atMost = (text.length / Math.max(1, from.length) + 1) * to.length;
  if (atMost <= text.length * 4) return;
  const count = from === '' ? text.length + 1 : text.split(from).length - 1;
  reserveText(context, count * to.length);
}

function replaceMany(context: BuiltinContext, patterns: ObjectValue, text: string): BuiltinOutcome {
  const pairs: (readonly [string, string])[] = [];
  for (const [key, value] of objectEntries(patterns)) {
    if (typeof key !== 'string') return operandFault(1, 'non-string key found in pattern object');
    if (typeof value !== 'string') return operandFault(1, 'non-string value found in pattern object');
    pairs.push([key, value]);
    reserveReplaced(context, text, key, value);
  }
  return pairs.length === 0 ? text : replaceAll(text, pairs);
}

function trimStart(text: string, cutset: string): string {
  const cut = new Set(cutset);
  const characters = Array.from(text);
  const start = characters.findIndex((character) => !cut.has(character));
  return start < 0 ? '' : characters.slice(start).join('');
}

function trimEnd(text: string, cutset: string): string {
  const cut = new Set(cutset);
  const characters = Array.from(text);
  const end = characters.findLastIndex((character) => !cut.has(character));
  return characters.slice(0, end + 1).join('');
}

/** A number in the Go type that OPA hands to the formatter. */
function goNumber(value: NumberValue): GoArgument {
  const isFraction = value instanceof RegoNumber && value.isWritten && /[.eE]/.test(value.toString());
  const whole = isFraction ? undefined : bigIntOf(value);
  if (whole !== undefined) {
    return { type: BigInt.asIntN(64, whole) === whole ? 'int64' : '*big.Int', value: whole };
  }
  const double = typeof value === 'number' ? value : value.nearest;
  return Number.isFinite(double)
    ? { type: 'float64', value: double }
    : { type: 'string', value: String(value) };
}

/** A format whose verbs are plain `%s` and `%v`, so that strings go in as they are. */
interface PlainFormat {
  /** The text around the verbs: one more than there are. */
  readonly texts: readonly string[];
  /** What was put in last, and what came out: most formats are used with the same strings again. */
  last: { readonly values: readonly Value[]; readonly text: string } | undefined;
}

const FORMATS_MAX = 256;
const plainFormats = new CompileCache<PlainFormat | null>(FORMATS_MAX, (format) =>
  /%(?![sv])/.test(format) ? null : { texts: format.split(/%[sv]/), last: undefined },
);

/** Puts strings into a plain format; nothing where it is none, or what goes in is not all strings. */
function formatPlainly(format: string, values: readonly Value[]): string | undefined {
  const plain = plainFormats.get(format);
  if (plain === null || values.length !== plain.texts.length - 1) return undefined;
  const { last, texts } = plain;
  if (last?.values.every((value, index) => value === values[index])) return last.text;
  let text = texts[0]!;
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'string') return undefined;
    text += value + texts[index + 1]!;
  }
  plain.last = { values: [...values], text };
  return text;
}

function sprintf(_context: BuiltinContext, format: string, values: readonly Value[]): BuiltinOutcome {
  const plain = formatPlainly(format, values);
  if (plain !== undefined) return plain;
  const given = values.map((value): GoArgument => {
    if (isNumber(value)) return goNumber(value);
    return { type: 'string', value: typeof value === 'string' ? value : valueText(value) };
  });
  const text = goFormat(format, given);
  return text instanceof UnsupportedVerb ? fault(`%${text.verb} of a fraction is not supported`) : text;
}

function affixMatch(matches: (text: string, affix: string) => boolean): Definition {
  const strings = (value: string | Strings, position: number): readonly string[] | BuiltinError =>
    typeof value === 'string' ? [value] : stringsOperand(value, position);
  return {
    expected: [
      ['string', 'set', 'array'],
      ['string', 'set', 'array'],
    ],
    call: (_context: BuiltinContext, search: string | Strings, base: string | Strings) => {
      const texts = strings(search, 1);
      if (texts instanceof BuiltinError) return texts;
      const affixes = strings(base, 2);
      if (affixes instanceof BuiltinError) return affixes;
      return texts.some((text) => affixes.some((affix) => matches(text, affix)));
    },
  };
}

const SPACE = /\p{White_Space}/u;

function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text[start]!)) start++;
  while (end > start && SPACE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** The members of a `print` or template call as text: a set of answers each, an empty set for undefined. */
function shownTexts(members: readonly Value[]): readonly (readonly string[])[] {
  const text = (value: Value): string => (typeof value === 'string' ? value : valueText(value));
  return members.map((member) => {
    if (!(member instanceof RegoSet)) return [text(member)];
    return member.size === 0 ? ['<undefined>'] : membersOf(member).map(text);
  });
}

function combinations(texts: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return texts.reduce<readonly (readonly string[])[]>(
    (lines, choices) => lines.flatMap((line) => choices.map((choice) => [...line, choice])),
    [[]],
  );
}

function print(context: BuiltinContext, members: readonly Value[]): BuiltinOutcome {
  for (const line of combinations(shownTexts(members))) context.printed(line.join(' '));
  return true;
}

function templateString(_context: BuiltinContext, members: readonly Value[]): BuiltinOutcome {
  const texts = combinations(shownTexts(members));
  if (texts.length !== 1) return fault('template-strings must not produce multiple outputs');
  return texts[0]!.join('');
}

function traced(context: BuiltinContext, message: string): BuiltinOutcome {
  context.traced(message);
  return true;
}

/** Strings, by code points. Source: OPA's `topdown/strings.go`, `print.go`, `template_string.go`. */
export const STRINGS: Family = {
  concat: { call: concat, expected: [undefined, ['set', 'array']] },
  contains: (_context, text: string, search: string) => text.includes(search),
  startswith: (_context, text: string, search: string) => text.startsWith(search),
  endswith: (_context, text: string, search: string) => text.endsWith(search),
  indexof: indexOf,
  indexof_n: indexOfAll,
  lower: (_context, text: string) => lower(text),
  upper: (_context, text: string) => upper(text),
  substring: { call: substring, checked: 1 },
  split: (_context, text: string, separator: string) => parts(text, separator),
  'strings.split_n': splitSome,
  'strings.count': (_context, text: string, search: string) => countOf(text, search),
  'strings.reverse': (_context, text: string) => Array.from(text).reverse().join(''),
  replace: (context, text: string, from: string, to: string) => {
    reserveReplaced(context, text, from, to);
    return replaceAll(text, [[from, to]]);
  },
  'strings.replace_n': replaceMany,
  trim: (_context, text: string, cutset: string) => trimEnd(trimStart(text, cutset), cutset),
  trim_left: (_context, text: string, cutset: string) => trimStart(text, cutset),
  trim_right: (_context, text: string, cutset: string) => trimEnd(text, cutset),
  trim_prefix: (_context, text: string, prefix: string) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  trim_suffix: (_context, text: string, suffix: string) =>
    text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text,
  trim_space: (_context, text: string) => trimSpace(text),
  sprintf,
  'strings.any_prefix_match': affixMatch((text, affix) => text.startsWith(affix)),
  'strings.any_suffix_match': affixMatch((text, affix) => text.endsWith(affix)),
  print: (context, ...members: Value[]) => print(context, members),
  'internal.print': print,
  'internal.template_string': templateString,
  trace: traced,
};
