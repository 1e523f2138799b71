import type { Oracle, OracleProgramAnswers } from '@writ/testing';
import type { JsonObject } from '../../src/index.ts';
import { fromJson } from '../../src/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import { compileOnAll } from '../support/back-ends.ts';
import type { Outcome } from './outcome.ts';
import { ofBindings, ofDiagnostics, ofDocument, ofOracle, ofOracleErrors } from './outcome.ts';

/** A program in text: what both engines are given. */
export interface TextProgram {
  readonly modules: Readonly<Record<string, string>>;
  readonly regoVersion: 0 | 1;
  readonly data: string;
  readonly strict: boolean;
  readonly questions: readonly TextQuestion[];
}

export interface TextQuestion {
  readonly query: string;
  readonly input: string | undefined;
  /** The document asked for, where the query asks for no more. */
  readonly path?: readonly string[] | undefined;
}

/** What an engine made of a program: an outcome a question, or the errors that stop it from compiling. */
export interface Answers {
  readonly compiled: Outcome | undefined;
  readonly questions: readonly Outcome[];
}

/** The time of every evaluation: the 21st of November 2026. */
export const TIME_NS = 1_795_219_200_123_456_789n;

/** Each evaluation ends by itself; the limits only keep a fault of the engine from stopping the run. */
const LIMITS = { deadlineMs: 5_000, operationsMax: 2_000_000 };

/** Asks our engine, on every back end; a difference between them is thrown. */
export function askOurs(program: TextProgram): Answers {
  const sources = Object.entries(program.modules)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => ({ file, text, version: program.regoVersion }));
  const { policy, diagnostics } = compileOnAll(sources);
  if (policy === undefined) return { compiled: ofDiagnostics(diagnostics), questions: [] };
  const data = fromJson(program.data) as JsonObject;
  const questions = program.questions.map(({ query, input, path }): Outcome => {
    const given = input === undefined ? undefined : fromJson(input);
    const host = { crypto: nodeCrypto };
    const options = { data, strict: program.strict, timeNs: TIME_NS, host, ...LIMITS };
    if (path !== undefined) return ofDocument(policy.prepare(path.join('/')).evaluate(given, options));
    const prepared = policy.prepareQuery(query, { version: program.regoVersion });
    if (prepared.query === undefined) return ofDiagnostics(prepared.diagnostics);
    return ofBindings(prepared.query.evaluate(given, options));
  });
  return { compiled: undefined, questions };
}

/** Asks the real OPA about many programs. */
export async function askOpa(
  oracle: Oracle,
  programs: readonly TextProgram[],
): Promise<readonly (Answers | undefined)[]> {
  const answers = await oracle.programs(programs.map((program) => ({ ...program, timeNs: TIME_NS })));
  return answers.map((one, index) => toAnswers(one, programs[index]!));
}

/** Undefined where OPA broke down. */
function toAnswers(given: OracleProgramAnswers, program: TextProgram): Answers | undefined {
  if (given.errors !== undefined) {
    return given.panic ? undefined : { compiled: ofOracleErrors(given.errors), questions: [] };
  }
  if (given.answers.some((one) => one.errors !== undefined && one.panic)) return undefined;
  return {
    compiled: undefined,
    questions: given.answers.map((one, index) => ofOracle(one, program.questions[index]!.path !== undefined)),
  };
}
