import { matchesGlob } from 'node:path';
import type { CommandAnalysis, FoundProgram } from '../src/command/command-analysis.ts';
import { WITHOUT_FILES } from '../src/command/programs.ts';
import { HARMLESS, type Ran, type Trace } from './shell-stage.ts';

type Understood = Extract<CommandAnalysis, { ok: true }>;

/** What a real shell did and the analysis of the line did not tell; each is a fault of security. */
export function unseen(found: Understood, { ran, written }: Trace): string[] {
  return [
    ...ran.flatMap((each) => unseenOf(found, each)),
    ...written.filter((path) => !isWritten(found, path)).map((path) => `wrote ${path}`),
  ];
}

function unseenOf(found: Understood, ran: Ran): string[] {
  const named = found.programs.filter(({ name }) => name === ran.name);
  const line = `${ran.name} ${JSON.stringify(ran.args)} in ${ran.cwd}`;
  // A script that a shell is given is a file that it executes.
  if (found.paths.some(({ id, operation }) => operation === 'execute' && id === ran.name)) return [];
  if (named.length === 0) return [`ran ${line}`];
  if (!named.some((program) => covers(program, ran.args))) return [`ran with other words: ${line}`];
  const { stdin, stdout } = ran;
  return [
    ...(stdin !== undefined && !isNamed(found, stdin) ? [`read ${stdin}`] : []),
    ...(stdout !== undefined && !isWritten(found, stdout) ? [`wrote ${stdout}`] : []),
    ...operandsOf(ran)
      .filter((path) => !isNamed(found, path))
      .map((path) => `gave ${path} to ${line}`),
  ];
}

/** The words that are known stand in this order; those that are not may be any number. */
function covers({ words }: FoundProgram, args: readonly string[]): boolean {
  if (words.every((word) => word !== undefined)) return JSON.stringify(words) === JSON.stringify(args);
  let from = 0;
  return words.every((word) => {
    if (word === undefined) return true;
    const at = args.indexOf(word, from);
    from = at + 1;
    return at !== -1;
  });
}

/** Files that a program was certainly given: its plain operands, from the folder that it ran in. */
function operandsOf({ name, args, cwd }: Ran): string[] {
  const isPlain =
    (HARMLESS as readonly string[]).includes(name) && !WITHOUT_FILES.has(name) && name !== 'grep';
  if (!isPlain) return [];
  return args
    .filter(
      (arg) => arg !== '' && !arg.startsWith('-') && !arg.startsWith('/dev/fd/') && !arg.includes('://'),
    )
    .map((arg) => absolute(arg, cwd));
}

function absolute(path: string, cwd: string): string {
  const steps: string[] = [];
  for (const step of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.join('/')}`;
}

/** A folder that `find` starts from stands for all below it. */
function isNamed({ paths, programs }: Understood, path: string): boolean {
  const finds = programs.some(({ name }) => name === 'find');
  return paths.some((found) => meets(found, path) || (finds && path.startsWith(`${found.id}/`)));
}

function isWritten({ paths }: Understood, path: string): boolean {
  return paths.some((found) => found.operation === 'write' && meets(found, path));
}

/** A pattern that matches nothing stays as it is written. */
function meets({ id, pattern, unknown }: Understood['paths'][number], path: string): boolean {
  return (
    id === path || unknown === true || (pattern === true && (matchesGlob(path, id) || isBraced(id, path)))
  );
}

/** Braces of a word are expanded where there is no such file, too. */
function isBraced(id: string, path: string): boolean {
  const [before, after] = id.split(/\{\w+\.\.\w+(?:\.\.\w+)?\}/);
  return before !== undefined && after !== undefined && path.startsWith(before) && path.endsWith(after);
}
