import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createMcpGateway } from '@writ/gateway';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { type ServiceOverrides, serviceFromConfig } from '../compose/service-from-config.ts';
import { startService } from '../compose/start-service.ts';
import { waitForEnding } from '../compose/until-signal.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../exit-status.ts';
import { showEvents } from './serve.ts';

interface McpRunOptions extends ServiceOverrides {
  readonly config?: string;
  readonly id?: string;
}

/** `writ mcp run -- COMMAND…`: one stdio server, wrapped for a client's configuration file. */
export function mcpCommand(): Command {
  const run = new Command('run')
    .description(
      "Run an MCP server on stdio behind Writ: put it in front of the command in your client's configuration",
    )
    .argument('<command...>', 'the server and its arguments, after --')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option(
      '--bundle <dir>',
      "policies, instead of the configuration's; may be repeated",
      (dir: string, before?: string[]) => [...(before ?? []), dir],
    )
    .option('--data <dir>', 'data directory (default: .writ)')
    .option('--id <name>', 'how policies name this server', 'stdio')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ mcp run --bundle policy -- npx -y @modelcontextprotocol/server-filesystem ./files',
    );
  return new Command('mcp').description('The MCP gateway for one client').addCommand(
    withAction(run, async ({ output }: CommandContext, command: string[], options: McpRunOptions) => {
      const { config, ...loaded } = readConfig(options.config);
      const { mcp: _, ...made } = serviceFromConfig(
        { config: { ...config, upstreams: {} }, ...loaded },
        options,
      );
      // Standard output belongs to the protocol: whatever there is to say goes to standard error.
      const service = await startService({
        ...made,
        api: { host: '127.0.0.1', port: 0, orFree: true },
        events: showEvents(output),
      });
      const [program, ...args] = command;
      const gateway = createMcpGateway({
        point: service.point.as({ pointId: 'mcp-run', mayAssert: {}, mode: made.mode ?? 'enforce' }),
        upstreams: [{ id: options.id ?? 'stdio', command: program ?? '', args }],
        resolveCaller: () => undefined,
        pinsFile: join(service.dataDirectory, 'pins.json'),
      });
      const caller = config.anonymous ?? {
        principal: { id: `user:${userInfo().username}`, kind: 'user' as const },
        actor: { id: 'agent:stdio' },
      };
      const session = gateway.serveStdio(JSON.parse(JSON.stringify(caller)), process.stdin, process.stdout);
      const ending = waitForEnding();
      await Promise.race([session.ended, ending.signal]);
      await session.close();
      await gateway.close();
      await service.close();
      ending.dispose();
      return EXIT.ok;
    }),
  );
}
