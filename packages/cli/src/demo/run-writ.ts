import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/writ.mjs', import.meta.url));

/** Runs `writ` as a process of its own, as a person in another terminal would; `signal` ends it. */
export function runWrit(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Ended is only what has closed: it may still write until then.
    const end = (): void => void child.kill();
    signal.addEventListener('abort', end);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ status: 70, output: error.message }));
    child.on('close', (code) => {
      signal.removeEventListener('abort', end);
      resolve({ status: code ?? 70, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}
