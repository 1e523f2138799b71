import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from './run-writ.ts';

const REGISTRY = ['/usr/bin/docker-registry', '/usr/local/bin/docker-registry'].find((path) =>
  existsSync(path),
);

/** Why no test can use a real registry here; undefined where one can. */
export const registryMissing =
  REGISTRY === undefined ? 'docker-registry is not installed: apt-get install docker-registry' : undefined;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A process that ends with the test at the latest. */
export function stopAfterTest(child: ChildProcess): ChildProcess {
  onTestFinished(() => endProcess(child));
  return child;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
}

/** A real OCI registry whose content outlives its process. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  stop(): Promise<void>;
  /** On the same port, with what was there. */
  start(): Promise<void>;
}

export async function startRegistry(folder: string): Promise<Registry> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const data = join(folder, 'registry');
  mkdirSync(data);
  const file = join(folder, 'registry.yml');
  writeFileSync(
    file,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${data} } }\nhttp: { addr: "${host}" }\n`,
  );
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = stopAfterTest(spawn(REGISTRY!, ['serve', file], { stdio: 'ignore' }));
    await eventually('the registry answers', async () => {
      const response = await fetch(`http://${host}/v2/`).catch(() => undefined);
      return response?.ok === true || undefined;
    });
  };
  await start();
  return { host, start, stop: () => (child === undefined ? Promise.resolve() : endProcess(child)) };
}
