import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const LAUNCHER = join(import.meta.dirname, '../../cli/src/main.ts');
const START_TIMEOUT_MS = 60_000;

/** A `writ` service in a process of its own, on free ports. */
export interface RunningWrit {
  readonly api: string;
  readonly mcp: string | undefined;
  readonly data: string;
  readonly child: ChildProcess;
  /** What it wrote to standard error so far. */
  notes(): string;
  /** The operator's bearer token. */
  operatorToken(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `writ ARGS --addr 127.0.0.1:0 --data DATA` and waits until it serves; rejects with what it said otherwise. */
export function startWrit(args: readonly string[], data: string, cwd = process.cwd()): Promise<RunningWrit> {
  const words = [
    ...args,
    '--addr',
    '127.0.0.1:0',
    '--mcp-addr',
    '127.0.0.1:0',
    '--data',
    data,
    '--format',
    'json',
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', LAUNCHER, ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`writ ${words.join(' ')}: ${why}\n${stdout}${stderr}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code} before it served`));
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      const started = parseStart(stdout);
      if (started === undefined) return;
      clearTimeout(timer);
      resolve({
        ...started,
        data,
        child,
        notes: () => stderr,
        operatorToken: () => readFileSync(join(data, 'credentials/operator.token'), 'utf8').trim(),
        async stop(signal = 'SIGTERM') {
          child.kill(signal);
          await ended;
        },
      });
    });
  });
}

function parseStart(text: string): { api: string; mcp: string | undefined } | undefined {
  try {
    const { api, mcp } = JSON.parse(text) as { api?: string; mcp?: string };
    // An error is an object too.
    return api === undefined ? undefined : { api, mcp };
  } catch {
    return undefined;
  }
}
