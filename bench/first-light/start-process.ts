import { spawn } from 'node:child_process';
import type { Ground } from './section.ts';

const START_TIMEOUT_MS = 30_000;

/** Starts a process that ends with the bench, and waits until its output matches; gives the match. */
export function startProcess(
  ground: Ground,
  command: string,
  args: readonly string[],
  ready: RegExp,
  onStarted: (pid: number) => void = () => {},
): Promise<RegExpExecArray> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) onStarted(child.pid);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ground.cleanup.push(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${command} ${args.join(' ')} ${why}`));
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      const found = ready.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('close', () => fail(`ended: ${output}`));
  });
}

/** Starts a script of ours; it prints its URL. */
export async function startScript(
  ground: Ground,
  script: string,
  argument?: string,
  onStarted?: (pid: number) => void,
): Promise<string> {
  const args = argument === undefined ? [] : [argument];
  const words = ['--disable-warning=ExperimentalWarning', script, ...args];
  const [url] = await startProcess(ground, process.execPath, words, /http:\/\/\S+/, onStarted);
  return url;
}
