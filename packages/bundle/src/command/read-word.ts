import type { DoubleQuotedChild, ParameterExpansionPart, ParsedScript, Word, WordPart } from 'unbash';
import { type CommandWord, NotUnderstood } from './command-analysis.ts';
import { checkVariable } from './wrappers.ts';

/** What reading a word needs: the commands inside of it are looked at like any others. */
export interface WordReader {
  readonly nested: (script: ParsedScript) => void;
}

interface Piece {
  readonly text: string;
  readonly unknown?: string;
  readonly pattern?: true;
  readonly pipe?: true;
}

/** Braces that make no `..`, no `/` and nothing that is expanded again. */
const PLAIN_BRACES = /^\{[\w.-]*(,[\w.-]*)+\}$|^\{\w+\.\.\w+(\.\.\w+)?\}$/;
const DOTS = /[{,]\.{1,2}[,}]/;
const PLAIN_ARITHMETIC = /^\$\(\([\s\d+\-*/%()<>!&|^~?:,]*\)\)$/;

/** A word as text, with what of it the shell will only know when it runs. Throws for what can mean more than text. */
export function readWord(word: Word, reader: WordReader): CommandWord {
  const { parts, text, value } = word;
  if (parts === undefined) return text.startsWith('~') ? { text: value, tilde: true } : { text: value };
  const pieces = parts.map((part) => ({ part, piece: readPart(part, reader) }));
  const first = pieces[0]?.part;
  const home = first !== undefined && isHome(first);
  const whole = pieces.map(({ piece }, index) => (index === 0 && home ? '~' : piece.text)).join('');
  const unknown = pieces.find(({ piece }, index) => piece.unknown !== undefined && !(index === 0 && home));
  const split = pieces.some(
    ({ part, piece }, index) =>
      piece.unknown !== undefined && part.type !== 'DoubleQuoted' && !(index === 0 && home),
  );
  const tilde = home || (first?.type === 'Literal' && first.text.startsWith('~'));
  return {
    text: whole,
    ...(unknown === undefined ? {} : { unknown: unknown.piece.unknown as string }),
    ...(pieces.some(({ piece }) => piece.pattern === true) ? { pattern: true } : {}),
    ...(tilde ? { tilde: true } : {}),
    ...(split ? { split: true } : {}),
    ...(pieces.some(({ piece }) => piece.pipe === true) ? { pipe: true } : {}),
  };
}

const HOME = /^\$(HOME|\{HOME\})$/;

/** `$HOME` and `${HOME}`, quoted or not: no line may set it. */
function isHome(part: WordPart): boolean {
  const only = part.type === 'DoubleQuoted' ? part.parts[0] : part;
  if (part.type === 'DoubleQuoted' && part.parts.length !== 1) return false;
  return only !== undefined && HOME.test(only.text);
}

function readPart(part: WordPart, reader: WordReader): Piece {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return { text: part.value };
    case 'AnsiCQuoted':
      // A shell without this form ends the quotes at the first `'`, whatever stands before it.
      if (part.text.includes("\\'")) throw new NotUnderstood(`shells read \`${part.text}\` differently`);
      // And it takes all of it as it is written, the `$` too.
      return { text: part.value, unknown: part.text };
    case 'DoubleQuoted':
      return joined(part.parts.map((inner) => readChild(inner, reader)));
    case 'Glob':
      return { text: part.text, pattern: true };
    case 'BraceExpansion':
      if (!PLAIN_BRACES.test(part.text) || DOTS.test(part.text))
        throw new NotUnderstood(`the braces \`${part.text}\` are not plain words`);
      return { text: part.text, pattern: true };
    case 'ProcessSubstitution':
      nestedOf(part.script, part.text, reader);
      return { text: part.text, pipe: true };
    case 'LocaleString':
    case 'ExtendedGlob':
      throw new NotUnderstood(`shells read \`${part.text}\` differently`);
    default:
      return readChild(part, reader);
  }
}

function joined(pieces: readonly Piece[]): Piece {
  const unknown = pieces.find((piece) => piece.unknown !== undefined)?.unknown;
  return {
    text: pieces.map(({ text }) => text).join(''),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

function readChild(part: DoubleQuotedChild, reader: WordReader): Piece {
  switch (part.type) {
    case 'Literal':
      return { text: part.value };
    case 'SimpleExpansion':
      return { text: part.text, unknown: part.text };
    case 'ParameterExpansion':
      checkExpansion(part, reader);
      return { text: part.text, unknown: part.text };
    case 'CommandExpansion':
      nestedOf(part.script, part.text, reader);
      return { text: part.text, unknown: part.text };
    case 'ArithmeticExpansion':
      // The value of a variable is evaluated as arithmetic again, and commands inside of it are run.
      if (!PLAIN_ARITHMETIC.test(part.text))
        throw new NotUnderstood(`arithmetic on variables (\`${part.text}\`) can run commands`);
      return { text: part.text, unknown: part.text };
    default:
      throw new NotUnderstood(`\`${(part as WordPart).text}\` is not understood`);
  }
}

function nestedOf(script: ParsedScript | undefined, text: string, reader: WordReader): void {
  if (script === undefined) throw new NotUnderstood(`\`${text}\` is not understood`);
  reader.nested(script);
}

/** Forms of `${…}` that evaluate a value once more, or that set a variable that steers programs, are refused. */
function checkExpansion(part: ParameterExpansionPart, reader: WordReader): void {
  const { prefix, index, operation, parameter, text } = part;
  const strange = new NotUnderstood(`\`${text}\` can mean more than the value of a variable`);
  if (prefix === '!' || (index !== undefined && !/^(\d+|[@*])$/.test(index.text))) throw strange;
  if (operation === undefined) return;
  switch (operation.type) {
    case 'Default':
      if (operation.operator === '=' || operation.operator === ':=') checkVariable(parameter);
      readWord(operation.operand, reader);
      return;
    case 'Remove':
      readWord(operation.operand, reader);
      return;
    case 'Replace':
      readWord(operation.pattern, reader);
      readWord(operation.replacement, reader);
      return;
    case 'CaseModification':
      if (operation.operand !== undefined) readWord(operation.operand, reader);
      return;
    case 'Slice':
      if (!/^\s*-?\d+$/.test(operation.offset.text) || !/^\s*-?\d*$/.test(operation.length?.text ?? ''))
        throw strange;
      return;
    default:
      throw strange;
  }
}
