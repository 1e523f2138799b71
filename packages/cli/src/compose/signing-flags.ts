import { existsSync, readFileSync } from 'node:fs';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type SigningOptions } from '@writ/bundle';
import type { Command } from 'commander';
import { CommandError, EXIT } from '../exit-status.ts';
import { commandSigner } from './command-signer.ts';

/** How a command is told to sign; the names are OPA's. */
export interface SigningFlags {
  readonly signingKey?: string;
  readonly signingCommand?: string;
  readonly signingAlg?: string;
  readonly signingKeyId?: string;
  readonly scope?: string;
  readonly claimsFile?: string;
}

export function withSigningFlags(command: Command): Command {
  return command
    .option('--signing-key <file>', 'private key as PEM, or a file with the secret of an HS… algorithm')
    .option(
      '--signing-command <words>',
      'program that signs instead: gets the bytes on standard input, writes the signature in base64',
    )
    .option('--signing-alg <name>', `how to sign: ${SIGNING_ALGORITHMS.join(', ')}`)
    .option('--signing-key-id <id>', 'which key that is, for those who check')
    .option('--scope <text>', 'what the signature is good for')
    .option('--claims-file <file>', 'further claims, as a JSON object');
}

/** What was asked for; undefined where no key is given. */
export function signingFromFlags(
  flags: SigningFlags,
  standard: SigningAlgorithm,
): SigningOptions | undefined {
  const { signingKey: file, signingCommand: command } = flags;
  if (file === undefined && command === undefined) return undefined;
  if (file !== undefined && command !== undefined)
    throw new CommandError(EXIT.usage, 'give either --signing-key or --signing-command');
  const algorithm = flags.signingAlg ?? standard;
  if (!isAlgorithm(algorithm))
    throw new CommandError(
      EXIT.usage,
      `--signing-alg: unknown algorithm \`${algorithm}\``,
      `known: ${SIGNING_ALGORITHMS.join(', ')}`,
    );
  return {
    key: command === undefined ? readGiven('--signing-key', file ?? '') : commandSigner(command),
    algorithm,
    ...(flags.signingKeyId === undefined ? {} : { keyId: flags.signingKeyId }),
    ...(flags.scope === undefined ? {} : { scope: flags.scope }),
    ...(flags.claimsFile === undefined ? {} : { claims: readClaims(flags.claimsFile) }),
  };
}

function isAlgorithm(text: string): text is SigningAlgorithm {
  return (SIGNING_ALGORITHMS as readonly string[]).includes(text);
}

/** Keys are never taken from the command line itself: other users of the machine can read that. */
function readGiven(flag: string, file: string): string {
  if (!existsSync(file)) throw new CommandError(EXIT.badInput, `${flag}: there is no file ${file}`);
  return readFileSync(file, 'utf8');
}

function readClaims(file: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(readGiven('--claims-file', file));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>;
  } catch (error) {
    if (error instanceof CommandError) throw error;
  }
  throw new CommandError(EXIT.badInput, `--claims-file: ${file} holds no JSON object`);
}
