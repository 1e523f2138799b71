import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWrit } from '@writ/testing';
import { Client } from 'undici';
import { freePort } from '../first-light/http.ts';
import type { Ground } from '../first-light/section.ts';
import { startProcess } from '../first-light/start-process.ts';
import { SIGNER, type Workload } from './workloads.ts';

/** A service that follows a published bundle and decides by it. */
export interface Contender {
  readonly name: string;
  /** Whether the workload's question is allowed now. */
  ask(): Promise<boolean>;
  /** MiB of the process that are resident now. */
  residentMebibytes(): number;
  /** What it says of itself where it does not do what it should. */
  notes(): string;
  stop(): Promise<void>;
}

const POLL_SECONDS = 1;

/** Writ with its record, as `npm start` has it. */
export async function startOurs(
  ground: Ground,
  { path, input }: Workload,
  url: string,
  name = 'Writ',
): Promise<Contender> {
  const config = join(ground.folder, `${name}-${Date.now()}.yaml`);
  const key = `${config}.pem`;
  writeFileSync(key, SIGNER.publicPem);
  const signature = { name: 'author', keys: { [SIGNER.keyId]: { algorithm: SIGNER.algorithm, file: key } } };
  const bundle = {
    name: 'bench',
    url,
    poll_seconds: POLL_SECONDS,
    allow: ['loopback'],
    signatures: [signature],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ bundles: [bundle] }));
  const service = await startWrit(['serve', '--config', config], `${config}.data`);
  const client = new Client(service.api);
  return {
    name,
    async ask() {
      const result = await post(client, `/v1/data/${path}`, { input });
      return (result as { result?: unknown }).result === true;
    },
    residentMebibytes: () => residentOf(service.child.pid!),
    notes: () => service.notes(),
    async stop() {
      await client.destroy();
      await service.stop('SIGKILL');
    },
  };
}

/** The real OPA, which records nothing. */
export async function startOpa(
  ground: Ground,
  binary: string,
  { path, input }: Workload,
  url: string,
): Promise<Contender> {
  const address = `127.0.0.1:${await freePort()}`;
  const { origin, pathname } = new URL(url);
  const config = join(ground.folder, `opa-${Date.now()}.json`);
  const polling = { min_delay_seconds: POLL_SECONDS, max_delay_seconds: POLL_SECONDS };
  writeFileSync(
    config,
    JSON.stringify({
      services: { publisher: { url: origin } },
      keys: { [SIGNER.keyId]: { algorithm: SIGNER.algorithm, key: SIGNER.publicPem } },
      bundles: {
        bench: {
          service: 'publisher',
          resource: pathname,
          polling,
          signing: { keyid: SIGNER.keyId },
          // The default, 1 GiB, is written down because what is measured is near it.
          size_limit_bytes: 1_073_741_824,
        },
      },
    }),
  );
  const pidOf = new Promise<number>((resolve) => {
    const own: Ground = { folder: ground.folder, cleanup: [] };
    const args = ['run', '--server', '--addr', address, '--disable-telemetry', '--config-file', config];
    void startProcess(own, 'sh', ['-c', `echo pid $$; exec "$0" "$@"`, binary, ...args], /pid (\d+)/).then(
      ([, pid]) => {
        ground.cleanup.push(...own.cleanup);
        resolve(Number(pid));
      },
    );
  });
  const pid = await pidOf;
  const base = `http://${address}`;
  const client = new Client(base);
  for (;;) {
    const ready = await client.request({ method: 'GET', path: '/health?bundles' }).catch(() => undefined);
    await ready?.body.dump();
    if (ready?.statusCode === 200) break;
    await sleep(20);
  }
  return {
    name: 'OPA',
    async ask() {
      const result = await post(client, `/v1/data/${path}`, { input });
      return (result as { result?: unknown }).result === true;
    },
    residentMebibytes: () => residentOf(pid),
    notes: () => '',
    async stop() {
      await client.destroy();
      process.kill(pid, 'SIGKILL');
    },
  };
}

async function post(client: Client, path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await client.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}

function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
