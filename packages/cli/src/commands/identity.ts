import { createKey, hashToken } from '@writ/identity';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface KeyOptions {
  readonly principal?: string;
  readonly actor?: string;
  readonly tenant?: string;
  readonly expires?: string;
}

/** `writ identity`: what makes callers known to the gateway. */
export function identityCommand(): Command {
  return new Command('identity')
    .description('Who may come through the gateway')
    .addCommand(keyCommand())
    .addHelpText(
      'after',
      '\nExample:\n  npx writ identity key --principal user:ana --actor agent:writer --expires 30d',
    );
}

function keyCommand(): Command {
  const command = new Command('key')
    .description(
      'Make a static key for a caller of the gateway; it is shown once, and only its hash goes into writ.yaml',
    )
    .option('--principal <id>', 'on whose authority (default: user:me)')
    .option('--actor <id>', 'the agent that acts (default: agent:dev)')
    .option('--tenant <id>', 'the tenant that both belong to')
    .option('--expires <when>', 'days from now (30d) or a time (2027-01-31T00:00:00Z); default: never')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ identity key --principal user:ana --actor agent:writer --expires 30d',
    );
  return withAction(command, ({ output }: CommandContext, options: KeyOptions) => {
    const key = createKey();
    const tokenHash = hashToken(key);
    const { principal = 'user:me', actor = 'agent:dev', tenant } = options;
    const expires = options.expires === undefined ? undefined : expiryOf(options.expires, Date.now());
    const entry = {
      token_hash: tokenHash,
      ...(expires === undefined ? {} : { expires }),
      principal: { id: principal, ...(tenant === undefined ? {} : { tenant }) },
      actor: { id: actor },
    };
    output.json({ key, ...entry });
    output.line(key);
    output.note('Give this key to the client; it is not shown again. In writ.yaml, under `identity`:');
    output.note('');
    output.note('identity:');
    output.note('  - name: keys');
    output.note('    keys:');
    output.note(`      - ${yamlOf(entry)}`);
    return EXIT.ok;
  });
}

/** JSON is YAML; one line for each member is easier to read. */
function yamlOf(entry: Readonly<Record<string, unknown>>): string {
  return Object.entries(entry)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n        ');
}

const DAY_MS = 86_400_000;

function expiryOf(text: string, nowMs: number): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const time = days === undefined ? Date.parse(text) : nowMs + Number(days) * DAY_MS;
  const readable = days !== undefined || /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  if (Number.isNaN(time) || !readable)
    throw new CommandError(
      EXIT.usage,
      `\`${text}\` is no time`,
      'such as 30d, or 2027-01-31T00:00:00Z with its zone',
    );
  if (time <= nowMs) throw new CommandError(EXIT.usage, `\`${text}\` is over already`);
  return new Date(time).toISOString();
}
