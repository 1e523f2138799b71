import { type ExplainedCall, explainResolution, renderProblem } from '@writ/bundle';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { EXIT } from '../exit-status.ts';
import { type Output, table } from '../output/output.ts';
import { type CallFlags, callFromFlags } from '../registry/call-from-flags.ts';
import { readRegistries, soundRegistry } from '../registry/read-registry.ts';
import { rateText, registryRows } from '../registry/registry-rows.ts';

interface RegistryOptions {
  readonly config?: string;
}

/** `writ registry`: what tools, commands, requests and models are called in policies. */
export function registryCommand(): Command {
  return new Command('registry')
    .description('The capability registry: is it right, what is in it, and what is this call by it')
    .addCommand(checkRegistryCommand())
    .addCommand(showRegistryCommand())
    .addCommand(resolveCommand())
    .addHelpText(
      'after',
      '\nA path is a YAML or JSON file with a registry, or a bundle that holds one at writ/registry.\n\nExample:\n  npx writ registry show examples/registry/bundle',
    );
}

const PATHS = 'files with a registry, or bundles (default: the bundles of the configuration)';

function withPaths(command: Command): Command {
  return command
    .argument('[path...]', PATHS)
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)');
}

function checkRegistryCommand(): Command {
  const command = withPaths(new Command('check'))
    .description('Say what is wrong with a registry, where, and how to mend it')
    .addHelpText(
      'after',
      '\nRefused are unknown fields, what is described twice, and patterns that nothing comes to.\n\nExample:\n  npx writ registry check examples/registry/bundle\n\nStatus 1: it would not activate.',
    );
  return withAction(
    command,
    async ({ output }: CommandContext, paths: string[], options: RegistryOptions) => {
      const { registry, problems } = await readRegistries(paths, options.config);
      const capabilities = registryRows(registry).length;
      output.json({ ok: problems.length === 0, capabilities, problems });
      for (const problem of problems) output.line(renderProblem(problem));
      output.line(
        problems.length === 0
          ? `${capabilities} ${capabilities === 1 ? 'capability' : 'capabilities'}: nothing is wrong`
          : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
      );
      return problems.length === 0 ? EXIT.ok : EXIT.no;
    },
  );
}

function showRegistryCommand(): Command {
  const command = withPaths(new Command('show'))
    .description('List the capabilities with their tools, step-up and rate limits')
    .addHelpText('after', '\nExample:\n  npx writ registry show examples/registry/bundle');
  return withAction(
    command,
    async ({ output }: CommandContext, paths: string[], options: RegistryOptions) => {
      const rows = registryRows(await soundRegistry(paths, options.config));
      output.json({ capabilities: rows });
      if (rows.length === 0) output.line('no capability is described here');
      const cells = rows.map(({ id, adapter, tools, matches, step_up = '', rate_limit }) => [
        id,
        adapter,
        [...tools, ...matches].join(' '),
        step_up,
        rateText(rate_limit),
      ]);
      const head = ['CAPABILITY', 'ADAPTER', 'TOOLS, PROGRAMS, REQUESTS, MODELS', 'STEP-UP', 'RATE LIMIT'];
      if (rows.length > 0) for (const line of table([head, ...cells])) output.line(line.trimEnd());
      return EXIT.ok;
    },
  );
}

function resolveCommand(): Command {
  const command = withPaths(new Command('resolve'))
    .description('Say what a call is by the registry, and why: capability, resources, destination, cost')
    .option('--tool <name>', 'a tool')
    .option('--server <name>', 'the MCP server that it belongs to')
    .option('--args <json>', 'its arguments, as a JSON object')
    .option('--command <line>', 'a command line, of the `cli` tool where there is one, else with --tool')
    .option('--cwd <dir>', 'the folder that the command runs in')
    .option('--url <url>', 'a request, of a tool where --tool is given')
    .option('--method <method>', 'its method (default: GET)')
    .option('--provider <name>', 'a provider of models')
    .option('--model <name>', 'a model, or PROVIDER/MODEL')
    .option('--request <file>', 'a request as `writ decide` takes it; - is standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ registry resolve examples/registry/bundle --tool web_search\n  npx writ registry resolve examples/registry/bundle --tool execute_shell --command "cat /etc/passwd | wc -l"\n  npx writ registry resolve examples/registry/bundle --model groq/llama-3\n\nStatus 1: nobody describes the call, or the registry itself refuses it.',
    );
  return withAction(
    command,
    async ({ output }: CommandContext, paths: string[], options: RegistryOptions & CallFlags) => {
      const registry = await soundRegistry(paths, options.config);
      const explained = explainResolution(registry, callFromFlags(options, registry));
      output.json(explained);
      showExplained(output, explained);
      return explained.resolution.kind === 'resolved' && explained.notes.length === 0 ? EXIT.ok : EXIT.no;
    },
  );
}

function showExplained(output: Output, { resolution, facts, tightened, notes }: ExplainedCall): void {
  if (resolution.kind !== 'resolved') output.line(output.style('yellow', resolution.kind));
  const rows = facts.map(({ field, value, why }) => [
    field,
    typeof value === 'string' ? value : JSON.stringify(value),
    why,
  ]);
  for (const line of table(rows)) output.line(line);
  for (const { bundle, capability, data_classes, step_up, rate } of tightened) {
    const added = [
      ...data_classes,
      ...(step_up ? ['step-up'] : []),
      ...(rate === undefined ? [] : ['a rate limit']),
    ];
    output.line(`bundle \`${bundle}\` adds by \`${capability}\`: ${added.join(', ') || 'nothing'}`);
  }
  for (const note of notes) output.line(note);
}
