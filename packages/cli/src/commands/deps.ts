import { compilePolicy, type DependencyPath, pathText, renderDiagnostic, toJson } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { loadBundles, loadPaths, mergeLoaded } from '../load/load-paths.ts';
import { boxTable } from '../present/box-table.ts';
import { prettyJson } from '../present/pretty-json.ts';

interface DepsOptions {
  readonly data: string[];
  readonly bundle: string[];
  readonly ignore: string[];
  readonly v0Compatible?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `writ deps QUERY`: the documents that a query depends on, as `opa deps` prints them. */
export function depsCommand(): Command {
  const command = new Command('deps')
    .description('Say which input, data and rules a Rego query depends on, as `opa deps` does')
    .argument('<query>', 'such as data.main.decision')
    .option('-d, --data <path>', 'Rego, JSON or YAML file, or folder of them; may be repeated', collect, [])
    .option('-b, --bundle <path>', 'bundle folder or archive; may be repeated', collect, [])
    .option('--ignore <pattern>', 'files and folders to leave out; may be repeated', collect, [])
    .option('--v0-compatible', 'read modules and query as Rego v0')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ deps -d examples/tutorial/bundle data.agent.tools.decision\n\n' +
        'Base documents are what is given: input, and data that no rule makes. Virtual documents are rules.\n' +
        'A path ends where a step is not known before the query runs.',
    );
  const formats = {
    flag: '-f, --format <format>',
    choices: ['pretty', 'json'],
    initial: 'pretty',
    about: 'pretty or json; the JSON is that of opa deps',
  };
  return withAction(command, run, formats);
}

async function run({ format }: CommandContext, query: string, options: DepsOptions): Promise<number> {
  const version = options.v0Compatible === true ? 0 : 1;
  const how = { version, ignore: options.ignore } as const;
  const { modules } = mergeLoaded([
    await loadBundles(options.bundle, how),
    await loadPaths(options.data, how),
  ]);
  const { policy, diagnostics } = compilePolicy(modules);
  const texts = new Map([...modules.map(({ file, text }) => [file, text] as const), ['query', query]]);
  const refuse = (all: typeof diagnostics): never => {
    const shown = all.map((each) => renderDiagnostic(each, texts.get(each.location.file) ?? ''));
    throw new CommandError(EXIT.badInput, shown.join('\n\n'));
  };
  if (policy === undefined) return refuse(diagnostics);
  const found = policy.dependencies(query, { version });
  if (found.dependencies === undefined) return refuse(found.diagnostics);
  const { base, virtual } = found.dependencies;
  if (format === 'json') {
    const shown = {
      ...(base.length > 0 && { base: base.map(terms) }),
      ...(virtual.length > 0 && { virtual: virtual.map(terms) }),
    };
    process.stdout.write(`${prettyJson(JSON.stringify(shown))}\n`);
    return EXIT.ok;
  }
  const columns = [
    { header: 'BASE DOCUMENTS', paths: base },
    { header: 'VIRTUAL DOCUMENTS', paths: virtual },
  ].filter(({ paths }) => paths.length > 0);
  if (columns.length === 0) return EXIT.ok;
  const count = Math.max(...columns.map(({ paths }) => paths.length));
  const rows = Array.from({ length: count }, (_, row) =>
    columns.map(({ paths }) => (paths[row] === undefined ? '' : pathText(paths[row]))),
  );
  const table = boxTable(
    columns.map(({ header }) => header),
    rows,
  );
  process.stdout.write(`${table}\n`);
  return EXIT.ok;
}

/** A path as OPA writes a reference in JSON. */
function terms([root, ...steps]: DependencyPath): object[] {
  return [
    { type: 'var', value: root },
    ...steps.map((step) => ({
      type: step === null ? 'null' : typeof step === 'object' ? 'number' : typeof step,
      value: JSON.parse(toJson(step)) as unknown,
    })),
  ];
}
