import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/writ.mjs', import.meta.url));

/** Runs `writ` as a process of its own, as a person in another terminal would. */
export function runWrit(
  args: readonly string[],
): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ status: 70, output: error.message }));
    child.on('close', (code) =>
      resolve({ status: code ?? 70, output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}
