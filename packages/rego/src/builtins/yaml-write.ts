import type { ObjectValue, Value } from '../value/index.ts';
import { isNumber, isObject, objectEntries, RegoSet, toJson } from '../value/index.ts';
import type { BuiltinError } from './builtin.ts';
import { fault } from './fault.ts';
import { goFloat } from './go-float.ts';
import { membersOf } from './operand.ts';
import { trimEnd, trimStart } from './trim-ends.ts';
import { findUnreadable, resolvePlain } from './yaml-scalar.ts';

const INDENT = '  ';
/** Booleans of YAML 1.1 and numbers of base 60: quoted, so that old readers see texts. */
const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

const BREAK = /[\r\n\u0085\u2028\u2029]/;
/** To the emitter, characters beyond 16 bits are none that print. */
const PRINTABLE = /^[\n\t\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/u;

/** How a text may be written; what libyaml's emitter finds out about it. */
interface Analysis {
  readonly isMultiline: boolean;
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

function hasBlockIndicators(text: string): boolean {
  return (
    /^(?:---|\.\.\.)/.test(text) ||
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[?:-](?:[ \t]|$)/.test(text) ||
    /:(?:[ \t]|$)/.test(text) ||
    /[ \t\r\n\u0085\u2028\u2029]#/.test(text)
  );
}

function analyse(text: string): Analysis {
  const isMultiline = BREAK.test(text);
  const special = [...text].some((rune) => !PRINTABLE.test(rune) && !BREAK.test(rune));
  // Other breaks than a line feed are no printable characters to the emitter.
  const odd = special || /[\r\u0085]/.test(text);
  const spaceBeforeBreak = / [\r\n\u0085\u2028\u2029]/.test(text);
  const breakBeforeSpace = /[\r\n\u0085\u2028\u2029] /.test(text);
  const isEdged = /^[ \r\n\u0085\u2028\u2029]|[ \r\n\u0085\u2028\u2029]$/.test(text);
  const unquotable = spaceBeforeBreak || odd || text.includes('\t');
  return {
    isMultiline,
    plain: !isEdged && !breakBeforeSpace && !unquotable && !isMultiline && !hasBlockIndicators(text),
    single: !breakBeforeSpace && !unquotable,
    block: text !== '' && !text.endsWith(' ') && !spaceBeforeBreak && !odd,
  };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0000', '\\0'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\u000b', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\u001b', '\\e'],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0085', '\\N'],
  ['\u00a0', '\\_'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

function doubleQuoted(text: string): string {
  let quoted = '';
  // A byte order mark in front makes the emitter escape every character.
  const isMarked = text.startsWith('\ufeff');
  for (const rune of text) {
    const isPlain = !isMarked && PRINTABLE.test(rune) && !BREAK.test(rune) && !/["\\\t\ufeff]/.test(rune);
    const code = rune.codePointAt(0)!;
    if (isPlain) quoted += rune;
    else if (ESCAPES.has(rune)) quoted += ESCAPES.get(rune)!;
    else if (code <= 0xff) quoted += `\\x${hex(code, 2)}`;
    else quoted += code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }
  return `"${quoted}"`;
}

function hex(code: number, size: number): string {
  return code.toString(16).toUpperCase().padStart(size, '0');
}

/** Text with line feeds is never written so; after the other breaks the emitter indents. */
function singleQuoted(text: string, indent: string): string {
  const doubled = text.replaceAll("'", "''");
  return `'${doubled.replace(/[\u2028\u2029]+/g, (breaks) => breaks + indent)}'`;
}

function literal(text: string, indent: string): string {
  const lead = /^[ \n\r\u0085\u2028\u2029]/.test(text) ? String(INDENT.length) : '';
  const chomp = text.endsWith('\n') ? (text === '\n' || text.endsWith('\n\n') ? '+' : '') : '-';
  const lines = text.replace(/\n$/, '').split('\n');
  return `|${lead}${chomp}\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}`;
}

/** go-yaml reads the value's JSON first, in which U+0085 breaks a line. */
function folded(text: string): string {
  const lines = text.split('\u0085');
  let whole = trimEnd(lines[0]!, ' ');
  let breaks = 0;
  for (const [index, line] of lines.slice(1).entries()) {
    breaks++;
    const inner = trimStart(line, ' ');
    const isLast = index === lines.length - 2;
    if (inner === '' && !isLast) continue;
    whole += '\n'.repeat(breaks - 1) || ' ';
    whole += isLast ? inner : trimEnd(inner, ' ');
    breaks = 0;
  }
  return whole;
}

/** A text as go-yaml writes it. */
function textScalar(text: string, indent: string, isKey: boolean): string {
  if (!text.isWellFormed()) return textScalar(text.toWellFormed(), indent, isKey);
  if (text.includes('\u0085')) return textScalar(folded(text), indent, isKey);
  const found = analyse(text);
  const double = () => doubleQuoted(text);
  if (isKey && found.isMultiline) return double();
  if (text.includes('\n')) return found.block && !isKey ? literal(text, indent) : double();
  const { tag } = resolvePlain(text);
  const isText = (tag === 'str' || tag === 'merge') && !OLD_BOOLEAN.test(text) && !BASE_60.test(text);
  if (!isText) return double();
  if (found.plain) return text;
  return found.single ? singleQuoted(text, indent) : double();
}

function numberScalar(text: string): string {
  const found = resolvePlain(text);
  // Beyond what a double holds the number's text is all that is left of it.
  if (found.tag === 'str') return text;
  if (found.tag !== 'float') return toJson(found.value);
  return `${text.startsWith('-') ? '-' : ''}${goFloat(Number(text), 'g', -1)}`;
}

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

/** Digits from an index on: where they end, and their number; wrapped to 64 bits as Go's is. */
function digitsFrom(runes: readonly string[], start: number, initial: bigint): readonly [number, bigint] {
  let value = initial;
  let index = start;
  for (; index < runes.length && DIGIT.test(runes[index]!); index++) {
    value = BigInt.asIntN(64, value * 10n + BigInt(runes[index]!.codePointAt(0)! - 0x30));
  }
  return [index, value];
}

/** The order of keys: numbers inside them count by their size, letters stand behind other characters. */
function compareKeys(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  let isAfterDigit = false;
  for (let index = 0; index < a.length && index < b.length; index++) {
    const [x, y] = [a[index]!, b[index]!];
    if (x === y) isAfterDigit = DIGIT.test(x);
    else return compareAt(a, b, index, isAfterDigit) ? -1 : 1;
  }
  return a.length - b.length;
}

/** Whether the first key stands first, by the first characters that differ. */
function compareAt(
  a: readonly string[],
  b: readonly string[],
  index: number,
  isAfterDigit: boolean,
): boolean {
  const [x, y] = [a[index]!, b[index]!];
  const [isLetterX, isLetterY] = [LETTER.test(x), LETTER.test(y)];
  if (isLetterX && isLetterY) return x.codePointAt(0)! < y.codePointAt(0)!;
  if (isLetterX || isLetterY) return isAfterDigit ? isLetterX : isLetterY;
  let initial = 0n;
  if (x === '0' || y === '0') {
    for (let before = index - 1; before >= 0 && DIGIT.test(a[before]!); before--) {
      if (a[before] !== '0') initial = 1n;
    }
  }
  const [endX, numberX] = digitsFrom(a, index, initial);
  const [endY, numberY] = digitsFrom(b, index, initial);
  if (numberX !== numberY) return numberX < numberY;
  return endX === endY ? x.codePointAt(0)! < y.codePointAt(0)! : endX < endY;
}

/** Lines of a value; `indent` stands in front of each but the first. */
function block(value: Value, indent: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return textScalar(value, indent === '' ? INDENT : indent, false);
  if (isNumber(value)) return numberScalar(toJson(value));
  if (isObject(value)) return mapping(value, indent);
  const members = membersOf(value as readonly Value[] | RegoSet);
  if (members.length === 0) return '[]';
  return members.map((member) => `- ${block(member, indent + INDENT)}`).join(`\n${indent}`);
}

function mapping(object: ObjectValue, indent: string): string {
  const named = new Map<string, Value>();
  for (const [key, member] of objectEntries(object)) {
    named.set(typeof key === 'string' ? key : toJson(key), member);
  }
  if (named.size === 0) return '{}';
  const inner = indent + INDENT;
  const lines = [...named]
    .sort((a, b) => compareKeys(a[0], b[0]))
    .map(([name, member]) => {
      const key = textScalar(name, indent, true);
      const isNested = isComposite(member);
      const text = block(member, inner);
      return isNested ? `${key}:\n${inner}${text}` : `${key}: ${text}`;
    });
  return lines.join(`\n${indent}`);
}

function isComposite(value: Value): boolean {
  if (isObject(value)) return objectEntries(value).length > 0;
  return (Array.isArray(value) && value.length > 0) || (value instanceof RegoSet && value.size > 0);
}

/** A value as YAML text. Source: go-yaml v3 with an indentation of two, as OPA uses it. */
export function yamlText(value: Value): string | BuiltinError {
  const forbidden = findUnreadable(toJson(value));
  return forbidden ? fault('yaml: control characters are not allowed') : `${block(value, '')}\n`;
}
