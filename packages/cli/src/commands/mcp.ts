import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createMcpGateway, GATEWAY_LIMITS, type McpGateway } from '@writ/gateway';
import type { Caller } from '@writ/identity';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { callerOf } from '../compose/caller-of.ts';
import { serverOfWords } from '../compose/server-of-words.ts';
import { type ServiceOverrides, serviceFromConfig } from '../compose/service-from-config.ts';
import { startService } from '../compose/start-service.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import type { Config } from '../config/config.ts';
import { limitsOf } from '../config/limits-config.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { quietStdout } from '../output/quiet-stdout.ts';
import { approveCommand, diffCommand, pinCommand } from './mcp-pins.ts';
import { showEvents } from './serve.ts';

interface McpRunOptions extends ServiceOverrides {
  readonly config?: string;
  readonly id?: string;
}

const EXAMPLE = 'npx writ mcp run --bundle policy -- npx -y @modelcontextprotocol/server-filesystem ./files';

/** `writ mcp run -- COMMAND…`: one stdio server, wrapped for a client's configuration file. */
export function mcpCommand(): Command {
  return new Command('mcp')
    .description('The MCP gateway for one client, and the definitions of tools that it holds servers to')
    .addCommand(runCommand())
    .addCommand(pinCommand())
    .addCommand(diffCommand())
    .addCommand(approveCommand())
    .addHelpText('after', `\nExample:\n  ${EXAMPLE}`);
}

function runCommand(): Command {
  const command = new Command('run')
    .description(
      "Serve one client on stdio, with an MCP server behind Writ: put it in front of the command, or the URL, in your client's configuration",
    )
    .argument('<command...>', 'the server and its arguments, after --; or the URL of a server over HTTP')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option(
      '--bundle <dir>',
      "policies, instead of the configuration's; may be repeated",
      (dir: string, before?: string[]) => [...(before ?? []), dir],
    )
    .option('--data <dir>', 'data directory (default: .writ)')
    .option('--id <name>', "how policies name this server (default: its program's or package's name)")
    .addHelpText('after', `\nExample:\n  ${EXAMPLE}`);
  return withAction(command, ({ output }: CommandContext, words: string[], options: McpRunOptions) =>
    runServer(output, words, options),
  );
}

async function runServer(output: Output, words: readonly string[], options: McpRunOptions): Promise<number> {
  const { config, ...loaded } = readConfig(options.config);
  const { mcp: _, ...made } = serviceFromConfig({ config: { ...config, upstreams: {} }, ...loaded }, options);
  // Standard output belongs to the protocol: whatever there is to say goes to standard error.
  quietStdout();
  const shown = showEvents(output);
  let gateway: McpGateway | undefined;
  const service = await startService({
    ...made,
    api: { host: '127.0.0.1', port: 0, orFree: true },
    events: {
      ...shown,
      onActivated: (change) => {
        shown.onActivated?.(change);
        gateway?.recheckLists();
      },
    },
  });
  const ending = waitForEnding();
  const serving = createMcpGateway({
    point: service.point.as({ pointId: 'mcp-run', mayAssert: {}, mode: made.mode ?? 'enforce' }),
    upstreams: [serverOfWords(words, options.id)],
    onChanged: service.changed,
    pinsFile: join(service.dataDirectory, 'pins.json'),
    limits: limitsOf(GATEWAY_LIMITS, config.gateway?.limits ?? {}),
  });
  gateway = serving;
  try {
    const session = serving.serveStdio(runnerOf(config), process.stdin, process.stdout);
    const signal = await Promise.race([session.ended, ending.signal]);
    // Told to stop while its client is still there: what is under way is answered, and nothing more is taken.
    if (signal !== undefined) await serving.stop(made.drainMs ?? DRAIN_MS);
    await session.close();
    return EXIT.ok;
  } finally {
    await serving.close();
    await service.close();
    ending.dispose();
  }
}

/** How long calls under way are waited for, ms. */
const DRAIN_MS = 10_000;

/** On stdio the process itself is the credential: the configured `anonymous`, else who runs it. */
function runnerOf(config: Config): Caller {
  return config.anonymous === undefined
    ? { principal: { id: `user:${userInfo().username}`, kind: 'user' }, actor: { id: 'agent:stdio' } }
    : callerOf(config.anonymous);
}
