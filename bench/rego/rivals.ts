import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpa, isSkip, type Oracle, startOracle } from '@writ/testing';
import { Client } from 'undici';
import { freePort } from '../first-light/http.ts';
import type { Ground } from '../first-light/section.ts';
import type { Case } from './cases.ts';

/** Something that decides as the engine does, asked one input after another. */
export interface Rival {
  readonly name: string;
  answer(input: unknown): unknown;
}

/** The real OPA in its ways; each absent where it cannot run here, with the reason in `leftOut`. */
export interface Rivals {
  readonly oracle: Oracle | undefined;
  readonly opa: string | undefined;
  readonly leftOut: readonly string[];
}

export async function findRivals(ground: Ground): Promise<Rivals> {
  const oracle = await startOracle();
  const opa = await findOpa();
  const leftOut: string[] = [];
  if (isSkip(oracle)) leftOut.push(`OPA in process: ${oracle.skip}`);
  else ground.cleanup.push(() => oracle.stop());
  if (typeof opa !== 'string') leftOut.push(`OPA over REST and as Wasm: ${opa.skip}`);
  return {
    oracle: isSkip(oracle) ? undefined : oracle,
    opa: typeof opa === 'string' ? opa : undefined,
    leftOut,
  };
}

/** Writes a case's modules and data as a folder that OPA's commands take; gives the paths. */
export function writeCase(ground: Ground, one: Case): readonly string[] {
  const folder = join(ground.folder, one.name.replace(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const paths = Object.entries(one.modules).map(([file, text]) => {
    const path = join(folder, file);
    writeFileSync(path, text);
    return path;
  });
  if (Object.keys(one.data).length > 0) {
    const path = join(folder, 'data.json');
    writeFileSync(path, JSON.stringify(one.data));
    paths.push(path);
  }
  return paths;
}

/** What of `@open-policy-agent/opa-wasm` is used. */
interface WasmPolicy {
  setData(data: unknown): void;
  evaluate(input: unknown): readonly { readonly result: unknown }[];
}
type LoadPolicy = (wasm: Uint8Array, memory?: { initial: number }) => Promise<WasmPolicy>;

const WASM_PAGES = 512;

export interface WasmRival extends Rival {
  /** `opa build -t wasm`. */
  readonly buildMs: number;
  /** Loading the module and its data. */
  readonly loadMs: number;
}

/** The official module: built by the Go tool, run on Node. */
export async function startWasm(opa: string, paths: readonly string[], one: Case): Promise<WasmRival> {
  const folder = dirname(paths[0]!);
  const bundle = join(folder, 'wasm.tar.gz');
  const modules = paths.filter((path) => path.endsWith('.rego'));
  const built = performance.now();
  execFileSync(opa, ['build', '-t', 'wasm', '-e', one.path, '-o', bundle, ...modules]);
  const buildMs = performance.now() - built;
  execFileSync('tar', ['-xzf', bundle, '-C', folder, '/policy.wasm'], { stdio: 'pipe' });
  const { loadPolicy } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as {
    readonly loadPolicy: LoadPolicy;
  };
  const started = performance.now();
  const policy = await loadPolicy(readFileSync(join(folder, 'policy.wasm')), { initial: WASM_PAGES });
  policy.setData(one.data);
  const loadMs = performance.now() - started;
  const encoder = new TextEncoder();
  // Text goes in as bytes: a string would be taken for the input itself.
  const given = (input: unknown): unknown =>
    typeof input === 'string' ? encoder.encode(input).buffer : input;
  return { name: 'opa-wasm', answer: (input) => policy.evaluate(given(input))[0]?.result, buildMs, loadMs };
}

const ATTEMPTS_MAX = 1_500;

/** One OPA server, over a Unix socket and over TCP; one connection each, one question in flight. */
export async function startServer(
  ground: Ground,
  opa: string,
  paths: readonly string[],
  one: Case,
): Promise<{ readonly rivals: readonly Rival[]; stop(): Promise<void> }> {
  const socket = join(dirname(paths[0]!), 'opa.sock');
  const address = `127.0.0.1:${await freePort()}`;
  const listen = ['--addr', `unix://${socket}`, '--addr', address];
  // Not at its usual level: a line of log for each request would be part of what is measured.
  const quiet = ['--disable-telemetry', '--log-level', 'error'];
  const child = spawn(opa, ['run', '--server', ...listen, ...quiet, ...paths], { stdio: 'ignore' });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    await Promise.all(Object.values(clients).map((client) => client.destroy()));
    child.kill('SIGKILL');
    await closed;
  };
  ground.cleanup.push(stop);
  const clients = {
    'OPA over REST, Unix socket': new Client('http://localhost', { socketPath: socket }),
    'OPA over REST, TCP': new Client(`http://${address}`),
  };
  const rivals = Object.entries(clients).map(([name, client]) => ({
    name,
    answer: (input: unknown) => ask(client, one.path, input),
  }));
  for (const client of Object.values(clients)) {
    for (let attempt = 0; !(await isReady(client)); attempt++) {
      if (attempt === ATTEMPTS_MAX) throw new Error('OPA does not answer');
      await sleep(20);
    }
  }
  return { rivals, stop };
}

async function isReady(client: Client): Promise<boolean> {
  try {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/health' });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

async function ask(client: Client, path: string, input: unknown): Promise<unknown> {
  const { statusCode, body } = await client.request({
    method: 'POST',
    path: `/v1/data/${path}`,
    headers: { 'content-type': 'application/json' },
    body: typeof input === 'string' ? `{"input":${input}}` : JSON.stringify({ input }),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  return (JSON.parse(text) as { readonly result?: unknown }).result;
}
