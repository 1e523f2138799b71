import { readFileSync } from 'node:fs';
import type { OciFetcherOptions } from '@writ/bundle';
import { createOutbound } from '@writ/outbound';
import type { Command } from 'commander';
import { CommandError, EXIT } from '../exit-status.ts';

/** How a command is told to reach a registry. */
export interface RegistryFlags {
  readonly insecure?: boolean;
  readonly username?: string;
  readonly passwordFile?: string;
}

const RESPONSE_BYTES_MAX = 128 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

export function withRegistryFlags(command: Command): Command {
  return command
    .option('--insecure', 'plain HTTP, for a registry on this machine')
    .option('--username <name>', 'who logs in to the registry')
    .option(
      '--password-file <file>',
      'file with the password or token; never on the command line, which others can read',
    );
}

/** Runs `work` with a way to this reference, which is an operator's own word: any network may be meant. */
export async function withRegistry<Result>(
  reference: string,
  flags: RegistryFlags,
  work: (options: OciFetcherOptions) => Promise<Result>,
): Promise<Result> {
  const credentials = credentialsOf(flags);
  const outbound = createOutbound({
    allowLoopback: true,
    allowPrivate: true,
    timeoutMs: TIMEOUT_MS,
    responseBytesMax: RESPONSE_BYTES_MAX,
  });
  try {
    return await work({
      reference: reference.replace(/^oci:(\/\/)?/, ''),
      insecure: flags.insecure ?? false,
      outbound,
      credentials: () => credentials,
    });
  } finally {
    await outbound.close();
  }
}

function credentialsOf({
  username,
  passwordFile,
}: RegistryFlags): { username: string; password: string } | undefined {
  if (username === undefined && passwordFile === undefined) return undefined;
  if (username === undefined || passwordFile === undefined)
    throw new CommandError(EXIT.usage, '--username and --password-file go together');
  try {
    return { username, password: readFileSync(passwordFile, 'utf8').trim() };
  } catch {
    throw new CommandError(EXIT.badInput, `--password-file: ${passwordFile} cannot be read`);
  }
}
