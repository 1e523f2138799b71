import type { Oracle } from '@writ/testing';
import type { Comparison, Divergence } from './compare.ts';
import { compareProgram } from './compare.ts';
import { Coverage } from './coverage.ts';
import { askOpa, type TextProgram } from './engines.ts';
import { minimise, textProgram } from './minimise.ts';
import { shownOutcome } from './outcome.ts';
import type { GeneratedProgram } from './program.ts';
import { ProgramSource } from './program.ts';

/** Programs that go to OPA at once. */
const BATCH = 64;

export interface RunOptions {
  readonly seed: number;
  /** Answers to compare at least. */
  readonly cases: number;
  /** How many divergences are made smaller and shown; the others are counted. */
  readonly shown?: number;
  readonly progress?: (line: string) => void;
  /** Takes each divergence's ready case. */
  readonly found?: (text: string) => void;
}

export interface RunReport {
  readonly programs: number;
  readonly cases: number;
  readonly defined: number;
  readonly errors: number;
  readonly divergences: ReadonlyMap<string, number>;
  readonly leftOut: ReadonlyMap<string, number>;
  readonly coverage: Coverage;
}

/** Compares generated programs on our engine and on the real OPA until enough answers were compared. */
export async function runDifferential(oracle: Oracle, options: RunOptions): Promise<RunReport> {
  const source = new ProgramSource(options.seed);
  const coverage = new Coverage();
  const divergences = new Map<string, number>();
  const leftOut = new Map<string, number>();
  let programs = 0;
  let told = Date.now();
  const ask = (): { made: GeneratedProgram[]; texts: TextProgram[]; answers: ReturnType<typeof askOpa> } => {
    const made = Array.from({ length: BATCH }, () => source.next());
    const texts = made.map(textProgram);
    return { made, texts, answers: askOpa(oracle, texts) };
  };
  let next = ask();
  while (coverage.answers < options.cases) {
    const { made, texts, answers } = next;
    const theirs = await answers;
    // OPA works on the next programs meanwhile.
    next = ask();
    for (const [index, program] of made.entries()) {
      programs += 1;
      const comparison = compareProgram(texts[index]!, theirs[index]);
      if (theirs[index] !== undefined) coverage.add(program, theirs[index]);
      if (comparison.kind === 'left-out') increment(leftOut, comparison.why);
      if (comparison.kind !== 'different') continue;
      const before = increment(divergences, comparison.signature);
      if (before === 0 && divergences.size <= (options.shown ?? 20)) {
        options.found?.(await readyCase(oracle, program, comparison));
      }
    }
    if (Date.now() - told > 10_000) {
      told = Date.now();
      options.progress?.(
        `${coverage.answers} cases of ${programs} programs, ${total(divergences)} divergences`,
      );
    }
  }
  await next.answers;
  const { answers: cases, defined, errors } = coverage;
  return { programs, cases, defined, errors, divergences, leftOut, coverage };
}

function increment(counts: Map<string, number>, key: string): number {
  const before = counts.get(key) ?? 0;
  counts.set(key, before + 1);
  return before;
}

export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

async function readyCase(oracle: Oracle, program: GeneratedProgram, found: Divergence): Promise<string> {
  const compareAll = async (candidates: readonly GeneratedProgram[]): Promise<readonly Comparison[]> => {
    const texts = candidates.map(textProgram);
    const theirs = await askOpa(oracle, texts);
    return texts.map((text, index) => compareProgram(text, theirs[index]));
  };
  const small = await minimise(program, async (candidates) => {
    const comparisons = await compareAll(candidates);
    return comparisons.map((one) => one.kind === 'different' && one.signature === found.signature);
  });
  const [last] = await compareAll([small]);
  return shownCase(textProgram(small), last?.kind === 'different' ? last : found);
}

/** A divergence as text: what was asked, and both answers. */
export function shownCase(program: TextProgram, { question, ours, theirs, signature }: Divergence): string {
  const asked = program.questions[question ?? 0];
  return [
    `--- ${signature}`,
    ...Object.entries(program.modules).map(
      ([file, text]) => `# ${file}, version ${program.regoVersion}\n${text.trim()}`,
    ),
    `# data ${program.data}`,
    `# input ${asked?.input ?? '(undefined)'}${program.strict ? ', strict' : ''}`,
    `# query ${asked?.query}`,
    `  ours:   ${ours.kind === 'thrown' ? `thrown: ${ours.message}` : shownOutcome(ours)}`,
    `  theirs: ${shownOutcome(theirs)}`,
  ].join('\n');
}
