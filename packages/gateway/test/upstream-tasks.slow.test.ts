import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startNewerTaskServer } from './newer-task-server.ts';
import { newerMeta, openRawStdio, TASKS } from './raw-stdio.ts';
import { MODERN, startGateway, TOKENS, textOf, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow"}\n';

async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'writ-upstream-tasks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  const script = fileURLToPath(new URL('./fixtures/task-server.ts', import.meta.url));
  const { service, entries } = await startPoint({ rego: ALLOW });
  const upstream = { id: 'tasks', command: process.execPath, args: [script], env: { LOG: log } };
  const started = await startGateway(service, [upstream], { limits: { taskAfterMs: 50 } });
  const asked = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  return { ...started, entries, asked, file: join(folder, 'go') };
}

describe('a server that keeps tasks itself', () => {
  it.each([['legacy' as const], [MODERN]])(
    '[P-GATEWAY-TASKS] gives its result to a client that keeps none, by one decision, client era %j',
    async (era) => {
      const { connect, asked, entries, file } = await open();
      const client = await connect(era);
      const call = client.callTool({ name: 'slow', arguments: { file } });
      await until(() => asked().includes('tasks/get'));
      await writeFile(file, '');
      expect(textOf(await call)).toBe('slow result null');
      expect(asked().at(-1)).toBe('tasks/result');
      const kinds = (await entries()).map(({ core }) => `${core.kind} ${core.event ?? core.phase}`);
      expect(kinds).toEqual(['decision call', 'result succeeded']);
    },
  );

  it('[P-GATEWAY-TASKS] stands behind a task of the gateway, whose cancelling it hears of, over stdio', async () => {
    const { gateway, asked, file } = await open();
    const stdio = openRawStdio(gateway);
    const keeps = newerMeta({ extensions: { [TASKS]: {} } });
    const created = await stdio.ask(1, 'tools/call', { name: 'slow', arguments: { file }, ...keeps });
    expect(created.result).toMatchObject({ resultType: 'task', status: 'working' });
    const { taskId } = created.result;
    expect(taskId).not.toContain('upstream');
    await until(() => asked().includes('tasks/get'));
    expect((await stdio.ask(2, 'tasks/cancel', { taskId, ...keeps })).result).toMatchObject({
      resultType: 'complete',
    });
    await until(() => asked().includes('tasks/cancel'));
  });

  it('[P-GATEWAY-TASKS] asks its client while it works', async () => {
    const { url, file, entries } = await open();
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: 'legacy' }, capabilities: { elicitation: { form: {} } } },
    );
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ana' } }));
    const headers = { Authorization: `Bearer ${TOKENS.alice}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    onTestFinished(() => client.close());
    await writeFile(file, '');
    const done = await client.callTool({ name: 'slow', arguments: { file, ask: true } });
    expect(textOf(done)).toBe('slow result {"name":"Ana"}');
    const types = (await entries()).flatMap(({ core }) =>
      core.kind === 'decision' ? [core.action_type] : [],
    );
    expect(types).toEqual(['tool_call', 'elicitation']);
  });
});

describe('a server of the newer era that keeps tasks', () => {
  async function openNewer() {
    const server = await startNewerTaskServer();
    const { service, entries } = await startPoint({ rego: ALLOW });
    const started = await startGateway(service, [{ id: 'newer', url: server.url }], {
      limits: { taskAfterMs: 50 },
    });
    return { ...started, server, entries };
  }

  it.each([['legacy' as const], [MODERN]])(
    '[P-GATEWAY-TASKS] gives its result to a client that keeps none, by one decision, client era %j',
    async (era) => {
      const { connect, server, entries } = await openNewer();
      const call = (await connect(era)).callTool({ name: 'slow', arguments: {} });
      await until(() => server.asked.includes('tasks/get'));
      server.go();
      expect(textOf(await call)).toBe('slow result null');
      const kinds = (await entries()).map(({ core }) => `${core.kind} ${core.event ?? core.phase}`);
      expect(kinds).toEqual(['decision call', 'result succeeded']);
    },
  );

  it.each(['legacy', 'modern'])(
    '[P-GATEWAY-TASKS] asks the client by decisions, and hears what the output policy lets pass, client era %s',
    async (era) => {
      const { url, server, entries } = await openNewer();
      server.go();
      const client = new Client({ name: 'test', version: '1' }, {
        versionNegotiation: { mode: era === 'legacy' ? 'legacy' : MODERN },
        capabilities: { elicitation: { form: {} } },
      } as ConstructorParameters<typeof Client>[1]);
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ana' } }));
      const headers = { Authorization: `Bearer ${TOKENS.alice}` };
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
      onTestFinished(() => client.close());
      const done = await client.callTool({ name: 'slow', arguments: { ask: true } });
      expect(textOf(done)).toBe('slow result {"name":"Ana"}');
      expect(server.asked.filter((method) => method === 'tasks/update')).toHaveLength(1);
      const types = (await entries()).flatMap(({ core }) =>
        core.kind === 'decision' ? [core.action_type] : [],
      );
      expect(types).toContain('elicitation');
    },
  );

  it('[P-GATEWAY-TASKS] that fails is a failed call; one that is cancelled is cancelled there', async () => {
    const failing = await openNewer();
    failing.server.go();
    const failed = await (await failing.connect(MODERN)).callTool({
      name: 'slow',
      arguments: { fail: true },
    });
    expect(textOf(failed)).toBe('TOOL_FAILED: it failed');
    const { gateway, server } = await openNewer();
    const stdio = openRawStdio(gateway);
    const keeps = newerMeta({ extensions: { [TASKS]: {} } });
    const { result } = await stdio.ask(1, 'tools/call', { name: 'slow', arguments: {}, ...keeps });
    expect(result).toMatchObject({ resultType: 'task' });
    expect(result.taskId).not.toBe('kept-1');
    await until(() => server.asked.includes('tasks/get'));
    await stdio.ask(2, 'tasks/cancel', { taskId: result.taskId, ...keeps });
    await until(() => server.asked.includes('tasks/cancel'));
  });
});
