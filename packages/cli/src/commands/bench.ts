import { compilePolicy, fromJson, renderDiagnostic, type Value } from '@writ/rego';
import { nodeCrypto } from '@writ/rego/node';
import { Command, Option } from 'commander';
import { readSchemas } from '../check/read-options.ts';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { loadBundles, loadPaths, mergeLoaded } from '../load/load-paths.ts';
import { type Measurement, measure } from '../load/measure.ts';
import { boxTable } from '../present/box-table.ts';

interface BenchOptions {
  readonly data: string[];
  readonly bundle: string[];
  readonly ignore: string[];
  readonly input?: string;
  readonly stdin?: boolean;
  readonly stdinInput?: boolean;
  readonly package?: string;
  readonly import: string[];
  readonly schema?: string;
  readonly partial?: boolean;
  readonly unknowns: string[];
  readonly count: string;
  readonly fail: boolean;
  readonly v0Compatible?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `writ bench QUERY`: how long an evaluation takes, as `opa bench` measures it. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .description('Measure how long a Rego query takes, compiled once and evaluated many times')
    .argument('[query]', 'such as data.main.decision')
    .option('-d, --data <path>', 'Rego, JSON or YAML file, or folder of them; may be repeated', collect, [])
    .option('-b, --bundle <path>', 'bundle folder or archive; may be repeated', collect, [])
    .option('-i, --input <file>', 'input as JSON; - is standard input')
    .option('-I, --stdin-input', 'read the input from standard input')
    .option('--stdin', 'read the query from standard input')
    .option('--ignore <pattern>', 'files and folders to leave out; may be repeated', collect, [])
    .option('--package <name>', 'resolve names as within this package')
    .option('--import <path>', 'import for the query; may be repeated', collect, [])
    .option('-s, --schema <path>', 'JSON Schema of the input, or a folder of schemas that annotations name')
    .option('-p, --partial', 'measure evaluating as far as what is known allows')
    .option(
      '-u, --unknowns <path>',
      'what --partial does not know; input by default; may be repeated',
      collect,
      [],
    )
    .option('--count <number>', 'measure as often as this', '1')
    .option('--no-fail', 'measure an undefined result too')
    .addOption(new Option('--fail', 'this is so by default').hideHelp())
    .addOption(new Option('-t, --target <name>', 'only rego, this engine').choices(['rego']).hideHelp())
    .option('--v0-compatible', 'read modules and query as Rego v0')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ bench -d examples/tutorial/bundle -i input.json data.agent.tools.decision',
    );
  return withAction(
    command,
    async ({ output }: CommandContext, query: string | undefined, options: BenchOptions) => {
      const evaluate = await prepare(queryOf(query, options), options);
      for (let turn = 0; turn < Number(options.count); turn++) {
        const measured = measure(evaluate);
        output.json(opaBenchmark(measured));
        output.line(boxTable(['', ''], rowsOf(measured), 'right-numbers'));
      }
      return EXIT.ok;
    },
  );
}

function queryOf(query: string | undefined, { stdin, stdinInput, input }: BenchOptions): string {
  const refuse = (message: string): never => {
    throw new CommandError(EXIT.usage, message);
  };
  if (stdin === true && query !== undefined) refuse('give a query or --stdin, not both');
  if (stdin === true && (stdinInput === true || input === '-'))
    refuse('standard input holds the query or the input, not both');
  if (stdinInput === true && input !== undefined) refuse('give --input or --stdin-input, not both');
  if (stdin === true) return readText('-');
  return query ?? refuse('missing a query; --stdin reads one');
}

async function prepare(query: string, options: BenchOptions): Promise<() => void> {
  const version = options.v0Compatible === true ? 0 : 1;
  const { modules, data } = mergeLoaded([
    await loadBundles(options.bundle, { version }),
    await loadPaths(options.data, { version, ignore: options.ignore }),
  ]);
  const { policy, diagnostics } = compilePolicy(modules, {
    data,
    ...(options.schema !== undefined && { schemas: readSchemas(options.schema) }),
  });
  const texts = new Map([...modules.map(({ file, text }) => [file, text] as const), ['query', query]]);
  const refuse = (found: typeof diagnostics): never => {
    const rendered = found.map((each) => renderDiagnostic(each, texts.get(each.location.file) ?? ''));
    throw new CommandError(EXIT.badInput, rendered.join('\n\n'));
  };
  if (policy === undefined) return refuse(diagnostics);
  const file = options.stdinInput === true ? '-' : options.input;
  const input = file === undefined ? undefined : readInput(file);
  if (options.partial === true) {
    const partial = () =>
      policy.partial(query, {
        data,
        version,
        host: { crypto: nodeCrypto },
        ...(input !== undefined && { input }),
        ...(options.package !== undefined && { package: options.package.replaceAll('.', '/') }),
        ...(options.unknowns.length > 0 && { unknowns: options.unknowns.flatMap((one) => one.split(',')) }),
      });
    const first = partial();
    if (first.kind === 'refused') return refuse(first.diagnostics);
    if (first.kind === 'error') throw new CommandError(EXIT.badInput, `${first.code}: ${first.message}`);
    return partial;
  }
  const prepared = policy.prepareResults(query, {
    version,
    imports: options.import,
    ...(options.package !== undefined && { package: options.package.replaceAll('.', '/') }),
  });
  if (prepared.query === undefined) return refuse(prepared.diagnostics);
  const run = () =>
    prepared.query!.evaluate(input, { data, recordRules: false, host: { crypto: nodeCrypto } });
  const first = run();
  if (first.kind === 'error') throw new CommandError(EXIT.badInput, `${first.code}: ${first.message}`);
  if (first.results.length === 0 && options.fail)
    throw new CommandError(EXIT.no, 'the result is undefined', '--no-fail measures it all the same');
  return run;
}

function readInput(file: string): Value {
  const value = fromJson(readText(file));
  if (value === undefined) throw new CommandError(EXIT.badInput, `${file} is not JSON`);
  return value;
}

/** The shape of `opa bench --format json`; what this engine does not count is 0. */
function opaBenchmark(measured: Measurement): object {
  return {
    N: measured.runs,
    T: Math.round(measured.totalNs),
    Bytes: 0,
    MemAllocs: 0,
    MemBytes: 0,
    Extra: histogram(measured),
  };
}

const PERCENTILES = [75, 90, 95, 99, 99.9, 99.99];

function histogram({ samplesNs }: Measurement): Readonly<Record<string, number>> {
  const sorted = [...samplesNs].sort((a, b) => a - b);
  const at = (percent: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]!;
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  const variance = sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / sorted.length;
  const values: Readonly<Record<string, number>> = {
    ...Object.fromEntries(PERCENTILES.map((percent) => [`${percent}%`, at(percent)])),
    count: sorted.length,
    max: sorted.at(-1)!,
    mean,
    median: at(50),
    min: sorted[0]!,
    stddev: Math.sqrt(variance),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `histogram_timer_rego_query_eval_ns_${name}`,
      Math.round(value),
    ]),
  );
}

function rowsOf(measured: Measurement): readonly (readonly string[])[] {
  return [
    ['samples', String(measured.runs)],
    ['ns/op', String(Math.round(measured.totalNs / measured.runs))],
    ...Object.entries(histogram(measured)).map(([name, value]) => [name, String(value)]),
  ];
}
