import {
  type AsyncEvaluationOptions,
  type CompileOptions,
  CoverageObserver,
  compilePolicy,
  coverageReport,
  type Diagnostic,
  type EvaluationError,
  type ExplainMode,
  evaluateAsync,
  filterTrace,
  fromJson,
  type JsonObject,
  type Observer,
  observeWith,
  type Policy,
  ProfileObserver,
  type ProfileOrder,
  type ResultSet,
  renderDiagnostic,
  TraceObserver,
  type Value,
} from '@writ/rego';
import { nodeCrypto, nodeNetwork } from '@writ/rego/node';
import { Command } from 'commander';
import { BatchEvaluator } from '../batch/batch-evaluator.ts';
import { runBatch } from '../batch/run-batch.ts';
import { readCapabilitiesFile, readSchemas } from '../check/read-options.ts';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { checkOptions, type EvalOptions } from '../eval/eval-options.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { readDurationMs, readTimeNs } from '../load/durations.ts';
import { type Loaded, loadBundles, loadPaths, mergeLoaded } from '../load/load-paths.ts';
import { Stopwatch } from '../load/stopwatch.ts';
import { presentResidue } from '../present/present-partial.ts';
import {
  PRESENTERS,
  RESULT_FORMATS,
  type ResultFormat,
  type Shown,
  type ShownError,
} from '../present/present-results.ts';

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `writ eval QUERY`: a Rego query outside the decision pipeline, as `opa eval` does. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .description('Evaluate a Rego query; asks nobody and records nothing')
    .argument('[query]', 'such as data.main.decision')
    .option('-d, --data <path>', 'Rego, JSON or YAML file, or folder of them; may be repeated', collect, [])
    .option('-b, --bundle <path>', 'bundle folder or archive; may be repeated', collect, [])
    .option('-i, --input <file>', 'input as JSON; - is standard input')
    .option('-I, --stdin-input', 'read the input from standard input')
    .option('--stdin', 'read the query from standard input')
    .option('--package <name>', 'resolve names as within this package')
    .option('--import <path>', 'import for the query; may be repeated', collect, [])
    .option('--ignore <pattern>', 'files and folders to leave out; may be repeated', collect, [])
    .option('--v0-compatible', 'read modules and query as Rego v0')
    .option('--strict-builtin-errors', 'an error in a builtin ends the evaluation')
    .option('--show-builtin-errors', 'print all errors in builtins beside the result')
    .option('-S, --strict', 'also refuse what is unused, deprecated or hides something')
    .option('-s, --schema <path>', 'JSON Schema of the input, or a folder of schemas that annotations name')
    .option('--capabilities <file>', 'what policies may use, in the format of OPA’s capabilities.json')
    .option('-p, --partial', 'evaluate as far as what is known allows, and print what is left')
    .option(
      '-u, --unknowns <path>',
      'what --partial does not know; input by default; may be repeated',
      collect,
      [],
    )
    .option('--disable-inlining <path>', 'rules that --partial keeps as rules; may be repeated', collect, [])
    .option('--shallow-inlining', 'let --partial put rules in place only in the query itself')
    .option(
      '--nondeterminstic-builtins',
      'let --partial evaluate calls such as time.now_ns() too (the spelling is OPA’s)',
    )
    .option('-t, --target <name>', 'what the query runs on: only rego, this engine', 'rego')
    .option(
      '-O, --optimize <level>',
      '0, 1 or 2; changes nothing: this engine optimises while it compiles',
      '0',
    )
    .option('--count <number>', 'evaluate so many times', '1')
    .option('--fail', 'status 1 where the result is undefined or empty')
    .option('--fail-defined', 'status 1 where the result is defined')
    .option('--explain <mode>', 'what happened: notes, fails, full or debug')
    .option('--var-values', 'with --explain: the values of variables too')
    .option('--profile', 'how long expressions took')
    .option('--profile-limit <number>', 'rows of the profile', '10')
    .option('--profile-sort <by>', 'total_time_ns, num_eval, num_redo, num_gen_expr, file, line', collect, [])
    .option('--coverage', 'which lines the evaluation reached')
    .option('--metrics', 'how long the stages took')
    .option('--instrument', 'as --metrics')
    .option('--pretty-limit <number>', 'longest cell of a table', '80')
    .option('--timeout <duration>', 'end the evaluation after this time, such as 10s')
    .option('--time <time>', 'the clock that policies see, in RFC 3339 or nanoseconds')
    .option('--batch', 'answer questions from standard input, one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  npx writ eval -d examples/tutorial/bundle -i input.json data.agent.tools.decision\n' +
        '  npx writ eval --format pretty "1 + 1"\n' +
        '  npx writ eval --batch --time 2026-01-31T12:00:00Z < questions.ndjson',
    );
  const formats = {
    flag: '-f, --format <format>',
    choices: RESULT_FORMATS,
    initial: 'json',
    about: 'json, pretty, values, bindings, source, raw or discard; as opa eval prints them',
  };
  return withAction(command, run, formats);
}

