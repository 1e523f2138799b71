import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildGo, runGo, type Skip } from './go-build.ts';

/** An error of OPA: its code (`rego_parse_error`, `eval_conflict_error`, …), message and place where it has one. */
export interface OracleError {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly row?: number;
  readonly col?: number;
  /** Lines that OPA prints below the message. */
  readonly details?: readonly string[];
}

export interface OracleFailure {
  /** The first of `errors`. */
  readonly error: OracleError;
  readonly errors: readonly OracleError[];
}

/** What is to be evaluated. Either everything, or a `handle` from `prepare` in place of modules, query and data. */
export interface OracleQuestion {
  readonly modules?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Base documents; must be an object. */
  readonly data?: unknown;
  /** Version of the language, 1 where nothing is said. */
  readonly regoVersion?: 0 | 1;
  /** Builtin errors end the evaluation. */
  readonly strict?: boolean;
  readonly handle?: string;
  /** Absent: `input` is undefined. */
  readonly input?: unknown;
  /** The input as JSON text, for numbers that a JavaScript number does not hold; goes before `input`. */
  readonly inputText?: string;
}

/** Sets come as sorted arrays, as OPA writes them. `line` is the whole answer as JSON text, its numbers unchanged. */
export type OracleValue =
  | { readonly defined: true; readonly value: unknown; readonly line: string }
  | { readonly defined: false; readonly line: string };

export interface OracleMeasurement extends OracleQuestion {
  readonly inputs: readonly unknown[];
  readonly text: boolean;
  readonly millis: number;
}

