import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpa, isSkip, startWrit } from '@writ/testing';
import { Client } from 'undici';
import { type Contender, compare, type Figure, inMilliseconds } from '../measure.ts';
import { type Ground, requireSame, type Section, TUTORIAL } from './section.ts';
import { startProcess } from './start-process.ts';
import { decideByHand, TUTORIAL_INPUTS, type TutorialInput } from './tutorial.ts';

const CALLS = 600;
const WARM_UP = 150;
const ATTEMPTS_MAX = 500;
const PATH = '/v1/data/agent/tools/decision';

/** One decision over HTTP, on a real service, beside a real OPA with the same policy. One connection, one in flight. */
export const http: Section = async (ground) => {
  const service = await startWrit(['serve', '--bundle', TUTORIAL], join(ground.folder, 'served'));
  ground.cleanup.push(() => service.stop());
  const opa = await startOpa(ground);
  const servers = {
    writ: open(ground, service.api),
    ...(typeof opa === 'string' ? { opa: open(ground, opa) } : {}),
  };
  for (const [name, client] of Object.entries(servers))
    for (const input of TUTORIAL_INPUTS)
      requireSame(name, await dataAnswer(client, input), decideByHand(input));

  const [input = TUTORIAL_INPUTS[0]!] = TUTORIAL_INPUTS;
  const contenders: Contender[] = Object.entries(servers).map(([name, client]) => ({
    name,
    run: () => dataAnswer(client, input),
  }));
  contenders.push({ name: 'native', run: () => post(servers.writ, '/v1/decide', nativeCall(input)) });
  const times = await compare(contenders, { rounds: CALLS, perRound: 1, warmUp: WARM_UP });

  const [native, writ] = [inMilliseconds(times.get('native')), inMilliseconds(times.get('writ'))];
  const figures: Figure[] = [
    { name: 'HTTP decision, POST /v1/decide, durable', ...native },
    { name: 'HTTP decision, POST /v1/data, durable', ...writ },
  ];
  if (typeof opa !== 'string') return { figures, leftOut: [`the real OPA over REST: ${opa.skip}`] };
  const rival = inMilliseconds(times.get('opa'));
  figures.push(
    { name: 'HTTP decision, OPA over REST (records nothing durable)', ...rival },
    { name: 'HTTP: POST /v1/data of Writ / of OPA', value: writ.value / rival.value, unit: 'x' },
  );
  return { figures, leftOut: [] };
};

async function startOpa(ground: Ground): Promise<string | { readonly skip: string }> {
  const binary = await findOpa();
  if (typeof binary !== 'string' && isSkip(binary)) return binary;
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const args = ['run', '--server', '--addr', address, '--disable-telemetry', join(TUTORIAL, 'policy.rego')];
  await startProcess(ground, binary, args, /"msg":"Initializing server/);
  const url = `http://${address}`;
  for (let attempt = 0; !(await answers(url)); attempt++) {
    if (attempt === ATTEMPTS_MAX) throw new Error('OPA does not answer');
    await sleep(20);
  }
  return url;
}

/** OPA does not say which port it took when it was asked for any. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new Client(url);
  try {
    const { statusCode, body } = await client.request({ method: 'GET', path: '/health' });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  } finally {
    await client.destroy();
  }
}

function open(ground: Ground, url: string): Client {
  const client = new Client(url);
  ground.cleanup.push(() => client.destroy());
  return client;
}

async function post(client: Client, path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await client.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}

async function dataAnswer(client: Client, input: TutorialInput): Promise<unknown> {
  return ((await post(client, PATH, { input })) as { result?: unknown }).result;
}

function nativeCall({ tool, arguments: args, identity }: TutorialInput): object {
  return {
    request: {
      principal: { id: identity.delegated_by, scopes: identity.scopes },
      actor: { id: identity.sub },
      action: { type: 'tool_call', phase: 'call', tool, args },
    },
  };
}
