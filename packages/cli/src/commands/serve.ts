import { renderChange } from '@writ/bundle';
import { renderLoadFailure } from '@writ/pdp';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { type ServiceOverrides, serviceFromConfig } from '../compose/service-from-config.ts';
import type { Service, ServiceEvents, ServiceOptions } from '../compose/service-options.ts';
import { startService } from '../compose/start-service.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface ServeOptions extends ServiceOverrides {
  readonly config?: string;
}

/** `writ serve`: the decision API, and the MCP gateway where upstreams are configured. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description(
      'Serve decisions, and the MCP gateway where writ.yaml names upstreams; saved policies take effect at once',
    )
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--bundle <dir>', "policies, instead of the configuration's; may be repeated", collect)
    .option(
      '--entrypoint <path>',
      'for a folder without a manifest: a rule that may be asked; may be repeated',
      collect,
    )
    .option('--addr <host:port>', 'decision API (default: 127.0.0.1:8181)')
    .option('--mcp-addr <host:port>', 'MCP gateway (default: 127.0.0.1:8182)')
    .option('--data <dir>', 'data directory (default: .writ)')
    .option('--engine <name>', 'rego (embedded), opa (a real OPA as a child process) or crosscheck (both)')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ serve --bundle examples/tutorial/bundle --addr 127.0.0.1:8181\n  npx writ serve --bundle policy --entrypoint main/decision',
    );
  return withAction(command, async ({ output }: CommandContext, options: ServeOptions) => {
    const loaded = readConfig(options.config);
    const made = serviceFromConfig(loaded, options);
    const ending = waitForEnding();
    try {
      const service = await startService({ ...made, events: showEvents(output) });
      showService(output, service);
      for (const line of observing(made)) output.note(output.style('yellow', line));
      await ending.signal;
      output.note('Closing.');
      await service.close();
      return EXIT.ok;
    } finally {
      ending.dispose();
    }
  });
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Shows what happens while a service runs: each change of policies, each refused one, each fault. */
export function showEvents(output: Output): ServiceEvents {
  return {
    onActivated: (change) => {
      output.note(`\n${output.style('green', 'policy changed, in force now')}`);
      output.note(renderChange(change));
    },
    onRefused: (failure) => {
      output.note(`\n${output.style('red', 'policy refused, the last good one stays in force')}`);
      output.note(renderLoadFailure(failure));
    },
    onFault: (what, error) => {
      output.note(
        `${output.style('yellow', 'warning')}: ${what}${error === undefined ? '' : `: ${error instanceof Error ? error.message : String(error)}`}`,
      );
    },
  };
}

/** Said loudly, since what policies deny goes through there: everyone who observes instead of enforcing. */
function observing({ mode, points }: Pick<ServiceOptions, 'mode' | 'points'>): string[] {
  const named = (points ?? [])
    .filter(({ caller }) => caller.mode === 'observe')
    .map(({ caller }) => caller.pointId);
  return [
    ...(mode === 'observe' ? ['OBSERVE MODE: nothing is refused; verdicts are only recorded.'] : []),
    ...(named.length === 0 ? [] : [`OBSERVE MODE for ${named.join(', ')}: nothing is refused there.`]),
  ];
}

function showService(output: Output, service: Service): void {
  const { apiUrl, mcpUrl, dataDirectory, role, repaired } = service;
  output.json({ api: apiUrl, mcp: mcpUrl, data: dataDirectory, role, pid: process.pid });
  for (const { wanted, taken } of service.replacedPorts)
    output.note(`Port ${wanted} is in use; took ${taken} instead.`);
  if (repaired !== undefined) output.note(`Repaired: ${repaired}`);
  output.line(`decision API  ${apiUrl}`);
  if (mcpUrl !== undefined) output.line(`MCP gateway   ${mcpUrl}`);
  output.line(`data          ${dataDirectory}${role === 'client' ? ' (owned by another process)' : ''}`);
  output.note(trustNote(dataDirectory));
  output.line('Ctrl-C ends it.');
}

/** Said at every start: who could forge what. */
export function trustNote(dataDirectory: string): string {
  return (
    `Note: whoever runs as this operating-system user can read ${dataDirectory}/credentials, and so approve and alter. ` +
    'Run agents as another user, and then set `trust: enforced`.'
  );
}