async function run(
  context: CommandContext,
  query: string | undefined,
  options: EvalOptions,
): Promise<number> {
  checkOptions(query, options);
  if (options.batch === true) return batch(options);
  const text = query ?? readText('-');
  const stopwatch = new Stopwatch();
  const loaded = await stopwatch.time('timer_rego_load_files_ns', () => load(options));
  const input = stopwatch.now('timer_rego_input_parse_ns', () => readInput(options));
  if (options.partial === true) return evaluateInPart(context, text, loaded, input, options);
  const evaluated = await evaluate(context, text, loaded, input, options, stopwatch);
  const shown: Shown = {
    ...evaluated.shown,
    ...((options.metrics ?? options.instrument) && { metrics: stopwatch.report() }),
  };
  const format = context.format as ResultFormat;
  const printed = PRESENTERS[format](shown, { limit: Number(options.prettyLimit) });
  if (printed !== '') process.stdout.write(`${printed}\n`);
  if (shown.errors.length > 0 && format !== 'json' && format !== 'discard')
    context.output.note(evaluated.rendered);
  if (evaluated.hasFailed) return EXIT.badInput;
  const isDefined = shown.results.length > 0;
  return (options.fail === true && !isDefined) || (options.failDefined === true && isDefined)
    ? EXIT.no
    : EXIT.ok;
}

function versionOf({ v0Compatible }: EvalOptions): 0 | 1 {
  return v0Compatible === true ? 0 : 1;
}

async function load(options: EvalOptions): Promise<Loaded> {
  const how = { version: versionOf(options), ignore: options.ignore };
  return mergeLoaded([await loadBundles(options.bundle, how), await loadPaths(options.data, how)]);
}

function readInput({ input, stdinInput }: EvalOptions): Value | undefined {
  const file = stdinInput === true ? '-' : input;
  if (file === undefined) return undefined;
  const value = fromJson(readText(file));
  if (value === undefined) throw new CommandError(EXIT.badInput, `${file} is not JSON`);
  return value;
}

interface Evaluated {
  readonly shown: Shown;
  /** The errors as people read them. */
  readonly rendered: string;
  /** There is no answer; errors in builtins alone can stand beside one. */
  readonly hasFailed: boolean;
}

async function evaluate(
  context: CommandContext,
  query: string,
  { modules, data }: Loaded,
  input: Value | undefined,
  options: EvalOptions,
  stopwatch: Stopwatch,
): Promise<Evaluated> {
  const compiled = stopwatch.now('timer_rego_module_compile_ns', () =>
    compilePolicy(modules, { data, ...compileOptions(options) }),
  );
  const texts = new Map([...modules.map(({ file, text }) => [file, text] as const), ['query', query]]);
  if (compiled.policy === undefined) return refused(compiled.diagnostics, texts);
  const { policy } = compiled;
  const prepared = stopwatch.now('timer_rego_query_compile_ns', () =>
    policy.prepareResults(query, {
      version: versionOf(options),
      imports: options.import,
      ...(options.package !== undefined && {
        package: packagePath(options.package),
      }),
    }),
  );
  if (prepared.query === undefined) return refused(prepared.diagnostics, texts);
  const watching = watch(context, policy, query, options);
  const failures: EvaluationError[] = [];
  const once = () => {
    failures.length = 0;
    return evaluateAsync(
      prepared.query!,
      input,
      evaluationOptions(options, data, watching.observer, (failure) => void failures.push(failure)),
    );
  };
  const { result: found } = await stopwatch.time('timer_rego_query_eval_ns', async () => {
    for (let left = Number(options.count); left > 1; left--) await once();
    return once();
  });
  const { errors, results } = resultsOf(found);
  const beside = failures.flatMap((failure) => resultsOf(failure).errors);
  return {
    shown: { errors: [...errors, ...beside], results, ...watching.report() },
    rendered: [found, ...failures]
      .map(renderFault)
      .filter((text) => text !== '')
      .join('\n'),
    hasFailed: found.kind === 'error',
  };
}

function compileOptions({ strict, schema, capabilities }: EvalOptions): CompileOptions {
  return {
    ...(strict === true && { strict }),
    ...(schema !== undefined && { schemas: readSchemas(schema) }),
    ...(capabilities !== undefined && { capabilities: readCapabilitiesFile(capabilities) }),
  };
}

