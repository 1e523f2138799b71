import { join, resolve } from 'node:path';
import { type PinReview, type ReviewedDefinition, reviewPins, type UpstreamConfig } from '@writ/gateway';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { serverOfWords } from '../compose/server-of-words.ts';
import { upstreamsOf } from '../compose/service-from-config.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

interface PinOptions {
  readonly all?: boolean;
  readonly config?: string;
  readonly data?: string;
  readonly id?: string;
}

const SERVER_WORDS =
  'a server and its arguments, after --, as `writ mcp run` takes it, in place of writ.yaml';

/** `writ mcp pin`: pins servers that were never seen, after showing what is in them. */
export function pinCommand(): Command {
  return withPins(
    new Command('pin')
      .description('Pin what servers offer that have no pins yet, and show what to look at')
      .argument('[command...]', SERVER_WORDS),
    ['npx writ mcp pin', 'npx writ mcp pin -- npx -y @modelcontextprotocol/server-filesystem ./files'],
    (output, review) => {
      const first = review.pinUnseen();
      show(output, review, first, `${counted(first.length)} pinned`);
      return review.silent.length === 0 ? EXIT.ok : EXIT.unavailable;
    },
  );
}

/** `writ mcp diff`: what differs from the pins; status 1 where something does. */
export function diffCommand(): Command {
  return withPins(
    new Command('diff')
      .description('Show what servers offer now that is not what was pinned; status 1 if any')
      .argument('[command...]', SERVER_WORDS)
      .option('--all', 'show what is as pinned too, each with its digest'),
    [
      'npx writ mcp diff --format json',
      'npx writ mcp diff -- npx -y @modelcontextprotocol/server-filesystem ./files',
    ],
    (output, review, { options }) => {
      const open = review.definitions.filter((each) => each.open);
      show(
        output,
        review,
        options.all === true ? review.definitions : open,
        `${open.length} of ${counted(review.definitions.length)} not as pinned`,
      );
      if (review.silent.length > 0) return EXIT.unavailable;
      return open.length === 0 ? EXIT.ok : EXIT.no;
    },
  );
}

/** `writ mcp approve SERVER [NAME…]`: takes what a server offers now in place of what was pinned. */
export function approveCommand(): Command {
  return withPins(
    new Command('approve')
      .description(
        'Take what a server offers now as approved: all of it, or what is named; a running gateway follows',
      )
      .argument('<server>', 'its id in writ.yaml, or of the server after --')
      .argument(
        '[names...]',
        'tools, prompts, templates and resources, by the names that the server gives them',
      ),
    [
      'npx writ mcp approve files write_file',
      'npx writ mcp approve server-filesystem -- npx -y @modelcontextprotocol/server-filesystem ./files',
    ],
    (output, review, { words }) => {
      const [server = '', ...names] = words;
      const offered = review.definitions.filter((each) => each.server === server);
      if (offered.length === 0)
        throw new CommandError(
          EXIT.unavailable,
          `no server \`${server}\` answers with anything`,
          `there is ${[...new Set(review.definitions.map((each) => each.server))].join(', ') || 'none that answers'}`,
        );
      const unknown = names.find((name) => !offered.some((each) => each.name === name));
      if (unknown !== undefined)
        throw new CommandError(
          EXIT.usage,
          `server \`${server}\` offers nothing that is called \`${unknown}\``,
        );
      const chosen = offered.filter(
        ({ name, state }) => state !== 'pinned' && (names.length === 0 || names.includes(name)),
      );
      review.approve(chosen);
      show(output, review, chosen, `${counted(chosen.length)} approved`);
      return EXIT.ok;
    },
  );
}

interface PinArguments {
  /** What stands before `--`. */
  readonly words: readonly string[];
  readonly options: PinOptions;
}
type PinAction = (output: Output, review: PinReview, given: PinArguments) => number;

function withPins(command: Command, examples: readonly string[], action: PinAction): Command {
  command
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', 'data directory (default: .writ)')
    .option('--id <name>', "how policies name the server after -- (default: its program's or package's name)")
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
  return withAction(command, async ({ output }: CommandContext, ...given: unknown[]) => {
    const options = given.at(-1) as PinOptions;
    const behind = wordsBehind(command);
    const before = command.args.slice(0, command.args.length - behind.length);
    const loaded = readConfig(options.config);
    const upstreams = serversOf(behind, options, upstreamsOf(loaded));
    const data = resolve(options.data ?? resolve(loaded.folder, loaded.config.data_dir ?? '.writ'));
    const review = await reviewPins({ upstreams, pinsFile: join(data, 'pins.json') });
    return action(output, review, { words: before, options });
  });
}

function serversOf(
  words: readonly string[],
  { id }: PinOptions,
  configured: readonly UpstreamConfig[],
): readonly UpstreamConfig[] {
  if (words.length > 0) return [serverOfWords(words, id)];
  if (configured.length > 0) return configured;
  throw new CommandError(
    EXIT.config,
    'writ.yaml lists no upstreams',
    'write the server after --, as you give it to `writ mcp run`',
  );
}

/** What stands after `--`: commander takes it for further arguments. */
function wordsBehind(command: Command): readonly string[] {
  let root = command;
  while (root.parent !== null) root = root.parent;
  const { rawArgs } = root as unknown as { readonly rawArgs: readonly string[] };
  const dashes = rawArgs.indexOf('--');
  return dashes < 0 ? [] : rawArgs.slice(dashes + 1);
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'definition' : 'definitions'}`;
}

/** A name as it can be shown on a terminal: it is the server's. */
function plain(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}

function show(
  output: Output,
  review: PinReview,
  definitions: readonly ReviewedDefinition[],
  summary: string,
): void {
  output.json({ definitions, silent: review.silent });
  for (const { server, kind, name, state, digest, changes, findings } of definitions) {
    output.line(`${state.padEnd(8)}${kind === 'tool' ? '' : `${kind} `}${server}/${plain(name)}`);
    if (digest !== undefined) output.line(`  ${digest}`);
    for (const { pointer, before, after } of changes) {
      if (before !== undefined) output.line(`  - ${pointer} ${before}`);
      if (after !== undefined) output.line(`  + ${pointer} ${after}`);
    }
    for (const { kind: what, pointer, evidence } of findings) {
      output.line(`  ! ${what} at ${pointer}: ${evidence}`);
    }
  }
  for (const server of review.silent) output.note(`server \`${server}\` does not answer`);
  output.line(summary);
}
