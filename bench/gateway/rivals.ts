import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startGateway } from '../first-light/mcp.ts';
import type { Ground } from '../first-light/section.ts';
import { startProcess, startScript } from '../first-light/start-process.ts';
import { installGo, installNpm } from './install.ts';
import { connectLight } from './light-client.ts';

/** One way to the echo server. */
export interface Rival {
  readonly name: string;
  readonly url: string;
  readonly pid?: number;
  /** A product that does something like Writ's work, not a bound. */
  readonly peer?: boolean;
}

export interface Rivals {
  readonly rivals: readonly Rival[];
  /** What is not here, and how to get it. */
  readonly leftOut: readonly string[];
}

const SCRIPTS = join(import.meta.dirname, '../first-light');

/** Starts all that can be started. */
export async function startRivals(ground: Ground): Promise<Rivals> {
  const direct = await startScript(ground, join(SCRIPTS, 'echo-server.ts'));
  let proxyPid: number | undefined;
  const proxy = await startScript(ground, join(SCRIPTS, 'bare-proxy.ts'), direct, (pid) => {
    proxyPid = pid;
  });
  const gateway = await startGateway(ground, direct);
  const peers = await Promise.all([startMcpProxy(ground), startVmcp(ground, direct)]);
  return {
    rivals: [
      { name: 'direct', url: direct },
      { name: 'bare proxy', url: proxy, ...(proxyPid === undefined ? {} : { pid: proxyPid }) },
      { name: 'Writ', ...gateway },
      ...peers.flatMap((peer) => ('rival' in peer ? [peer.rival] : [])),
    ],
    leftOut: peers.flatMap((peer) => ('missing' in peer ? [peer.missing] : [])),
  };
}

type Peer = { readonly rival: Rival } | { readonly missing: string };

/** npm's `mcp-proxy`, which decides and records nothing, in front of the same server on stdio: it takes no other. */
async function startMcpProxy(ground: Ground): Promise<Peer> {
  const installed = await installNpm('mcp-proxy', '6.7.19', 'dist/bin/mcp-proxy.mjs');
  if ('missing' in installed) return { missing: `mcp-proxy: ${installed.missing}` };
  const port = await freePort();
  const listening = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'];
  const script = join(import.meta.dirname, 'echo-stdio.ts');
  const server = [process.execPath, '--disable-warning=ExperimentalWarning', script];
  const words = [installed.path, ...listening, '--', ...server];
  return startPeer(ground, 'mcp-proxy', [process.execPath, ...words], port);
}

/** ToolHive's gateway: a Cedar policy that allows, and an audit file that is not synced, before the same server. */
async function startVmcp(ground: Ground, upstream: string): Promise<Peer> {
  const installed = await installGo('github.com/stacklok/toolhive/cmd/vmcp', 'v0.47.0');
  if ('missing' in installed) return { missing: `ToolHive's vmcp: ${installed.missing}` };
  const port = await freePort();
  const folder = join(ground.folder, 'vmcp');
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'vmcp.yaml');
  // JSON is YAML too.
  writeFileSync(
    config,
    JSON.stringify({
      name: 'bench',
      groupRef: 'bench',
      backends: [{ name: 'echo', url: upstream, transport: 'streamable-http' }],
      incomingAuth: {
        type: 'anonymous',
        authz: { type: 'cedar', policies: ['permit(principal, action, resource);'] },
      },
      outgoingAuth: { source: 'inline', default: { type: 'unauthenticated' } },
      aggregation: {
        conflictResolution: 'prefix',
        conflictResolutionConfig: { prefixFormat: '{workload}_' },
      },
      audit: { enabled: true, component: 'bench', logFile: join(folder, 'audit.log') },
    }),
  );
  const words = ['serve', '--config', config, '--host', '127.0.0.1', '--port', String(port)];
  return startPeer(ground, "ToolHive's vmcp", [installed.path, ...words], port);
}

const ANSWERS_MS = 20_000;
const ASK_AGAIN_MS = 100;

/** Starts a peer and waits until it calls the tool; one that cannot is left out, with why. */
async function startPeer(
  ground: Ground,
  name: string,
  [command = '', ...words]: readonly string[],
  port: number,
): Promise<Peer> {
  let pid: number | undefined;
  const url = `http://127.0.0.1:${port}/mcp`;
  const ended = startProcess(ground, command, words, /$^/, (started) => {
    pid = started;
  }).then(
    () => 'ended',
    (error: Error) => error.message,
  );
  const from = performance.now();
  let why = 'does not answer';
  while (performance.now() - from < ANSWERS_MS) {
    try {
      const client = await connectLight(url);
      await client.call('db.read', { table: 'orders', row: 7 });
      await client.close();
      return { rival: { name, url, peer: true, ...(pid === undefined ? {} : { pid }) } };
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    const pause = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ASK_AGAIN_MS));
    const over = await Promise.race([ended, pause]);
    if (over !== undefined) return { missing: `${name}: ${over}` };
  }
  return { missing: `${name}: ${why}` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