/** `--partial`: prints what is left of the query. */
function evaluateInPart(
  context: CommandContext,
  query: string,
  { modules, data }: Loaded,
  input: Value | undefined,
  options: EvalOptions,
): number {
  const refuse = ({ shown, rendered }: Evaluated): number => {
    if (context.format === 'json') process.stdout.write(`${PRESENTERS.json(shown, { limit: 0 })}\n`);
    else context.output.note(rendered);
    return EXIT.badInput;
  };
  const texts = new Map([...modules.map(({ file, text }) => [file, text] as const), ['query', query]]);
  const { policy, diagnostics } = compilePolicy(modules, { data, ...compileOptions(options) });
  if (policy === undefined) return refuse(refused(diagnostics, texts));
  const left = policy.partial(query, {
    data,
    version: versionOf(options),
    host: { crypto: nodeCrypto },
    disableInlining: options.disableInlining,
    shallowInlining: options.shallowInlining === true,
    nondeterministicBuiltins: options.nondeterminsticBuiltins === true,
    ...(options.unknowns.length > 0 && { unknowns: options.unknowns.flatMap((one) => one.split(',')) }),
    ...(input !== undefined && { input }),
    ...(options.package !== undefined && { package: packagePath(options.package) }),
    ...(options.time !== undefined && { timeNs: readTimeNs('--time', options.time) }),
    ...(options.timeout !== undefined && { deadlineMs: readDurationMs('--timeout', options.timeout) }),
  });
  if (left.kind === 'refused') return refuse(refused(left.diagnostics, texts));
  if (left.kind === 'error')
    return refuse({ shown: resultsOf(left), rendered: renderFault(left), hasFailed: true });
  const printed = presentResidue(left, context.format);
  if (printed === undefined) throw new CommandError(EXIT.usage, '--partial prints json, pretty or source');
  if (printed !== '') process.stdout.write(`${printed}\n`);
  if (left.needsPolicy)
    context.output.note('what is left refers to the rules of the policy: keep both together');
  return options.fail === true && left.queries.length === 0 ? EXIT.no : EXIT.ok;
}

function packagePath(name: string): string {
  return name.replace(/^data\./, '').replaceAll('.', '/');
}

function resultsOf(found: ResultSet): Pick<Shown, 'errors' | 'results'> {
  if (found.kind === 'results') return { errors: [], results: found.results };
  const { code, message, location } = found;
  return {
    errors: [{ message, code, ...(location !== undefined && { location: placeOf(location) }) }],
    results: [],
  };
}

function renderFault(found: ResultSet): string {
  if (found.kind === 'results') return '';
  const { code, message, location } = found;
  return `${location === undefined ? '' : `${location.file}:${location.row}: `}${code}: ${message}`;
}

function evaluationOptions(
  options: EvalOptions,
  data: JsonObject,
  observer: Observer | undefined,
  builtinFailed: (failure: EvaluationError) => void,
): AsyncEvaluationOptions {
  return {
    data,
    network: nodeNetwork(),
    strict: options.strictBuiltinErrors ?? false,
    host: {
      crypto: nodeCrypto,
      printed: (text) => void process.stderr.write(`${text}\n`),
      ...(options.showBuiltinErrors === true && { builtinFailed }),
    },
    ...(options.time !== undefined && { timeNs: readTimeNs('--time', options.time) }),
    ...(options.timeout !== undefined && { deadlineMs: readDurationMs('--timeout', options.timeout) }),
    ...(observer !== undefined && { observer }),
  };
}

/** What is to be seen of the evaluation, and how it is reported. */
function watch(context: CommandContext, policy: Policy, query: string, options: EvalOptions) {
  const mode = options.explain === undefined || options.explain === 'off' ? undefined : options.explain;
  const sources = { modules: policy.modules, query };
  // JSON always tells the values of variables, as OPA's does.
  const variables = options.varValues === true || context.format === 'json';
  const trace = mode === undefined ? undefined : new TraceObserver(sources, { variables });
  const profile = options.profile === true ? new ProfileObserver() : undefined;
  const coverage = options.coverage === true ? new CoverageObserver() : undefined;
  const observers = [trace, profile, coverage].filter((each) => each !== undefined);
  return {
    observer: observers.length === 0 ? undefined : observeWith(observers),
    report: (): Pick<Shown, 'explanation' | 'profile' | 'coverage'> => ({
      ...(trace !== undefined && {
        explanation: {
          events: filterTrace(trace.events, mode as ExplainMode),
          sources,
          variables: options.varValues === true,
        },
      }),
      ...(profile !== undefined && {
        profile: profile.report({
          limit: Number(options.profileLimit),
          ...(options.profileSort.length > 0 && { order: options.profileSort as ProfileOrder[] }),
        }),
      }),
      ...(coverage !== undefined && { coverage: coverageReport(sources.modules, coverage) }),
    }),
  };
}

function refused(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): Evaluated {
  const errors = diagnostics.map(
    ({ code, message, location }): ShownError => ({ message, code, location: placeOf(location) }),
  );
  const rendered = diagnostics.map((each) => renderDiagnostic(each, texts.get(each.location.file) ?? ''));
  return { shown: { errors, results: [] }, rendered: rendered.join('\n\n'), hasFailed: true };
}

function placeOf({ file, row, column }: Diagnostic['location']): NonNullable<ShownError['location']> {
  return { file: file === 'query' ? '' : file, row, col: column };
}

async function batch(options: EvalOptions): Promise<number> {
  const evaluator = new BatchEvaluator({
    host: { crypto: nodeCrypto },
    network: nodeNetwork(),
    ...(options.time !== undefined && { timeNs: readTimeNs('--time', options.time) }),
    ...(options.timeout !== undefined && { deadlineMs: readDurationMs('--timeout', options.timeout) }),
  });
  await runBatch(evaluator, process.stdin, process.stdout);
  return EXIT.ok;
}
