import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { startWrit } from '@writ/testing';
import { compare, type Figure, inMilliseconds, type Spread } from '../measure.ts';
import { GroupCommitFile } from './group-commit-file.ts';
import { type Ground, REPOSITORY, requireSame, type Section, TUTORIAL } from './section.ts';
import { startScript } from './start-process.ts';

const CALLS = 400;
const WARM_UP = 100;
const RECORD_BYTES = 2_048;
/** What Writ may add: so many times what a bare proxy adds, and one sync. */
const PROXY_SHARE = 1.5;

/** One `tools/call` with a durable record through the gateway, beside the same call without Writ and a bare proxy. */
export const mcp: Section = async (ground) => {
  const overHttp = await httpFigures(ground);
  const overStdio = await stdioFigures(ground);
  return { figures: [...overHttp, ...overStdio], leftOut: [] };
};

async function httpFigures(ground: Ground): Promise<readonly Figure[]> {
  const direct = await startScript(ground, join(import.meta.dirname, 'echo-server.ts'));
  const proxy = await startScript(ground, join(import.meta.dirname, 'bare-proxy.ts'), direct);
  const gateway = (await startGateway(ground, direct)).url;
  const file = await GroupCommitFile.open(join(ground.folder, 'synced'));
  ground.cleanup.push(() => file.close());
  const record = new Uint8Array(RECORD_BYTES);
  const args = { table: 'orders', row: 7 };
  const callers = await Promise.all(
    Object.entries({ direct, proxy, gateway }).map(async ([name, url]) => {
      const client = await connectHttp(ground, url);
      const run = () => client.callTool({ name: 'db.read', arguments: args });
      requireSame(name, (await run()).content, [{ type: 'text', text: JSON.stringify(args) }]);
      return { name, run };
    }),
  );
  const times = await compare([...callers, { name: 'sync', run: () => file.append(record) }], {
    rounds: CALLS,
    perRound: 1,
    warmUp: WARM_UP,
  });
  const [bare, writ] = [added(times, 'proxy', 'direct'), added(times, 'gateway', 'direct')];
  const sync = inMilliseconds(times.get('sync'));
  return [
    { name: 'MCP tools/call over HTTP, direct', ...inMilliseconds(times.get('direct')) },
    { name: 'MCP tools/call, through a bare Node proxy', ...inMilliseconds(times.get('proxy')) },
    { name: 'MCP tools/call, through Writ, durable record', ...inMilliseconds(times.get('gateway')) },
    { name: 'MCP over HTTP: added by a bare Node proxy, p50', value: bare.median, unit: 'ms' },
    { name: 'MCP over HTTP: added by a bare Node proxy, p99', value: bare.p99, unit: 'ms' },
    { name: 'MCP over HTTP: added by Writ, p50', value: writ.median, unit: 'ms' },
    { name: 'MCP over HTTP: added by Writ, p99', value: writ.p99, unit: 'ms' },
    { name: 'MCP over HTTP: one append with fdatasync', ...sync },
    {
      name: 'MCP over HTTP: added by Writ / by a bare Node proxy',
      value: writ.median / bare.median,
      unit: 'x',
    },
    {
      name: `MCP over HTTP: added by Writ / (${PROXY_SHARE} bare proxies + one fdatasync)`,
      value: writ.median / (PROXY_SHARE * bare.median + sync.value),
      unit: 'x',
      goal: { atMost: 1 },
    },
  ];
}

async function stdioFigures(ground: Ground): Promise<readonly Figure[]> {
  const files = join(ground.folder, 'files');
  const bundle = join(ground.folder, 'files-policy');
  mkdirSync(files);
  mkdirSync(bundle);
  writeFileSync(join(files, 'note.txt'), 'One line.\n');
  writeFileSync(join(bundle, 'files.rego'), FILES_POLICY);
  writeFileSync(join(bundle, '.manifest'), JSON.stringify(FILES_MANIFEST));
  const server = [
    createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
    files,
  ];
  const writ = [
    '--disable-warning=ExperimentalWarning',
    join(REPOSITORY, 'packages/cli/src/main.ts'),
    ...['mcp', 'run', '--bundle', bundle, '--data', join(ground.folder, 'stdio'), '--', process.execPath],
  ];
  const callers = [];
  for (const [name, args] of Object.entries({ direct: server, gateway: [...writ, ...server] })) {
    const client = newClient(ground);
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
    const run = () =>
      client.callTool({ name: 'read_text_file', arguments: { path: join(files, 'note.txt') } });
    requireSame(name, (await run()).content, [{ type: 'text', text: 'One line.\n' }]);
    callers.push({ name, run });
  }
  const times = await compare(callers, { rounds: CALLS, perRound: 1, warmUp: WARM_UP });
  const through = added(times, 'gateway', 'direct');
  return [
    { name: 'MCP read_text_file over stdio, direct', ...inMilliseconds(times.get('direct')) },
    { name: 'MCP read_text_file over stdio, through Writ', ...inMilliseconds(times.get('gateway')) },
    { name: 'MCP over stdio: added by Writ, p50', value: through.median, unit: 'ms' },
    { name: 'MCP over stdio: added by Writ, p99', value: through.p99, unit: 'ms' },
  ];
}

const FILES_POLICY = `package bench.files

decision := {"allow": true, "reason": "reading"} if input.action.tool == "read_text_file"
`;
const FILES_MANIFEST = {
  revision: '1',
  roots: ['bench/files'],
  rego_version: 1,
  metadata: { writ: { entrypoints: [{ path: 'bench/files/decision', kind: 'grant', layer: 'resource' }] } },
};

/** Writ in front of this server, with the tutorial's policy. */
export async function startGateway(
  ground: Ground,
  upstream: string,
): Promise<{ readonly url: string; readonly pid?: number }> {
  const config = join(ground.folder, 'gateway.json');
  const document = {
    bundles: [{ name: 'tutorial', directory: TUTORIAL }],
    upstreams: { echo: { url: upstream } },
    anonymous: {
      principal: { id: 'user:ana', kind: 'user', scopes: ['read'] },
      actor: { id: 'agent:bench' },
    },
  };
  writeFileSync(config, JSON.stringify(document));
  const service = await startWrit(['serve', '--config', config], join(ground.folder, 'gateway'));
  ground.cleanup.push(() => service.stop());
  if (service.mcp === undefined) throw new Error('the service has no gateway');
  const { pid } = service.child;
  return { url: service.mcp, ...(pid === undefined ? {} : { pid }) };
}

function newClient(ground: Ground): Client {
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  ground.cleanup.push(() => client.close());
  return client;
}

/** A client of the official SDK, in the era that the server speaks. */
export async function connectHttp(ground: Ground, url: string): Promise<Client> {
  const client = newClient(ground);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

/** Milliseconds that `through` takes more than `direct`. */
function added(
  times: ReadonlyMap<string, Spread>,
  through: string,
  direct: string,
): { median: number; p99: number } {
  const [slow, fast] = [inMilliseconds(times.get(through)).spread, inMilliseconds(times.get(direct)).spread];
  return { median: slow.median - fast.median, p99: slow.p99 - fast.p99 };
}
