import { parse } from 'unbash';
import {
  type CommandAnalysis,
  type CommandSetting,
  type CommandWord,
  NotUnderstood,
} from './command-analysis.ts';
import type { CommandFindings } from './command-findings.ts';
import { READERS } from './programs.ts';
import { runProgram } from './run-program.ts';
import { walkScript } from './walk-script.ts';

/** Longest line that is looked into, in characters. */
export const COMMAND_LENGTH_MAX = 32_768;
/** Deepest nesting of `sh -c`. */
export const SHELL_DEPTH_MAX = 8;
/** Control characters, and blanks that only look like one: shells differ in what they make of them. */
const STRANGE_CHARACTER = /[^\P{Cc}\t\n]|[^\P{Z} ]/u;

/** Looks into a line for a shell (POSIX `sh` or bash) without running any of it. */
export function analyseLine(line: string, setting: CommandSetting): CommandAnalysis {
  return analyse(setting, (findings) => findings.walkLine(line));
}

/** Looks into a program with its arguments, as they are run without a shell. */
export function analyseArguments(words: readonly string[], setting: CommandSetting): CommandAnalysis {
  return analyse(setting, (findings) =>
    runProgram(
      words.map((text): CommandWord => ({ text })),
      findings,
    ),
  );
}

function analyse(setting: CommandSetting, walk: (findings: CommandFindings) => void): CommandAnalysis {
  const findings: CommandFindings = {
    setting,
    folders: [setting.cwd ?? ''],
    programs: [],
    paths: new Map(),
    urls: new Set(),
    variables: new Set(),
    repeated: 0,
    depth: 0,
    walkLine: (line) => walkLine(line, findings),
  };
  try {
    walk(findings);
  } catch (fault) {
    if (fault instanceof NotUnderstood) return { ok: false, message: fault.message };
    throw fault;
  }
  const { programs, paths, urls, variables } = findings;
  const operation = operationOf(findings);
  return {
    ok: true,
    programs,
    paths: [...paths.values()],
    urls: [...urls],
    variables: [...variables],
    ...(operation === undefined ? {} : { operation }),
  };
}

function walkLine(line: string, findings: CommandFindings): void {
  if (line.length > COMMAND_LENGTH_MAX)
    throw new NotUnderstood(`it is longer than ${COMMAND_LENGTH_MAX} characters`);
  const strange = STRANGE_CHARACTER.exec(line)?.[0];
  if (strange !== undefined) {
    const code = (strange.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
    throw new NotUnderstood(`it holds the character U+${code}`);
  }
  // The parser ends a word here, a shell does not.
  if (line.includes(')\\\n')) throw new NotUnderstood('a word goes on in the next line after `)`');
  if (findings.depth >= SHELL_DEPTH_MAX) throw new NotUnderstood('shells are nested too deeply');
  findings.depth += 1;
  walkScript(parse(line), findings);
  findings.depth -= 1;
}

function operationOf({ programs, paths }: CommandFindings): 'read' | 'write' | undefined {
  const operations = [...paths.values()].map(({ operation }) => operation);
  if (operations.includes('write')) return 'write';
  const reads = programs.length > 0 && programs.every(({ name }) => READERS.has(name));
  return reads ? 'read' : undefined;
}
