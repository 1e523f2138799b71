import { spawn } from 'node:child_process';
import { verify } from 'node:crypto';
import { LedgerError } from './ledger-error.ts';
import { parseVerifierKey } from './note.ts';
import type { CheckpointSigner } from './signer.ts';

/** A signer that another program is: a key management service, or a program of another user that holds the key. */
export interface CommandSignerOptions {
  /** The program and its arguments. It reads the text to be signed and writes the Ed25519 signature in base64. */
  readonly command: readonly [program: string, ...args: string[]];
  /** The public key in its text form; its name is the log's origin. */
  readonly verifierKey: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const OUTPUT_LENGTH_MAX = 4_096;
const SIGNATURE_BYTES = 64;

/**
 * Signs by a program, so that the private key never lies in this process. A signature that the public key does not
 * verify is refused here and not written anywhere. `sign` rejects with `LedgerError` `key_unreadable`.
 */
export function commandSigner(options: CommandSignerOptions): CheckpointSigner {
  const verifier = parseVerifierKey(options.verifierKey);
  if (verifier === undefined)
    throw new LedgerError(
      'key_invalid',
      'the public key of the signing command is not of the form `name+id+base64`',
    );
  const { name, keyId, key } = verifier;
  return {
    name,
    keyId,
    verifierKey: options.verifierKey.trim(),
    sign: async (data) => {
      const output = await run(options, data);
      const signature = Buffer.from(output.trim(), 'base64');
      if (signature.byteLength !== SIGNATURE_BYTES || !verify(null, data, key, signature))
        throw new LedgerError(
          'key_unreadable',
          'the signing command gave no signature of the configured key',
        );
      return signature;
    },
  };
}

function run({ command, timeoutMs = TIMEOUT_MS }: CommandSignerOptions, data: Uint8Array): Promise<string> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new LedgerError('key_unreadable', `the signing command ${why}`));
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(0, OUTPUT_LENGTH_MAX);
    });
    child.on('error', (cause) => fail(`does not start: ${cause.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else fail(signal === null ? `ended with status ${code}` : `ended by ${signal}`);
    });
    // One that ends without reading is told apart by its status.
    child.stdin.on('error', () => undefined).end(data);
  });
}
