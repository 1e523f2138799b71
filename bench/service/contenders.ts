import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpa, isSkip, startWrit } from '@writ/testing';
import { freePort } from '../first-light/http.ts';
import { type Ground, requireSame, TUTORIAL } from '../first-light/section.ts';
import { startScript } from '../first-light/start-process.ts';
import { decideByHand, TUTORIAL_INPUTS, type TutorialInput } from '../first-light/tutorial.ts';
import { ask, rawRequest, type Target } from './load.ts';

/** Something that is asked the same, by one way. */
export interface Contender {
  readonly name: string;
  readonly target: Target;
  readonly requests: readonly Buffer[];
  /** Of the process that serves it. */
  readonly pid: number;
}

const DATA = '/v1/data/agent/tools/decision';
const ATTEMPTS_MAX = 500;

/**
 * A real service and a real OPA on one policy, each by TCP and by Unix socket; they give the same answers, checked first.
 * Beside them the limit of the runtime: a bare server that parses and answers a constant.
 */
export async function contenders(
  ground: Ground,
): Promise<
  | { readonly contenders: readonly Contender[] }
  | { readonly contenders: readonly Contender[]; readonly skip: string }
> {
  // Paths of sockets are short.
  const sockets = mkdtempSync(join(tmpdir(), 'writ-bs-'));
  ground.cleanup.push(() => rmSync(sockets, { recursive: true, force: true }));
  const writ = await startService(ground, join(sockets, 'writ.sock'));
  const opa = await startOpa(ground, join(sockets, 'opa.sock'));
  const bare = await startBare(ground, join(sockets, 'bare.sock'));
  const data = TUTORIAL_INPUTS.map((input) => rawRequest(DATA, { input }));
  const explain = TUTORIAL_INPUTS.map((input) => rawRequest('/v1/explain', nativeCall(input)));
  const of = (name: string, targets: Targets, requests: readonly Buffer[]): Contender[] => [
    { name: `${name}, TCP`, target: targets.tcp, requests, pid: targets.pid },
    { name: `${name}, Unix socket`, target: targets.unix, requests, pid: targets.pid },
  ];
  const all = [
    ...('skip' in opa ? [] : of('OPA', opa, data)),
    ...of('Writ without record', writ, explain),
    ...of('Writ with record', writ, data),
  ];
  for (const contender of all) await checkAnswers(contender);
  const whole = [...of('bare Node', bare, data), ...all];
  return 'skip' in opa ? { contenders: whole, skip: `the real OPA: ${opa.skip}` } : { contenders: whole };
}

async function checkAnswers({ name, target, requests }: Contender): Promise<void> {
  for (const [index, request] of requests.entries()) {
    const answer = JSON.parse((await ask(target, request)).body) as Record<string, unknown>;
    const right = decideByHand(TUTORIAL_INPUTS[index]!);
    if ('result' in answer) requireSame(name, answer['result'], right);
    else requireSame(name, answer['outcome'], right.outcome);
  }
}

interface Targets {
  readonly tcp: Target;
  readonly unix: Target;
  readonly pid: number;
}

async function startService(ground: Ground, socket: string): Promise<Targets> {
  const config = join(ground.folder, 'writ.yaml');
  writeFileSync(config, `listen:\n  socket: ${socket}\n`);
  const data = join(ground.folder, 'served');
  const service = await startWrit(['serve', '--config', config, '--bundle', TUTORIAL], data);
  ground.cleanup.push(() => service.stop());
  return {
    tcp: { port: Number(new URL(service.api).port) },
    unix: { path: socket },
    pid: service.child.pid!,
  };
}

async function startBare(ground: Ground, socket: string): Promise<Targets> {
  let pid = 0;
  const script = join(import.meta.dirname, 'bare-server.ts');
  const url = await startScript(ground, script, socket, (started) => {
    pid = started;
  });
  return { tcp: { port: Number(new URL(url).port) }, unix: { path: socket }, pid };
}

async function startOpa(ground: Ground, socket: string): Promise<Targets | { readonly skip: string }> {
  const binary = await findOpa();
  if (typeof binary !== 'string' && isSkip(binary)) return binary;
  const port = await freePort();
  const addresses = ['--addr', `127.0.0.1:${port}`, '--addr', `unix://${socket}`];
  // Without its line for each request, which would be work that nobody asked for.
  const args = ['run', '--server', ...addresses, '--log-level', 'error', '--disable-telemetry'];
  const child = spawn(binary, [...args, join(TUTORIAL, 'policy.rego')], { stdio: 'ignore' });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ground.cleanup.push(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const targets: Targets = { tcp: { port }, unix: { path: socket }, pid: child.pid! };
  const health = Buffer.from('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  for (const target of [targets.tcp, targets.unix]) {
    for (let attempt = 0; ; attempt += 1) {
      const answers = await ask(target, health).catch(() => undefined);
      if (answers?.status === 200) break;
      if (attempt === ATTEMPTS_MAX) throw new Error('OPA does not answer');
      await sleep(20);
    }
  }
  return targets;
}

/** The same question as the contract puts it. */
export function nativeCall({ tool, arguments: args, identity }: TutorialInput): {
  readonly request: object;
} {
  return {
    request: {
      principal: { id: identity.delegated_by, scopes: identity.scopes },
      actor: { id: identity.sub },
      action: { type: 'tool_call', phase: 'call', tool, args },
    },
  };
}
