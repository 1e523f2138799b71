import type { GoArgument, GoFlags } from './go-format-value.ts';
import { formatArgument, noFlags } from './go-format-value.ts';

/** Widths and precisions beyond this are ignored, as Go does. */
const NUMBER_MAX = 1_000_000;

/** A floating-point form of Go that is not supported: `%b`, `%x`, `%X` and the flag `#` of a fraction. */
export class UnsupportedVerb {
  readonly verb: string;

  constructor(verb: string) {
    this.verb = verb;
  }
}

/** One pass over a format: the position in it, in the arguments, and what was written. */
class Formatter {
  readonly format: string;
  readonly arguments: readonly GoArgument[];
  output = '';
  position = 0;
  next = 0;
  isIndexGood = true;
  isReordered = false;
  unsupported: UnsupportedVerb | undefined;

  constructor(format: string, given: readonly GoArgument[]) {
    this.format = format;
    this.arguments = given;
  }

  /** Digits at the position. */
  number(): number | undefined {
    const match = /^\d+/.exec(this.format.slice(this.position, this.position + 16));
    if (match === null) return undefined;
    const value = Number(match[0]);
    this.position += match[0].length;
    return value > NUMBER_MAX ? undefined : value;
  }

  /** `[n]` at the position: which argument comes next. */
  index(): boolean {
    if (this.format[this.position] !== '[') return false;
    this.isReordered = true;
    const close = this.format.indexOf(']', this.position);
    if (close < 0 || this.format.length - this.position < 3) {
      this.isIndexGood = false;
      this.position += 1;
      return false;
    }
    const text = this.format.slice(this.position + 1, close);
    this.position = close + 1;
    const isNumber = /^\d+$/.test(text) && Number(text) <= NUMBER_MAX;
    const wanted = Number(text) - 1;
    if (isNumber && wanted >= 0 && wanted < this.arguments.length) {
      this.next = wanted;
      return true;
    }
    this.isIndexGood = false;
    return isNumber;
  }

  /** The next argument as a width or precision (`*`). */
  star(): number | undefined {
    this.position++;
    const argument = this.arguments[this.next];
    if (argument !== undefined) this.next++;
    if (argument?.type !== 'int64') return undefined;
    const value = Number(argument.value);
    return Math.abs(value) > NUMBER_MAX ? undefined : value;
  }

  write(argument: GoArgument, verb: string, flags: GoFlags): void {
    if (verb === 'T') {
      this.output += formatArgument({ type: 'string', value: argument.type }, 's', flags);
      return;
    }
    if (argument.type === 'float64' && (flags.sharp || 'bxX'.includes(verb)))
      this.unsupported = new UnsupportedVerb(verb);
    const text = formatArgument(argument, verb, flags);
    if (text !== undefined) {
      this.output += text;
      return;
    }
    const type = argument.type === '*big.Int' ? 'big.Int' : argument.type;
    const shown =
      argument.type === '*big.Int' ? String(argument.value) : formatArgument(argument, 'v', flags);
    this.output += `%!${verb}(${type}=${shown})`;
  }
}

const FLAGS: Readonly<Record<string, 'sharp' | 'zero' | 'plus' | 'minus' | 'space'>> = {
  '#': 'sharp',
  '0': 'zero',
  '+': 'plus',
  '-': 'minus',
  ' ': 'space',
};

function readFlags(state: Formatter): GoFlags {
  const flags = noFlags();
  for (;;) {
    const flag = FLAGS[state.format[state.position] ?? ''];
    if (flag === undefined) return flags;
    flags[flag] = true;
    state.position++;
  }
}

/** Reads the width; tells whether an argument index stands directly before what follows. */
function readWidth(state: Formatter, flags: GoFlags): boolean {
  const isIndexed = state.index();
  if (state.format[state.position] === '*') {
    const width = state.star();
    if (width === undefined) state.output += '%!(BADWIDTH)';
    if (width !== undefined && width < 0) {
      flags.minus = true;
      flags.zero = false;
    }
    flags.width = width === undefined ? undefined : Math.abs(width);
    return false;
  }
  flags.width = state.number();
  if (isIndexed && flags.width !== undefined) state.isIndexGood = false;
  return isIndexed;
}

function readPrecision(state: Formatter, flags: GoFlags, isIndexed: boolean): boolean {
  if (state.format[state.position] !== '.') return isIndexed;
  state.position++;
  if (isIndexed) state.isIndexGood = false;
  const isNextIndexed = state.index();
  if (state.format[state.position] !== '*') {
    flags.precision = state.number() ?? 0;
    return isNextIndexed;
  }
  const precision = state.star();
  flags.precision = precision !== undefined && precision >= 0 ? precision : undefined;
  if (flags.precision === undefined) state.output += '%!(BADPREC)';
  return false;
}

function readVerb(state: Formatter): void {
  state.isIndexGood = true;
  const flags = readFlags(state);
  const isIndexed = readPrecision(state, flags, readWidth(state, flags));
  if (!isIndexed) state.index();
  const code = state.format.codePointAt(state.position);
  if (code === undefined) {
    state.output += '%!(NOVERB)';
    return;
  }
  const verb = String.fromCodePoint(code);
  state.position += verb.length;
  const argument = state.arguments[state.next];
  if (verb === '%') state.output += '%';
  else if (!state.isIndexGood) state.output += `%!${verb}(BADINDEX)`;
  else if (argument === undefined) state.output += `%!${verb}(MISSING)`;
  else {
    if (verb === 'v') {
      flags.sharpV = flags.sharp;
      flags.sharp = false;
      flags.plus = false;
    }
    state.write(argument, verb, flags);
    state.next++;
  }
}

/** Formats as Go's `fmt.Sprintf` does, its error forms included. Source: the documentation of Go's package fmt. */
export function goFormat(format: string, given: readonly GoArgument[]): string | UnsupportedVerb {
  const state = new Formatter(format, given);
  while (state.position < format.length) {
    const percent = format.indexOf('%', state.position);
    const end = percent < 0 ? format.length : percent;
    state.output += format.slice(state.position, end);
    state.position = end + 1;
    if (percent >= 0) readVerb(state);
  }
  if (!state.isReordered && state.next < given.length) {
    const extra = given
      .slice(state.next)
      .map((argument) => `${argument.type}=${formatArgument(argument, 'v', noFlags())}`);
    state.output += `%!(EXTRA ${extra.join(', ')})`;
  }
  return state.unsupported ?? state.output;
}
