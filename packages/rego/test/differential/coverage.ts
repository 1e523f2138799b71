import type { Answers } from './engines.ts';
import { walkPieces } from './piece.ts';
import type { GeneratedProgram } from './program.ts';

/** How often each construct stood in a program that was compared, and in one whose rule or query gave something. */
export class Coverage {
  readonly #labels = new Map<string, { programs: number; defined: number }>();
  answers = 0;
  defined = 0;
  errors = 0;

  add(program: GeneratedProgram, answers: Answers): void {
    if (answers.compiled !== undefined) {
      this.answers += 1;
      this.errors += 1;
      this.#count(labelsOf(program), new Set());
      return;
    }
    const defined = new Set<string>();
    for (const [index, outcome] of answers.questions.entries()) {
      const { path, query } = program.questions[index]!;
      const isDefined = outcome.kind === 'values' && !outcome.texts.every(isEmpty);
      this.answers += 1;
      if (outcome.kind === 'errors') this.errors += 1;
      if (!isDefined) continue;
      this.defined += 1;
      if (path === undefined) walkPieces(query, ({ label }) => defined.add(label));
      else for (const label of labelsOf(program, path.at(-1))) defined.add(label);
    }
    this.#count(labelsOf(program), defined);
  }

  #count(all: ReadonlySet<string>, defined: ReadonlySet<string>): void {
    for (const label of all) {
      if (label === '') continue;
      const counts = this.#labels.get(label) ?? { programs: 0, defined: 0 };
      counts.programs += 1;
      if (defined.has(label)) counts.defined += 1;
      this.#labels.set(label, counts);
    }
  }

  /** Constructs by name with their counts. */
  table(): readonly (readonly [label: string, programs: number, defined: number])[] {
    return [...this.#labels]
      .map(([label, { programs, defined }]) => [label, programs, defined] as const)
      .sort();
  }

  /** Of `expected`, what stood in no program whose rule gave something. */
  missing(expected: readonly string[]): readonly string[] {
    return expected.filter((label) => (this.#labels.get(label)?.defined ?? 0) === 0);
  }
}

function isEmpty(text: string): boolean {
  return text === '{"$set":[]}' || text === '{}' || text === '[]';
}

/** The constructs of a program, or of its rules of one name. */
function labelsOf(program: GeneratedProgram, rule?: string): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const { rules } of program.modules) {
    walkPieces(rules, (outer) => {
      if (outer.role !== 'rule') {
        if (rule === undefined) labels.add(outer.label);
        return;
      }
      if (rule === undefined || outer.name === rule) walkPieces(outer, ({ label }) => labels.add(label));
    });
  }
  if (rule === undefined)
    for (const { query } of program.questions) walkPieces(query, ({ label }) => labels.add(label));
  return labels;
}
