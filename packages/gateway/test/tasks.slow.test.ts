import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DECISION_META_KEY } from '../src/index.ts';
import { ALICE, fixtureUpstream, post, startGateway, TOKENS, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const VERSION = '2026-07-28';
const TASKS = 'io.modelcontextprotocol/tasks';

/** Who may do what with tasks; a result that holds `secret` is held back. */
const POLICY = `package agent

decision := {"outcome": "escalate", "reason": "ask_a_person"} if {
	input.action.type == "tool_call"
	input.action.args.ask
} else := {"outcome": "deny", "reason": "not_yours_to_stop"} if {
	input.action.operation == "tasks/cancel"
	input.action.args.tool == "hang"
} else := {"outcome": "allow"}

output := {"outcome": "sanitize", "reason": "hidden", "obligations": [{"type": "redact", "properties": {"pointers": ["/content/0/text", "/structured"]}}]} if {
	contains(json.marshal(input.result), "secret")
} else := true
`;

/** `afterMs`: from when on a call becomes a task; 1 makes every call one. */
async function open(afterMs = 1) {
  const { service, entries } = await startPoint({
    rego: POLICY,
    entrypoints: [
      { path: 'agent/decision', kind: 'grant', when: { phases: ['call', 'list'] } },
      { path: 'agent/output', kind: 'guard', when: { phases: ['result'], types: ['tool_call'] } },
    ],
  });
  const started = await startGateway(service, [fixtureUpstream()], {
    limits: { tasksPerCaller: 3, taskAfterMs: afterMs },
  });
  const folder = await mkdtemp(join(tmpdir(), 'writ-tasks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { ...started, service, entries, file: join(folder, 'go') };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are read by what the test says of them
type Answer = { readonly result?: any; readonly error?: any };

/** One request of the newer era; `extensions`: what its client declares. */
async function newer(url: string, method: string, params: Record<string, unknown>, more: object = {}) {
  const {
    token = TOKENS.alice,
    extensions = { [TASKS]: {} },
    headers = {},
  } = more as {
    token?: string;
    extensions?: object;
    headers?: Record<string, string>;
  };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': { extensions },
  };
  const answer = await post(
    url,
    JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
    {
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      'mcp-name': String(params['name'] ?? params['taskId']),
      authorization: `Bearer ${token}`,
      ...headers,
    },
  );
  return { status: answer.status, ...(JSON.parse(answer.text) as Answer) };
}

async function older(url: string, method: string, params: object, token = TOKENS.alice): Promise<Answer> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  return JSON.parse((await post(url, body, { authorization: `Bearer ${token}` })).text);
}

describe('tasks of the newer era', () => {
  it('[P-GATEWAY-TASKS] a call that takes long becomes one, and what it comes to is told to who asked', async () => {
    const { url: patient } = await open(60_000);
    const quick = await newer(patient, 'tools/call', { name: 'echo', arguments: {} });
    expect(quick.result).toMatchObject({ resultType: 'complete', content: [{ text: '{}' }] });
    const { url, file, entries } = await open();
    const { result: created } = await newer(url, 'tools/call', { name: 'wait', arguments: { file } });
    expect(created).toMatchObject({ resultType: 'task', status: 'working', ttlMs: expect.any(Number) });
    const { taskId } = created;
    const working = await newer(url, 'tasks/get', { taskId });
    expect(working.result).toMatchObject({ resultType: 'complete', taskId, status: 'working' });
    expect(working.result.result).toBeUndefined();
    await writeFile(file, '');
    await until(async () => (await newer(url, 'tasks/get', { taskId })).result.status !== 'working');
    const done = await newer(url, 'tasks/get', { taskId });
    expect(done.result).toMatchObject({ status: 'completed', result: { content: [{ text: 'went on' }] } });
    const asked = (await entries()).filter(
      ({ core, fields }) => core.kind === 'decision' && JSON.stringify(fields).includes('tasks/get'),
    );
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });

  it('[P-GATEWAY-TASKS] nobody else has it: not another caller, not a client that keeps none, not under another header', async () => {
    const { url, file } = await open();
    const { result } = await newer(url, 'tools/call', { name: 'wait', arguments: { file } });
    const { taskId } = result;
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      const stranger = await newer(url, method, { taskId }, { token: TOKENS.bob });
      expect(stranger.error).toMatchObject({
        code: -32_602,
        message: expect.stringContaining('task_unknown'),
      });
      const undeclared = await newer(url, method, { taskId }, { extensions: {} });
      expect([undeclared.status, undeclared.error.code]).toEqual([400, -32_021]);
      const mismatch = await newer(url, method, { taskId }, { headers: { 'mcp-name': 'task-other' } });
      expect([mismatch.status, mismatch.error.code]).toEqual([400, -32_020]);
    }
    for (const method of ['tasks/list', 'tasks/result']) {
      expect((await newer(url, method, { taskId })).error.code).toBe(-32_601);
    }
    const sync = newer(url, 'tools/call', { name: 'wait', arguments: { file } }, { extensions: {} });
    await writeFile(file, '');
    expect((await sync).result).toMatchObject({ resultType: 'complete', content: [{ text: 'went on' }] });
  });

  it('[P-GATEWAY-TASKS] is cancelled where policy lets it be, and what it comes to later is not told', async () => {
    const { url, file } = await open();
    const { result } = await newer(url, 'tools/call', { name: 'wait', arguments: { file } });
    const { taskId } = result;
    expect((await newer(url, 'tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
    await writeFile(file, '');
    const after = await newer(url, 'tasks/get', { taskId });
    expect(after.result).toMatchObject({ status: 'cancelled' });
    expect(after.result.result).toBeUndefined();
    const { result: hanging } = await newer(url, 'tools/call', { name: 'hang', arguments: {} });
    const denied = await newer(url, 'tasks/cancel', { taskId: hanging.taskId });
    expect(denied.error.data[DECISION_META_KEY]).toMatchObject({ outcome: 'deny' });
    expect((await newer(url, 'tasks/get', { taskId: hanging.taskId })).result.status).toBe('working');
  });

  it('[P-GATEWAY-APPROVAL-ONCE] a call that waits for a person is a task that goes on when the person agreed', async () => {
    const { url, service } = await open();
    const { result } = await newer(url, 'tools/call', { name: 'echo', arguments: { ask: true } });
    expect(result).toMatchObject({ resultType: 'task' });
    const { taskId } = result;
    await until(async () => (await newer(url, 'tasks/get', { taskId })).result.statusMessage !== undefined);
    const waiting = (await newer(url, 'tasks/get', { taskId })).result;
    const [approval = ''] = /apr-[0-9a-f-]+/.exec(waiting.statusMessage) ?? [];
    expect([waiting.status, approval]).toEqual(['working', expect.stringContaining('apr-')]);
    expect(await service.administration.approvals.approve(approval, 'operator')).toMatchObject({ ok: true });
    await until(async () => (await newer(url, 'tasks/get', { taskId })).result.status === 'completed');
    const done = (await newer(url, 'tasks/get', { taskId })).result;
    expect(done.result).toMatchObject({ content: [{ text: '{"ask":true}' }] });
  });
});

describe('tasks of the older era', () => {
  it('[P-GATEWAY-TASKS] a call that asks for one gets it; its result waits, and only so many are kept', async () => {
    const { url, file } = await open();
    const want = (name: string, args: object) =>
      older(url, 'tools/call', { name, arguments: args, task: { ttl: 60_000 } });
    const { result: created } = await want('wait', { file });
    expect(created.task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: expect.any(Number) });
    const { taskId } = created.task;
    expect((await older(url, 'tasks/get', { taskId })).result).toMatchObject({ taskId, status: 'working' });
    expect((await older(url, 'tasks/list', {})).result.tasks).toMatchObject([{ taskId }]);
    expect((await older(url, 'tasks/list', {}, TOKENS.bob)).result.tasks).toEqual([]);
    expect((await older(url, 'tasks/result', { taskId }, TOKENS.bob)).error.code).toBe(-32_602);
    const waiting = older(url, 'tasks/result', { taskId });
    await writeFile(file, '');
    expect((await waiting).result).toMatchObject({
      content: [{ text: 'went on' }],
      _meta: { 'io.modelcontextprotocol/related-task': { taskId } },
    });
    const hidden = (await want('echo', { a: 'secret' })).result.task.taskId;
    expect(JSON.stringify(await older(url, 'tasks/result', { taskId: hidden }))).not.toContain('secret');
    await want('hang', {});
    expect((await want('hang', {})).result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('tasks_exhausted') }],
    });
    expect((await older(url, 'tasks/update', { taskId })).error.code).toBe(-32_601);
    expect((await older(url, 'tasks/cancel', { taskId })).error.code).toBe(-32_602);
  });

  it('[P-GATEWAY-TASKS] are kept over stdio too', async () => {
    const { gateway } = await open();
    const [input, output] = [new PassThrough(), new PassThrough()];
    const session = gateway.serveStdio(ALICE, input, output);
    const lines = createInterface({ input: output })[Symbol.asyncIterator]();
    const ask = async (method: string, params: object): Promise<Answer> => {
      input.write(`${JSON.stringify({ jsonrpc: '2.0', id: method, method, params })}\n`);
      for (;;) {
        const message = JSON.parse((await lines.next()).value ?? '');
        if (message.id === method) return message;
      }
    };
    const clientInfo = { name: 'test', version: '1' };
    await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    const { result } = await ask('tools/call', { name: 'echo', arguments: { a: 1 }, task: {} });
    const { taskId } = result.task;
    expect((await ask('tasks/result', { taskId })).result).toMatchObject({ content: [{ text: '{"a":1}' }] });
    expect((await ask('tasks/get', { taskId: 'task-other' })).error.code).toBe(-32_602);
    await session.close();
  });

  it('are offered to clients of the official SDK', async () => {
    const { connect } = await open();
    const client = await connect('legacy');
    expect(client.getServerCapabilities()).toMatchObject({ tasks: { requests: { tools: { call: {} } } } });
    const { tools } = await client.listTools();
    expect(tools[0]).toMatchObject({ execution: { taskSupport: 'optional' } });
    const modern = await connect({ pin: VERSION });
    expect(modern.getServerCapabilities()).toMatchObject({ extensions: { [TASKS]: {} } });
    expect(modern.getServerCapabilities()).not.toHaveProperty('tasks');
  });
});
