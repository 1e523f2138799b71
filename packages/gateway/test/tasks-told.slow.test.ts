import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newerMeta, openRawStdio, type RawMessage, TASKS } from './raw-stdio.ts';
import { fixtureUpstream, LEGACY_HEADERS, post, startGateway, TOKENS, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

/** Of a task of `hang` nobody may hear. */
const POLICY = `package agent

decision := {"outcome": "deny", "reason": "not_to_be_heard"} if {
	input.action.operation == "notifications/tasks"
	input.action.args.tool == "hang"
} else := {"outcome": "allow"}
`;
const KEEPS = newerMeta({ extensions: { [TASKS]: {} } });
const VERSION = '2026-07-28';

async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'writ-tasks-told-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { service, entries } = await startPoint({ rego: POLICY });
  const started = await startGateway(service, [fixtureUpstream()], { limits: { taskAfterMs: 1 } });
  return { ...started, entries, file: join(folder, 'go') };
}

/** Opens a stream over HTTP and gives what comes, and its status. */
function listen(url: string, notifications: object, meta: object = KEEPS, token = TOKENS.alice) {
  const came: RawMessage[] = [];
  let text = '';
  const status = new Promise<number>((resolve, reject) => {
    const request = httpRequest(url, {
      method: 'POST',
      headers: {
        ...LEGACY_HEADERS,
        authorization: `Bearer ${token}`,
        'mcp-protocol-version': VERSION,
        'mcp-method': 'subscriptions/listen',
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      resolve(response.statusCode ?? 0);
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
          if (data !== undefined) came.push(JSON.parse(data));
          text = text.slice(end + 2);
        }
      });
    });
    const params = { notifications, ...meta };
    request.end(JSON.stringify({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params }));
    onTestFinished(() => {
      request.on('error', () => undefined);
      request.destroy();
    });
  });
  return { came, status };
}

async function begin(url: string, name: string, args: object): Promise<string> {
  const params = { name, arguments: args, ...KEEPS };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': name };
  return JSON.parse((await post(url, JSON.stringify(message), headers)).text).result.taskId;
}

describe('what becomes of a task, in the newer era', () => {
  it('[P-GATEWAY-TASKS] is told over HTTP on a stream of its owner, whole, after a decision each time', async () => {
    const { url, entries, file } = await open();
    const taskId = await begin(url, 'wait', { file });
    const hanging = await begin(url, 'hang', {});
    const alice = listen(url, { taskIds: [taskId, hanging, 'task-other'], toolsListChanged: true });
    const bob = listen(url, { taskIds: [taskId] }, KEEPS, TOKENS.bob);
    expect([await alice.status, await bob.status]).toEqual([200, 200]);
    await until(() => alice.came.length === 1 && bob.came.length === 1);
    expect(alice.came[0]).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true, taskIds: [taskId] } },
    });
    expect(bob.came[0].params.notifications).toEqual({});
    await writeFile(file, '');
    await until(() => alice.came.length === 2);
    expect(alice.came[1]).toMatchObject({
      method: 'notifications/tasks',
      params: {
        taskId,
        status: 'completed',
        result: { content: [{ text: 'went on' }] },
        _meta: { 'io.modelcontextprotocol/subscriptionId': 'l' },
      },
    });
    expect(bob.came).toHaveLength(1);
    expect(JSON.stringify((await entries()).map(({ fields }) => fields))).toContain('notifications/tasks');
  });

  it('[P-GATEWAY-TASKS] is not told a client that keeps none, nor one whose headers disagree', async () => {
    const { url, gateway } = await open();
    const undeclared = listen(url, { taskIds: ['task-x'] }, newerMeta());
    expect(await undeclared.status).toBe(400);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { taskIds: [] }, ...KEEPS },
    });
    const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/list' };
    const wrong = await post(url, body, headers);
    expect([wrong.status, JSON.parse(wrong.text).error.code]).toEqual([400, -32_020]);
    const stdio = openRawStdio(gateway);
    const params = { notifications: { taskIds: ['task-x'] }, ...newerMeta() };
    expect((await stdio.ask('l', 'subscriptions/listen', params)).error.code).toBe(-32_021);
  });

  it('[P-GATEWAY-TASKS] is told over stdio too, until the client takes it back', async () => {
    const { gateway, file } = await open();
    const stdio = openRawStdio(gateway);
    const begun = async (id: number, at: string) =>
      (await stdio.ask(id, 'tools/call', { name: 'wait', arguments: { file: at }, ...KEEPS })).result.taskId;
    const [one, two] = [await begun(1, file), await begun(2, `${file}-2`)];
    const params = { notifications: { taskIds: [one, two] }, ...KEEPS };
    stdio.write({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params });
    const acknowledged = await stdio.find(({ method }) => method?.endsWith('acknowledged'));
    expect(acknowledged.params.notifications).toEqual({ taskIds: [one, two] });
    await writeFile(file, '');
    const told = await stdio.find(({ method }) => method === 'notifications/tasks');
    expect(told.params).toMatchObject({ taskId: one, status: 'completed' });
    stdio.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'l' } });
    await writeFile(`${file}-2`, '');
    await until(
      async () =>
        (await stdio.ask(`g${Math.random()}`, 'tasks/get', { taskId: two, ...KEEPS })).result.status ===
        'completed',
    );
    expect(stdio.came.filter(({ method }) => method === 'notifications/tasks')).toHaveLength(1);
  });
});

describe('what becomes of a task, in the older era', () => {
  it('[P-GATEWAY-TASKS] is told the session that asked for it, over stdio and HTTP: only how it stands', async () => {
    const about = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    const { gateway, url, file } = await open();
    const stdio = openRawStdio(gateway);
    await stdio.ask('i', 'initialize', about);
    stdio.write({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const created = await stdio.ask(1, 'tools/call', { name: 'wait', arguments: { file }, task: {} });
    const { taskId } = created.result.task;
    await writeFile(file, '');
    const told = await stdio.find(({ method }) => method === 'notifications/tasks/status');
    expect(told.params).toMatchObject({ taskId, status: 'completed', ttl: expect.any(Number) });
    expect(JSON.stringify(told)).not.toContain('went on');

    const say = (id: unknown, method: string, params: object) =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const begun = await post(url, say(1, 'initialize', about));
    const headers = {
      'mcp-session-id': String(begun.headers['mcp-session-id']),
      'mcp-protocol-version': '2025-11-25',
    };
    const text = new Promise<string>((resolve, reject) => {
      let came = '';
      const stream = httpRequest(url, {
        headers: { ...LEGACY_HEADERS, accept: 'text/event-stream', ...headers },
      });
      stream.on('error', () => undefined);
      stream.on('response', (response) =>
        response.on('error', reject).on('data', (chunk: Buffer) => {
          came += chunk.toString();
          if (came.includes('notifications/tasks/status')) resolve(came);
        }),
      );
      stream.end();
      onTestFinished(() => void stream.destroy());
    });
    text.catch(() => undefined);
    const other = `${file}-http`;
    const call = say(2, 'tools/call', { name: 'wait', arguments: { file: other }, task: {} });
    const task = JSON.parse((await post(url, call, headers)).text).result.task;
    await writeFile(other, '');
    expect(await text).toContain(task.taskId);
  });
});
