import { type CommandWord, NotUnderstood } from './command-analysis.ts';
import { isPlainVariable } from './programs.ts';

/** A program that runs the program named among its words. Options that are not listed are refused. */
interface Wrapper {
  /** Letters of options without a value. */
  readonly flags?: string;
  /** Letters of options that take a value, attached or as the next word. */
  readonly valued?: string;
  /** Long options; with `=` at the end they take a value. */
  readonly long?: readonly string[];
  /** Operands before the program. */
  readonly operands?: number;
  /** Takes `NAME=value` before the program. */
  readonly assigns?: true;
  /** Numbers as options (`nice -5`). */
  readonly numbers?: true;
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  builtin: {},
  busybox: {},
  command: { flags: 'p' },
  doas: { flags: 'n', valued: 'u' },
  env: { flags: 'i0v', valued: 'u', long: ['ignore-environment', 'unset='], assigns: true },
  exec: { flags: 'cl' },
  ionice: { flags: 't', valued: 'cn', long: ['class=', 'classdata=', 'ignore'] },
  nice: { valued: 'n', long: ['adjustment='], numbers: true },
  nohup: {},
  setsid: { flags: 'cfw', long: ['ctty', 'fork', 'wait'] },
  stdbuf: { valued: 'ioe', long: ['input=', 'output=', 'error='] },
  sudo: {
    flags: 'AbEHknPS',
    valued: 'ugpCTrt',
    long: ['user=', 'group=', 'non-interactive', 'preserve-env', 'set-home', 'background', 'stdin'],
    assigns: true,
  },
  time: { flags: 'pv' },
  timeout: {
    flags: 'v',
    valued: 'ks',
    long: ['foreground', 'kill-after=', 'preserve-status', 'signal=', 'verbose'],
    operands: 1,
  },
  toybox: {},
  xargs: {
    flags: '0rtx',
    // Not `-I`: what stands in its place could be a program, or part of a line for a shell.
    valued: 'nPLdsE',
    long: ['null', 'no-run-if-empty', 'max-args=', 'max-procs=', 'delimiter=', 'verbose'],
  },
};

/** What a wrapper runs: its words from the program on, and the variables that it sets. */
export interface Unwrapped {
  readonly inner: readonly CommandWord[];
  readonly variables: readonly string[];
}

/** Is this a program that runs another one. */
export function isWrapper(name: string): boolean {
  return Object.hasOwn(WRAPPERS, name);
}

/** Finds what a wrapper runs among the words after it. Throws where an option is not known. */
export function unwrap(name: string, words: readonly CommandWord[]): Unwrapped {
  const wrapper = WRAPPERS[name] as Wrapper;
  const variables: string[] = [];
  let index = 0;
  let operands = wrapper.operands ?? 0;
  for (; index < words.length; index += 1) {
    const word = words[index] as CommandWord;
    if (word.unknown !== undefined || word.pattern === true) throw unknownWord(name, word);
    const { text } = word;
    if (text === '--') {
      index += 1;
      break;
    }
    if (text.startsWith('-') && text !== '-') {
      if (takesNext(name, wrapper, text)) index += 1;
      continue;
    }
    const assigned = wrapper.assigns === true ? /^([^=]+)=/.exec(text)?.[1] : undefined;
    if (assigned !== undefined) variables.push(checkVariable(assigned));
    else if (operands > 0) operands -= 1;
    else break;
  }
  const skipped = words[index - 1];
  if (skipped?.unknown !== undefined) throw unknownWord(name, skipped);
  return { inner: words.slice(index), variables };
}

/** A variable that a line may set. */
export function checkVariable(name: string): string {
  if (isPlainVariable(name)) return name;
  throw new NotUnderstood(`variable \`${name}\` steers what programs do`);
}

function unknownWord(name: string, { unknown, text }: CommandWord): NotUnderstood {
  return new NotUnderstood(`\`${unknown ?? text}\` may be an option of \`${name}\``);
}

/** Does the option's value stand in the next word. */
function takesNext(
  name: string,
  { flags = '', valued = '', long = [], numbers }: Wrapper,
  text: string,
): boolean {
  const strange = new NotUnderstood(`option \`${text}\` of \`${name}\` is not known here`);
  if (text.startsWith('--')) {
    const [option = '', value] = text.slice(2).split(/=(.*)/s, 2);
    if (long.includes(`${option}=`)) return value === undefined;
    if (long.includes(option) && value === undefined) return false;
    throw strange;
  }
  if (numbers === true && /^-\d+$/.test(text)) return false;
  const letters = text.slice(1);
  for (const [index, letter] of [...letters].entries()) {
    if (valued.includes(letter)) return index === letters.length - 1;
    if (!flags.includes(letter)) throw strange;
  }
  return false;
}