/** What preparing a query took. `residentBytes` is the process's peak, 0 where the system does not tell. */
export interface OracleWeight {
  readonly millis: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

export interface OracleResult {
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly expressions: readonly unknown[];
}

/** What `opa fmt` is asked; the names are its flags'. */
export interface OracleFormatQuestion {
  readonly modules: Readonly<Record<string, string>>;
  readonly regoVersion?: 0 | 1 | 2;
  readonly format?: {
    readonly regoV1?: boolean;
    readonly dropV0Imports?: boolean;
    /** The newest version at which the result must parse, where that is not the source's own. */
    readonly target?: 1 | 2;
  };
}

export type OracleFormatted =
  | { readonly text: string }
  | { readonly errors: readonly OracleError[]; readonly message: string };

/** A policy with its data, compiled once, and what is asked about it. */
export interface OracleProgram {
  readonly modules: Readonly<Record<string, string>>;
  readonly regoVersion: 0 | 1;
  /** JSON text of the base documents, an object. */
  readonly data: string;
  readonly strict: boolean;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** The input as JSON text; absent: undefined. */
  readonly questions: readonly { readonly query: string; readonly input: string | undefined }[];
}

/**
 * One result of a question, each value as JSON text that keeps what JSON has no word for: `{"$set": […]}`, and
 * `{"$object": [[key, value], …]}` for an object with keys that are no strings.
 */
export interface OracleProgramResult {
  readonly bindings: Readonly<Record<string, string>>;
  readonly expressions: readonly string[];
}

/** What a question gave. `panic`: OPA broke down over it. */
export type OracleProgramAnswer =
  | { readonly results: readonly OracleProgramResult[]; readonly errors?: undefined }
  | { readonly results?: undefined; readonly errors: readonly OracleError[]; readonly panic?: true };

/** An answer for each question, or why the program does not compile. */
export type OracleProgramAnswers =
  | { readonly answers: readonly OracleProgramAnswer[]; readonly errors?: undefined }
  | { readonly answers?: undefined; readonly errors: readonly OracleError[]; readonly panic?: true };

/** A case of OPA's evaluation corpus (`v1/test/cases`); the names are OPA's. */
export interface OracleCase {
  readonly note: string;
  readonly query: string;
  readonly modules?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
  readonly input_term?: string;
  readonly want_result?: readonly Readonly<Record<string, unknown>>[];
  readonly want_error_code?: string;
  readonly want_error?: string;
  readonly sort_bindings?: boolean;
  readonly ignore_generated_vars?: boolean;
  readonly strict_error?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface LocatedCase {
  /** Folder and file inside the corpus. */
  readonly file: string;
  readonly case: OracleCase;
}

/** Modules to compile, and how. */
export interface OracleCheck extends Pick<OracleQuestion, 'modules' | 'regoVersion' | 'strict'> {
  /** JSON Schemas by reference: `schema`, `schema.input`. */
  readonly schemas?: Readonly<Record<string, unknown>>;
  readonly capabilities?: unknown;
  /** Keeps calls of `print`, whose operands can be unsafe then. */
  readonly printStatements?: boolean;
}

/** A case of OPA's compile corpus; the names are OPA's. */
export interface OracleCompileCase {
  readonly note: string;
  readonly modules: readonly string[];
  readonly rego_version?: string;
  readonly strict?: boolean;
  readonly experimental_keywords?: boolean;
  readonly print_statements?: boolean;
  readonly want_errors: readonly {
    readonly module?: string;
    readonly code: string;
    readonly row: number;
    readonly col?: number;
    readonly message: string;
  }[];
  /** No other error may be reported. */
  readonly exhaustive?: boolean;
}

/** The real OPA as a child process. Stop it when done. */
export interface Oracle {
  readonly version: string;
  /** The value of a query's first expression, as `POST /v1/data` would give it. */
  evaluate(question: OracleQuestion): Promise<OracleValue | OracleFailure>;
  /** All results of a query with their bindings. */
  query(question: OracleQuestion): Promise<{ readonly results: readonly OracleResult[] } | OracleFailure>;
  /** Compiles once, for thousands of inputs. */
  prepare(question: OracleQuestion): Promise<{ readonly handle: string } | OracleFailure>;
  /** Parses each module by itself; a file without `errors` was accepted. With `ast`, gives OPA's tree, or why OPA cannot print it. */
  parse(question: {
    readonly modules: Readonly<Record<string, string>>;
    readonly regoVersion?: 0 | 1 | 2;
    /** Places and texts of all nodes. */
    readonly locations?: boolean;
    readonly ast?: boolean;
  }): Promise<
    Readonly<
      Record<
        string,
        { readonly errors?: readonly OracleError[]; readonly ast?: unknown; readonly unprintable?: string }
      >
    >
  >;
  /** Compiles the modules together, as `opa check` does; gives all errors. */
  check(question: OracleCheck): Promise<{ readonly ok: true } | OracleFailure>;
  /** OPA's compile corpus (`v1/test/compilecases`) of one version of the language. */
  compileCases(corpus: 'v0' | 'v1'): Promise<readonly OracleCompileCase[]>;
  /** Each module as `opa fmt` writes it, or why it does not. */
  format(question: OracleFormatQuestion): Promise<Readonly<Record<string, OracleFormatted>>>;
  /** Answers about many programs at once, in their order. */
  programs(programs: readonly OracleProgram[]): Promise<readonly OracleProgramAnswers[]>;
  /** What a query depends on, as `opa deps` says it: references as text. */
  dependencies(
    question: OracleQuestion,
  ): Promise<{ readonly base: readonly string[]; readonly virtual: readonly string[] } | OracleFailure>;
  /** OPA's evaluation corpus of one version of the language. */
  cases(corpus: 'v0' | 'v1'): Promise<readonly LocatedCase[]>;
  /**
   * Times a query over the inputs, round after round for `millis`: nanoseconds of an answer, one figure a round. With
   * `text` reading the JSON text belongs to the answer; without it the inputs are OPA's own values.
   */
  measure(question: OracleMeasurement): Promise<readonly number[]>;
  /** Prepares a query, as the first thing that the process does, and says what it took. */
  weigh(question: OracleQuestion): Promise<OracleWeight>;
  /** Paths of the Rego files under a folder of OPA's module. */
  sources(folder: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export function isOracleFailure(answer: object): answer is OracleFailure {
  return 'error' in answer;
}

type Answer = Readonly<Record<string, unknown>>;
interface Waiting {
  readonly settle: (line: string) => void;
  readonly fail: (error: Error) => void;
}

class ChildOracle implements Oracle {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  readonly #closed: Promise<void>;
  version = '';

  constructor(path: string) {
    this.#child = spawn(path, [], { stdio: 'pipe' });
    let stderr = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A write after the child's end shows in `close`, which fails all that wait.
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.#waiting.shift()?.settle(line);
    });
    this.#closed = new Promise((settle) => {
      this.#child.on('close', (code) => {
        for (const { fail } of this.#waiting.splice(0))
          fail(new Error(`the oracle ended (${code}): ${stderr}`));
        settle();
      });
    });
  }

  /** Answers come in the order of the questions. */
  async #ask(op: string, question: object): Promise<{ readonly answer: Answer; readonly line: string }> {
    const { inputText, ...rest } = question as OracleQuestion;
    const text = JSON.stringify({ op, ...rest });
    const request = inputText === undefined ? text : `${text.slice(0, -1)},"input":${inputText}}`;
    const line = await this.#send(request);
    const answer = JSON.parse(line) as Answer;
    const error = answer['error'] as OracleError | undefined;
    if (error?.code.startsWith('oracle_')) throw new Error(`${error.code}: ${error.message}`);
    return { answer, line };
  }

  #send(request: string): Promise<string> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ settle, fail });
      this.#child.stdin.write(`${request}\n`);
    });
  }

  async start(): Promise<this> {
    const { answer } = await this.#ask('version', {});
    this.version = String(answer['version']);
    return this;
  }

  async evaluate(question: OracleQuestion): Promise<OracleValue | OracleFailure> {
    const { answer, line } = await this.#ask('eval', question);
    return isOracleFailure(answer) ? answer : ({ ...answer, line } as unknown as OracleValue);
  }

  async query(
    question: OracleQuestion,
  ): Promise<{ readonly results: readonly OracleResult[] } | OracleFailure> {
    const { answer } = await this.#ask('query', question);
    return answer as unknown as { readonly results: readonly OracleResult[] } | OracleFailure;
  }

  async prepare(question: OracleQuestion): Promise<{ readonly handle: string } | OracleFailure> {
    const { answer } = await this.#ask('prepare', question);
    return answer as unknown as { readonly handle: string } | OracleFailure;
  }

  async parse(question: Parameters<Oracle['parse']>[0]): ReturnType<Oracle['parse']> {
    const { answer } = await this.#ask('parse', question);
    return answer['files'] as Awaited<ReturnType<Oracle['parse']>>;
  }

  async check(question: Parameters<Oracle['check']>[0]): ReturnType<Oracle['check']> {
    const { answer } = await this.#ask('check', question);
    return answer as unknown as Awaited<ReturnType<Oracle['check']>>;
  }

  async format(question: OracleFormatQuestion): ReturnType<Oracle['format']> {
    const { answer } = await this.#ask('format', question);
    if (isOracleFailure(answer)) throw new Error(answer.error.message);
    return answer['files'] as Awaited<ReturnType<Oracle['format']>>;
  }

  async programs(programs: readonly OracleProgram[]): Promise<readonly OracleProgramAnswers[]> {
    const line = await this.#send(`{"op":"programs","programs":[${programs.map(programText).join(',')}]}`);
    const answer = JSON.parse(line) as { readonly programs: readonly OracleProgramAnswers[] };
    return answer.programs;
  }

  async dependencies(question: OracleQuestion): ReturnType<Oracle['dependencies']> {
    const { answer } = await this.#ask('dependencies', question);
    return answer as unknown as Awaited<ReturnType<Oracle['dependencies']>>;
  }

  async cases(corpus: 'v0' | 'v1'): Promise<readonly LocatedCase[]> {
    const directory = join(await opaSources(), 'v1/test/cases/testdata', corpus);
    const { answer } = await this.#ask('cases', { directory });
    if (isOracleFailure(answer)) throw new Error(answer.error.message);
    return answer['cases'] as readonly LocatedCase[];
  }

  async compileCases(corpus: 'v0' | 'v1'): Promise<readonly OracleCompileCase[]> {
    const directory = join(await opaSources(), 'v1/test/compilecases/testdata', corpus);
    const { answer } = await this.#ask('diagnostics', { directory });
    if (isOracleFailure(answer)) throw new Error(answer.error.message);
    return answer['cases'] as readonly OracleCompileCase[];
  }

  async measure(question: OracleMeasurement): Promise<readonly number[]> {
    const { answer } = await this.#ask('measure', question);
    if (isOracleFailure(answer)) throw new Error(answer.error.message);
    return answer['nanos'] as readonly number[];
  }

  async weigh(question: OracleQuestion): Promise<OracleWeight> {
    const { answer } = await this.#ask('weigh', question);
    if (isOracleFailure(answer)) throw new Error(answer.error.message);
    return answer as unknown as OracleWeight;
  }

  async sources(folder: string): Promise<readonly string[]> {
    const path = join(await opaSources(), folder);
    const names = await readdir(path, { recursive: true });
    return names.filter((name) => name.endsWith('.rego')).map((name) => join(path, name));
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}

