import { join, resolve } from 'node:path';
import { type PinReview, type ReviewedTool, reviewPins } from '@writ/gateway';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { upstreamsOf } from '../compose/service-from-config.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface PinOptions {
  readonly all?: boolean;
  readonly config?: string;
  readonly data?: string;
}

/** `writ mcp pin`: pins servers that were never seen, after showing what is in them. */
export function pinCommand(): Command {
  return withPins(
    new Command('pin').description(
      'Pin the tools of servers that have no pins yet, and show what to look at',
    ),
    'npx writ mcp pin',
    (output, review) => {
      const seen = new Set(review.tools.filter(({ state }) => state !== 'new').map(({ server }) => server));
      const first = review.tools.filter(({ server }) => !seen.has(server));
      review.approve(first);
      show(output, review, first, `${first.length} tools pinned`);
      return review.silent.length === 0 ? EXIT.ok : EXIT.unavailable;
    },
  );
}

/** `writ mcp diff`: what differs from the pins; status 1 where something does. */
export function diffCommand(): Command {
  return withPins(
    new Command('diff')
      .description('Show what servers offer now that is not what was pinned; status 1 if any')
      .option('--all', 'show what is as pinned too, each with its digest'),
    'npx writ mcp diff --format json',
    (output, review, { options }) => {
      const open = review.tools.filter(({ state }) => state !== 'pinned');
      show(
        output,
        review,
        options.all === true ? review.tools : open,
        `${open.length} of ${review.tools.length} tools are not as pinned`,
      );
      if (review.silent.length > 0) return EXIT.unavailable;
      return open.length === 0 ? EXIT.ok : EXIT.no;
    },
  );
}

/** `writ mcp approve SERVER [TOOL…]`: takes what a server offers now in place of what was pinned. */
export function approveCommand(): Command {
  return withPins(
    new Command('approve')
      .description(
        'Take what a server offers now as approved: all of it, or the named tools; a running gateway follows',
      )
      .argument('<server>', 'its id in writ.yaml')
      .argument('[tools...]', 'tools, by the names that the server gives them'),
    'npx writ mcp approve files write_file',
    (output, review, { server, tools: names }) => {
      const offered = review.tools.filter((each) => each.server === server);
      if (offered.length === 0)
        throw new CommandError(EXIT.unavailable, `no server \`${server}\` answers with tools`);
      const unknown = names.find((name) => !offered.some(({ tool }) => tool === name));
      if (unknown !== undefined)
        throw new CommandError(EXIT.usage, `server \`${server}\` has no tool \`${unknown}\``);
      const chosen = offered.filter(
        ({ tool, state }) => state !== 'pinned' && (names.length === 0 || names.includes(tool)),
      );
      review.approve(chosen);
      show(output, review, chosen, `${chosen.length} tools approved`);
      return EXIT.ok;
    },
  );
}

interface PinArguments {
  readonly server: string;
  readonly tools: readonly string[];
  readonly options: PinOptions;
}
type PinAction = (output: Output, review: PinReview, given: PinArguments) => number;

function withPins(command: Command, example: string, action: PinAction): Command {
  command
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', 'data directory (default: .writ)')
    .addHelpText('after', `\nExample:\n  ${example}`);
  return withAction(command, async ({ output }: CommandContext, ...given: unknown[]) => {
    const all = argumentsOf(given);
    const { options } = all;
    const loaded = readConfig(options.config);
    const upstreams = upstreamsOf(loaded);
    if (upstreams.length === 0) throw new CommandError(EXIT.config, 'writ.yaml lists no upstreams');
    const data = resolve(options.data ?? resolve(loaded.folder, loaded.config.data_dir ?? '.writ'));
    const review = await reviewPins({ upstreams, pinsFile: join(data, 'pins.json') });
    return action(output, review, all);
  });
}

/** Arguments come before the options. */
function argumentsOf(given: readonly unknown[]): PinArguments {
  const options = given.at(-1) as PinOptions;
  const [server = '', tools = []] = given.slice(0, -1) as [string?, string[]?];
  return { server, tools, options };
}

function show(output: Output, review: PinReview, tools: readonly ReviewedTool[], summary: string): void {
  output.json({ tools, silent: review.silent });
  for (const { server, tool, state, digest, changes, findings } of tools) {
    output.line(`${state.padEnd(8)}${server}/${tool}`);
    if (digest !== undefined) output.line(`  ${digest}`);
    for (const { pointer, before, after } of changes) {
      if (before !== undefined) output.line(`  - ${pointer} ${before}`);
      if (after !== undefined) output.line(`  + ${pointer} ${after}`);
    }
    for (const { kind, pointer, evidence } of findings) {
      output.line(`  ! ${kind} at ${pointer}: ${evidence}`);
    }
  }
  for (const server of review.silent) output.note(`server \`${server}\` does not answer`);
  output.line(summary);
}
