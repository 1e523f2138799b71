import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { REPOSITORY, writArguments } from './run-writ.ts';

/** What `writ serve --format json` says when it serves. */
export interface Started {
  readonly api: string;
  readonly mcp?: string;
  readonly data: string;
  readonly role: 'owner' | 'client';
  readonly pid: number;
}

/** `writ serve` in a process of its own; killed with the test at the latest. */
export interface Serving extends Started {
  readonly child: ChildProcess;
  /** What it wrote to standard error so far. */
  notes(): string;
  operatorToken(): string;
  /** Ends it by a signal; gives its exit status, null where the signal killed it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `writ serve ARGS` and waits until it serves. */
export function startWrit(
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<Serving> {
  const child = spawn(process.execPath, writArguments(['serve', '--format', 'json', ...args]), {
    cwd: options.cwd ?? REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve, reject) => {
    void ended.then((status) =>
      reject(new Error(`ended with ${status} before it served\n${stdout}${stderr}`)),
    );
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      if (!stdout.endsWith('}\n')) return;
      const started = JSON.parse(stdout) as Started;
      resolve({
        ...started,
        child,
        notes: () => stderr,
        operatorToken: () => readFileSync(join(started.data, 'credentials/operator.token'), 'utf8').trim(),
        stop: (signal = 'SIGTERM') => {
          child.kill(signal);
          return ended;
        },
      });
    });
  });
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Sends one `POST /v1/decide` body. */
export async function ask(
  api: string,
  call: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${api}/v1/decide`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(call),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Asks a service for one decision on a request. */
export function decideOver(
  api: string,
  request: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(api, { request }, headers);
}