/** Written by hand, because a JavaScript number does not hold every number of the documents. */
function programText(program: OracleProgram): string {
  const questions = program.questions.map(({ query, input }) => {
    const given = input === undefined ? '' : `,"input":${input}`;
    return `{"query":${JSON.stringify(query)}${given}}`;
  });
  const { modules, regoVersion, strict } = program;
  const rest = JSON.stringify({ modules, regoVersion, strict });
  return `${rest.slice(0, -1)},"timeNs":${program.timeNs},"data":${program.data},"questions":[${questions.join(',')}]}`;
}

/** The folder that holds OPA's own sources, as the pinned Go module brings them. */
export async function opaSources(): Promise<string> {
  const listed = await runGo(['list', '-m', '-f', '{{.Dir}}', 'github.com/open-policy-agent/opa']);
  if (listed?.code !== 0) throw new Error(`go list failed: ${listed?.stderr}`);
  return listed.stdout.trim();
}

/** Builds OPA's oracle where needed and starts it; a {@link Skip} where Go is missing. */
export async function startOracle(): Promise<Oracle | Skip> {
  const path = await buildGo('oracle', '.');
  if (typeof path !== 'string') return path;
  return new ChildOracle(path).start();
}

/** The path of a real `opa` of the pinned version, built once; a {@link Skip} where Go is missing. */
export async function findOpa(): Promise<string | Skip> {
  return buildGo('opa', 'github.com/open-policy-agent/opa');
}
