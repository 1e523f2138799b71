import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Action, Decision } from '@writ/decision';
import { LEDGER_PROCEDURES } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  loadPolicies,
  renderLoadFailure,
} from '@writ/pdp';
import { openStore } from '@writ/store';
import { expect, it, onTestFinished } from 'vitest';
import { ALICE, startGateway } from './start-gateway.ts';

const EVERYTHING = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-everything/dist/index.js',
);

/** Small sums for everybody. No tool, server, program or URL is named here. */
const POLICY = `package access

default allow := false

allow if {
	input.action.capability == "figures.add"
	input.action.operation == "read"
	input.action.amount <= 100
}
`;

const SAME = { id: 'figures.add', operation: 'read' };
/** One capability by three adapters; how a call of each looks is the tool's part, not the policy's. */
const ADAPTERS = {
  mcp: { ...SAME, adapter: 'mcp', servers: ['web'], tools: { allow: ['get-sum'] }, amount: '/a' },
  http: {
    ...SAME,
    adapter: 'http',
    endpoint: 'https://sums.example/v1',
    methods: ['POST'],
    paths: ['/sums'],
    amount: '/body/first',
  },
  cli: {
    ...SAME,
    adapter: 'cli',
    tools: { allow: ['shell'] },
    programs: { allow: ['expr'] },
    amount: '/first',
  },
} as const;
type Name = keyof typeof ADAPTERS;

const CALLS: Readonly<Record<Name, (amount: number) => Action>> = {
  mcp: (amount) => ({
    type: 'tool_call',
    phase: 'call',
    server: 'web',
    tool: 'get-sum',
    args: { a: amount, b: 2 },
  }),
  http: (amount) => ({
    type: 'http_request',
    phase: 'call',
    destination: { scheme: 'https', host: 'sums.example', port: 443 },
    args: { method: 'POST', path: '/v1/sums', body: { first: amount } },
  }),
  cli: (amount) => ({
    type: 'tool_call',
    phase: 'call',
    tool: 'shell',
    args: { command: `expr ${amount} + 2`, first: amount },
  }),
};

function bundle(folder: string, name: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

it('[P-REGISTRY-ADAPTERS] a tool moves from MCP to HTTP and to a command line, and its policy stays byte for byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-moves-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const manifest = (roots: readonly string[], entrypoints: readonly object[]) =>
    JSON.stringify({ roots, rego_version: 1, metadata: { writ: { entrypoints } } });
  const when = { types: ['tool_call', 'http_request'], capabilities: ['figures.add'] };
  const policy = bundle(folder, 'policy', {
    'access.rego': POLICY,
    '.manifest': manifest(['access'], [{ path: 'access/allow', kind: 'grant', when }]),
  });
  const engine = createRegoEngine();
  const load = async (name: Name) => {
    const registry = bundle(folder, 'registry', {
      'data.json': JSON.stringify({ writ: { registry: { capabilities: [ADAPTERS[name]] } } }),
      '.manifest': manifest(['writ/registry'], []),
    });
    const loaded = await loadPolicies(
      [policy, registry].map((path) => ({ kind: 'path' as const, path })),
      engine,
    );
    if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
    return loaded.set;
  };
  const store = await openStore({
    directory: join(folder, 'data'),
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES],
  });
  const source = createPolicySource(await load('mcp'));
  const point = createDecisionPoint({ store, policies: source, limits: { decisionMs: 30_000 } });
  onTestFinished(async () => {
    await point.close();
    await store.close();
    await engine.close();
  });
  const ask = (action: Action): Promise<Decision> => point.decide({ request: { ...ALICE, action } });
  const digests: (string | undefined)[][] = [];

  for (const name of ['mcp', 'http', 'cli'] as const) {
    if (name !== 'mcp') source.swap(await load(name));
    const small = await ask(CALLS[name](5));
    expect(small, name).toMatchObject({ outcome: 'allow', effect: 'proceed' });
    expect(await ask(CALLS[name](500)), name).toMatchObject({ outcome: 'deny', reason: 'no_grant' });
    // Whatever it was before is nothing now.
    for (const other of ['mcp', 'http', 'cli'] as const)
      if (other !== name) expect(await ask(CALLS[other](5)), other).toMatchObject({ effect: 'refuse' });
    const { bundles } = small.metadata;
    digests.push([bundles?.['policy']?.digest, bundles?.['registry']?.digest]);
  }
  expect(digests[0]?.[0]).toMatch(/^sha256:/);
  expect(new Set(digests.map(([of]) => of)).size).toBe(1);
  expect(new Set(digests.map(([, of]) => of)).size).toBe(3);

  // The same through the gateway, at a real server: before, and after the tool has moved away.
  const { connect } = await startGateway(point, [
    { id: 'web', command: process.execPath, args: [EVERYTHING, 'stdio'] },
  ]);
  const client = await connect('legacy');
  const sum = (a: number) => client.callTool({ name: 'get-sum', arguments: { a, b: 2 } });
  source.swap(await load('mcp'));
  expect(JSON.stringify(await sum(5))).toContain('7');
  expect(await sum(500)).toMatchObject({ isError: true });
  source.swap(await load('http'));
  expect(JSON.stringify(await sum(5).catch((error: Error) => error.message))).not.toContain('is 7');
  expect(await ask(CALLS.http(5))).toMatchObject({ effect: 'proceed' });
});
