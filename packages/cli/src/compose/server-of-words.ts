import type { UpstreamConfig } from '@writ/gateway';
import { CommandError, EXIT } from '../exit-status.ts';
import { serverIdOf } from './server-id.ts';

/** The server that a command line names: a process and its arguments, or one over HTTP by its URL. */
export function serverOfWords(words: readonly string[], id: string = serverIdOf(words)): UpstreamConfig {
  const [program = '', ...args] = words;
  if (!/^https?:\/\//i.test(program)) return { id, command: program, args };
  if (args.length > 0)
    throw new CommandError(
      EXIT.usage,
      'a server over HTTP takes no arguments',
      `leave out \`${args.join(' ')}\``,
    );
  if (!URL.canParse(program)) throw new CommandError(EXIT.usage, `\`${program}\` is no URL`);
  return { id, url: program };
}
