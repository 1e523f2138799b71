import { spawn } from 'node:child_process';
import type { ExternalSigner } from '@writ/bundle';
import { CommandError, EXIT } from '../exit-status.ts';

const TIMEOUT_MS = 60_000;

/**
 * Signs by a program, so that the key can stay in a key service: `openssl dgst -sha256 -sign key.pem` in a script, or a
 * KMS client. It gets the bytes to be signed on standard input and writes the signature in base64; ECDSA in DER.
 */
export function commandSigner(words: string): ExternalSigner {
  const [program = '', ...args] = words.trim().split(/\s+/);
  return async (bytes) => {
    const text = await run(program, args, bytes);
    const compact = text.replace(/\s+/g, '');
    if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact))
      throw new CommandError(
        EXIT.unavailable,
        `--signing-command: \`${program}\` wrote no signature in base64`,
      );
    return Buffer.from(compact, 'base64');
  };
}

function run(program: string, args: readonly string[], input: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(new CommandError(EXIT.unavailable, `--signing-command: \`${program}\` ${why}`));
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: TIMEOUT_MS });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.once('error', (error) => failed(`cannot be started (${(error as NodeJS.ErrnoException).code})`));
    child.once('close', (status) => (status === 0 ? resolve(text) : failed(`ended with status ${status}`)));
    // A program that reads nothing and ends is judged by how it ended.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
