import type { JsonObject, Policy } from '../../src/index.ts';
import { compilePolicy, formatModule, fromJson, parseQuery, renderDiagnostic } from '../../src/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import { textProgram } from '../differential/minimise.ts';
import { ProgramSource } from '../differential/program.ts';
import { Random } from '../differential/random.ts';
import { BAD_MODULES } from '../support/bad-modules.ts';
import { mutated } from './mutate.ts';

/** What went wrong with one source. */
export interface FuzzFault {
  readonly text: string;
  readonly message: string;
}

export interface FuzzReport {
  readonly sources: number;
  readonly parsed: number;
  readonly evaluated: number;
  readonly slowestMs: number;
  readonly faults: readonly FuzzFault[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly sources: number;
  /** A source that takes longer is a fault. */
  readonly timeMsMax: number;
  readonly progress?: (line: string) => void;
}

const LIMITS = { operationsMax: 50_000, deadlineMs: 1_000 };

/** Gives mutated sources to the lexer, the parser, the analysis, the formatter and the evaluator. */
export function fuzz(options: FuzzOptions): FuzzReport {
  const random = new Random(options.seed);
  const programs = new ProgramSource(options.seed);
  const faults: FuzzFault[] = [];
  const counts = { parsed: 0, evaluated: 0 };
  let slowestMs = 0;
  let told = Date.now();
  let before = 'package t\n\np := 1\n';
  for (let source = 0; source < options.sources; source++) {
    const program = textProgram(programs.next());
    const [text] = Object.values(program.modules).slice(-1);
    const base = random.chance(0.1) ? random.pick(BAD_MODULES).text : text!;
    const wrong = mutated(random, base, before);
    before = base;
    const started = performance.now();
    const message = faultOf(wrong, random, program.questions[0]?.input ?? '{}', counts);
    const took = performance.now() - started;
    slowestMs = Math.max(slowestMs, took);
    if (message !== undefined) faults.push({ text: wrong, message });
    else if (took > options.timeMsMax) faults.push({ text: wrong, message: `took ${took.toFixed(0)} ms` });
    if (Date.now() - told > 10_000) {
      told = Date.now();
      options.progress?.(`${source} sources, ${counts.parsed} parsed, ${faults.length} faults`);
    }
  }
  return { sources: options.sources, ...counts, slowestMs, faults };
}

function faultOf(
  text: string,
  random: Random,
  inputText: string,
  counts: { parsed: number; evaluated: number },
): string | undefined {
  const version = random.chance(0.7) ? 1 : 0;
  try {
    parseQuery(text, { file: 'query', version });
    formatModule(text, { file: 'f.rego', version });
    const { policy, diagnostics } = compilePolicy([{ file: 'f.rego', text, version }]);
    if (policy === undefined && diagnostics.length === 0) return 'refused without a word';
    for (const diagnostic of diagnostics) renderDiagnostic(diagnostic, text);
    if (policy === undefined) return undefined;
    counts.parsed += 1;
    return evaluationFault(policy, inputText, counts);
  } catch (caught) {
    return caught instanceof Error ? `${caught.message}\n${caught.stack}` : String(caught);
  }
}

function evaluationFault(
  policy: Policy,
  inputText: string,
  counts: { evaluated: number },
): string | undefined {
  const input = fromJson(inputText)!;
  const data = { d: input } as JsonObject;
  for (const path of policy.packages) {
    const result = policy.prepare(path).evaluate(input, { data, host: { crypto: nodeCrypto }, ...LIMITS });
    counts.evaluated += 1;
    const isFault = result.kind === 'error' && /^evaluation failed/.test(result.message);
    if (isFault) return result.message;
  }
  return undefined;
}
