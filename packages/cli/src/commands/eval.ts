import {
  compilePolicy,
  fromJson,
  type JsonObject,
  type Policy,
  renderDiagnostic,
  toJson,
  type Value,
} from '@writ/rego';
import { nodeCrypto } from '@writ/rego/node';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface EvalOptions {
  readonly data: string[];
  readonly input?: string;
  readonly package?: string;
  readonly v0Compatible?: boolean;
  readonly strictBuiltinErrors?: boolean;
}

/** `writ eval QUERY`: a Rego query outside the decision pipeline, as `opa eval` does. */
export function evalCommand(): Command {
  const command = new Command('eval')
    .description('Evaluate a Rego query; asks nobody and records nothing')
    .argument('<query>', 'such as data.main.decision')
    .option('-d, --data <path>', 'bundle folder or archive; may be repeated', collect, [])
    .option('-i, --input <file>', 'input as JSON; - is standard input')
    .option('--package <name>', 'resolve names as within this package')
    .option('--v0-compatible', 'read the query as Rego v0')
    .option('--strict-builtin-errors', 'an error in a builtin ends the evaluation')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ eval -d examples/tutorial/bundle -i input.json data.agent.tools.decision',
    );
  return withAction(command, async ({ output }: CommandContext, query: string, options: EvalOptions) => {
    const bundles = await readBundles(options.data);
    const modules = bundles.flatMap((bundle) => bundle.modules);
    const data = bundles.reduce<JsonObject>((merged, bundle) => merge(merged, bundle.data as JsonObject), {});
    const compiled = compilePolicy(modules, { data });
    const texts = new Map(modules.map(({ file, text }) => [file, text]));
    if (compiled.policy === undefined)
      throw new CommandError(EXIT.badInput, rendered(compiled.diagnostics, texts));
    const prepared = prepareQuery(compiled.policy, query, options);
    if (prepared.query === undefined)
      throw new CommandError(EXIT.badInput, rendered(prepared.diagnostics, new Map([['query', query]])));
    const input = options.input === undefined ? undefined : readInput(options.input);
    const result = prepared.query.evaluate(input, {
      strict: options.strictBuiltinErrors ?? false,
      host: { crypto: nodeCrypto },
    });
    if (result.kind === 'error') throw new CommandError(EXIT.badInput, `${result.code}: ${result.message}`);
    const rows = result.bindings.map((row) =>
      prepared.single ? (row['result'] as Value) : ({ ...row } as Value),
    );
    output.json({ result: rows.map((row) => JSON.parse(toJson(row)) as unknown) });
    for (const row of rows) output.line(toJson(row));
    if (rows.length === 0) output.line('undefined');
    return rows.length === 0 ? EXIT.no : EXIT.ok;
  });
}

/** Data of several bundles in one document: objects merge, of anything else the later one stands. */
function merge(first: JsonObject, second: JsonObject): JsonObject {
  const merged = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const before = merged.get(key);
    merged.set(key, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A query that is one expression gives its value; any other gives its variables. */
function prepareQuery(policy: Policy, query: string, options: EvalOptions) {
  const settings = {
    version: options.v0Compatible === true ? (0 as const) : (1 as const),
    ...(options.package === undefined ? {} : { package: options.package }),
  };
  const wrapped = policy.prepareQuery(`result := ${query}`, settings);
  if (wrapped.query !== undefined) return { ...wrapped, single: true };
  return { ...policy.prepareQuery(query, settings), single: false };
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function readInput(file: string): Value {
  const value = fromJson(readText(file));
  if (value === undefined) throw new CommandError(EXIT.badInput, `${file} is not JSON`);
  return value;
}

function rendered(
  diagnostics: readonly Parameters<typeof renderDiagnostic>[0][],
  texts: ReadonlyMap<string, string>,
): string {
  return diagnostics.map((each) => renderDiagnostic(each, texts.get(each.location.file) ?? '')).join('\n\n');
}
