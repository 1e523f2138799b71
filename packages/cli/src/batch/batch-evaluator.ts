import {
  compileModules,
  type Diagnostic,
  type EvaluationHost,
  evaluateAsync,
  isKnownBuiltin,
  type Module,
  type ModuleSource,
  type NetworkHost,
  type Policy,
  type PreparedResults,
  parseModule,
  type ResultRow,
  toJson,
} from '@writ/rego';
import { BoundedCache } from './bounded-cache.ts';
import { type Question, readQuestion } from './read-question.ts';

/** An error as a batch answers it: OPA's code and message, and its place where it has one. */
interface BatchError {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
  readonly row?: number;
  readonly col?: number;
}

export interface BatchOptions {
  /** The clock of every evaluation; each has its own time where nothing is said. */
  readonly timeNs?: bigint;
  readonly host?: EvaluationHost;
  /** Without it `http.send` fails. */
  readonly network?: NetworkHost;
  readonly deadlineMs?: number;
}

type Compiled<T> = { readonly value: T } | { readonly diagnostic: Diagnostic };

/** What is kept between lines; memory stays flat however many there are. */
const MODULES_MAX = 4096;
const POLICIES_MAX = 256;
const QUERIES_MAX = 1024;
/** Characters of source that cached modules and policies may hold each. */
const SOURCE_LENGTH_MAX = 64 * 1024 * 1024;

/** Answers the lines of a batch. Modules, policies and queries are known by their content. */
export class BatchEvaluator {
  readonly #options: BatchOptions;
  readonly #modules = new BoundedCache<Compiled<Module>>(MODULES_MAX, SOURCE_LENGTH_MAX);
  readonly #policies = new BoundedCache<Compiled<Policy>>(POLICIES_MAX, SOURCE_LENGTH_MAX);
  readonly #queries = new BoundedCache<Compiled<PreparedResults>>(QUERIES_MAX, SOURCE_LENGTH_MAX);

  constructor(options: BatchOptions = {}) {
    this.#options = options;
  }

  /** The answer to one line, as one line without its end. Whatever goes wrong is an answer too. */
  async answer(line: string): Promise<string> {
    const question = readQuestion(line);
    const start = `{"id":${toJson(question.id)},`;
    if ('problem' in question)
      return `${start}${errorMember({ code: 'invalid_question', message: question.problem })}`;
    const prepared = this.#prepare(question);
    if ('diagnostic' in prepared) return `${start}${errorMember(errorOf(prepared.diagnostic, question))}`;
    const { timeNs, host, deadlineMs, network } = this.#options;
    const { result: found } = await evaluateAsync(prepared.value, question.input, {
      ...(network !== undefined && { network }),
      data: question.data,
      strict: question.strict,
      recordRules: false,
      ...(timeNs !== undefined && { timeNs }),
      ...(host !== undefined && { host }),
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
    if (found.kind === 'error') {
      const { code, message, location } = found;
      return `${start}${errorMember({ code, message, ...placeOf(location, question) })}`;
    }
    if (found.results.length === 0) return `${start}"undefined":true}`;
    return `${start}"results":[${found.results.map(rowText).join(',')}]}`;
  }

  #prepare({ modules, query, version }: Question): Compiled<PreparedResults> {
    const policyKey = JSON.stringify([version, modules.map(({ file, text }) => [file, text])]);
    const key = `${policyKey}${query}`;
    const known = this.#queries.get(key);
    if (known !== undefined) return known;
    const policy = this.#policy(policyKey, modules);
    const made = 'diagnostic' in policy ? policy : prepared(policy.value, query, version);
    this.#queries.set(key, made, key.length);
    return made;
  }

  #policy(key: string, sources: readonly ModuleSource[]): Compiled<Policy> {
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    const made = this.#compile([...sources].sort((a, b) => (a.file < b.file ? -1 : 1)));
    this.#policies.set(key, made, key.length);
    return made;
  }

  /** Modules are read in the order of their names, and the first that does not parse is the answer. */
  #compile(sources: readonly ModuleSource[]): Compiled<Policy> {
    const modules: Module[] = [];
    for (const source of sources) {
      const parsed = this.#module(source);
      if ('diagnostic' in parsed) return parsed;
      modules.push(parsed.value);
    }
    const { policy, diagnostics } = compileModules(modules);
    return policy === undefined ? { diagnostic: firstError(diagnostics) } : { value: policy };
  }

  #module({ file, text, version }: ModuleSource): Compiled<Module> {
    const key = JSON.stringify([version, file, text]);
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const parsed = parseModule(text, {
      file,
      isBuiltin: isKnownBuiltin,
      ...(version !== undefined && { version }),
    });
    const made =
      parsed.module === undefined ? { diagnostic: firstError(parsed.diagnostics) } : { value: parsed.module };
    this.#modules.set(key, made, key.length);
    return made;
  }
}

function prepared(policy: Policy, query: string, version: 0 | 1): Compiled<PreparedResults> {
  const { query: made, diagnostics } = policy.prepareResults(query, { version });
  if (made !== undefined) return { value: made };
  return { diagnostic: firstError(diagnostics) };
}

function firstError(diagnostics: readonly Diagnostic[]): Diagnostic {
  return diagnostics.find(({ severity }) => severity === 'error') ?? diagnostics[0]!;
}

function errorOf({ code, message, location }: Diagnostic, question: Question): BatchError {
  return { code, message, ...placeOf(location, question) };
}

/** As in OPA a query has no file. */
function placeOf(
  location: Diagnostic['location'] | undefined,
  { modules }: Question,
): Pick<BatchError, 'file' | 'row' | 'col'> {
  if (location === undefined) return {};
  const isQuery = location.file === 'query' && !modules.some(({ file }) => file === 'query');
  return { file: isQuery ? '' : location.file, row: location.row, col: location.column };
}

function errorMember(error: BatchError): string {
  return `"error":${JSON.stringify(error)}}`;
}

function rowText({ bindings, expressions }: ResultRow): string {
  const values = expressions.map(({ value }) => toJson(value)).join(',');
  return `{"bindings":${toJson({ ...bindings })},"expressions":[${values}]}`;
}
