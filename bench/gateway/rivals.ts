import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { startGateway } from '../first-light/mcp.ts';
import type { Ground } from '../first-light/section.ts';
import { startProcess, startScript } from '../first-light/start-process.ts';

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
  const mcpProxy = await startMcpProxy(ground);
  return {
    rivals: [
      { name: 'direct', url: direct },
      { name: 'bare proxy', url: proxy, ...(proxyPid === undefined ? {} : { pid: proxyPid }) },
      { name: 'Writ', ...gateway },
      ...(mcpProxy === undefined ? [] : [mcpProxy]),
    ],
    leftOut: [
      ...(mcpProxy === undefined ? [`mcp-proxy: npm install --no-save ${MCP_PROXY}`] : []),
      "ToolHive's vmcp: this bench does not start it",
    ],
  };
}

const MCP_PROXY = 'mcp-proxy@6.7.19';

/** npm's `mcp-proxy`, which decides and records nothing, in front of the same server on stdio: it takes no other. */
async function startMcpProxy(ground: Ground): Promise<Rival | undefined> {
  let program: string;
  try {
    const manifest = createRequire(import.meta.url).resolve('mcp-proxy');
    program = join(dirname(manifest), 'bin/mcp-proxy.mjs');
  } catch {
    return undefined;
  }
  const port = await freePort();
  const server = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'echo-stdio.ts'),
  ];
  const words = [
    program,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--server',
    'stream',
    '--',
    ...server,
  ];
  let pid: number | undefined;
  await startProcess(ground, process.execPath, words, /starting server|listening|started/i, (started) => {
    pid = started;
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  return { name: 'mcp-proxy', url, peer: true, ...(pid === undefined ? {} : { pid }) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
