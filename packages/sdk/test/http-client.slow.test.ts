import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CompleteCall,
  type DecideCall,
  type JsonObject,
  type ListCall,
  type ReportCall,
  readStrictBytes,
} from '@writ/decision';
import { afterEach, describe, expect, test } from 'vitest';
import { connect, guard, resume } from '../src/index.ts';
import { MemoryPoint } from './memory-point.ts';

const WHO = { principal: { id: 'user:1' }, actor: { id: 'agent:1' } };
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(server: Server, path?: string): Promise<string> {
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  closing.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return path ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const read = readStrictBytes(Buffer.concat(chunks));
  return read.ok ? read.value : undefined;
}

/** The HTTP API as the client expects it, over a decision point without disk. */
function apiOver(point: MemoryPoint, token?: string): RequestListener {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, body?: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return send(401, { code: 'unauthenticated', message: 'who are you' });
    }
    const url = new URL(request.url ?? '/', 'http://x');
    const body = await bodyOf(request);
    const [, , resource, id, verb] = url.pathname.split('/');
    if (resource === 'decide') return send(200, await point.decide(body as DecideCall));
    if (resource === 'complete') return send(200, await point.complete(body as CompleteCall));
    if (resource === 'list') return send(200, await point.list(body as ListCall));
    if (resource === 'report') return send(204, void (await point.report(body as ReportCall)));
    const known = decodeURIComponent(id ?? '');
    const approval =
      verb === 'wait'
        ? url.searchParams.get('timeout_ms') === '0'
          ? await point.approval.get(known)
          : await point.approval.wait(known)
        : verb === 'cancel'
          ? await point.approval.cancel(known)
          : await point.approval.get(known);
    return approval === undefined
      ? send(404, { code: 'approval_unknown', message: 'no' })
      : send(200, approval);
  };
  return (request, response) => void answer(request, response);
}

function memoryPoint(): MemoryPoint {
  return new MemoryPoint([
    { bundle: 'wanted', kind: 'grant', answer: (request) => request.action.args?.['want'] },
    {
      bundle: 'seen',
      kind: 'visible',
      phases: ['list'],
      answer: (request) => request.action.tool !== 'hidden',
    },
  ]);
}

function decideCall(args: JsonObject): DecideCall {
  return { request: { ...WHO, action: { type: 'tool_call', phase: 'call', tool: 't', args } } };
}

describe('over HTTP', () => {
  test('is the same as in process: decide, complete, list, report, approvals', async () => {
    const memory = memoryPoint();
    const url = await listening(createServer(apiOver(memory, 'secret')));
    const point = connect({ url, token: 'secret' });
    closing.push(() => point.close());
    const tools = guard({ t: (args: JsonObject) => Object.keys(args).join() }, { point, ...WHO });
    expect(await tools.t({ want: true })).toBe('want');
    const text = (await tools.t({ want: 'escalate' })) as string;
    const id = /apr-[0-9a-f-]+/.exec(text)?.[0] as string;
    expect((await point.approval.get(id))?.status).toBe('pending');
    expect((await point.approval.wait(id))?.status).toBe('pending');
    const waiting = point.approval.wait(id, { timeoutMs: 30_000 });
    setImmediate(() => memory.judge(id, 'approved'));
    expect((await waiting)?.status).toBe('approved');
    expect(await resume(tools, id)).toBe('want');
    expect(memory.completed).toHaveLength(2);
    const list = { request: decideCall({}).request, items: [{ tool: 'shown' }, { tool: 'hidden' }] };
    expect((await point.list(list)).visible).toEqual([true, false]);
    await point.report({ kind: 'note', code: 'n' });
    expect(memory.reported).toHaveLength(1);
    expect(await point.approval.get('apr/../x?y')).toBeUndefined();
    expect(await point.approval.cancel('none')).toBeUndefined();
  });

  test('works over a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-sdk-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const socketPath = await listening(createServer(apiOver(memoryPoint())), join(folder, 's'));
    const point = connect({ socketPath });
    closing.push(() => point.close());
    expect((await point.decide(decideCall({ want: true }))).effect).toBe('proceed');
  });

  test('the code of an error answer is the reason', async () => {
    const url = await listening(createServer(apiOver(memoryPoint(), 'secret')));
    const point = connect({ url, token: 'wrong' });
    closing.push(() => point.close());
    expect(await point.decide(decideCall({ want: true }))).toMatchObject({
      outcome: 'deny',
      reason: 'unauthenticated',
    });
  });

  test('a connection that went stale is replaced; the repeated request has the same key', async () => {
    const memory = memoryPoint();
    const keys: (string | undefined)[] = [];
    let calls = 0;
    const api = apiOver(memory);
    const url = await listening(
      createServer((request, response) => {
        if (++calls === 2) {
          bodyOf(request).then((body) => {
            keys.push((body as DecideCall).idempotency_key);
            request.socket.resetAndDestroy();
          });
          return;
        }
        if (calls === 3) {
          bodyOf(request).then((body) => {
            keys.push((body as DecideCall).idempotency_key);
            memory.decide(body as DecideCall).then((decision) => response.end(JSON.stringify(decision)));
          });
          return;
        }
        api(request, response);
      }),
    );
    const point = connect({ url });
    closing.push(() => point.close());
    await point.decide(decideCall({ want: true }));
    expect((await point.decide(decideCall({ want: true }))).effect).toBe('proceed');
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).toBeDefined();
  });
});

describe('[P-CLIENT-FAIL-CLOSED] any fault on the way is a deny', () => {
  const good = {
    decision_id: 'dec-1',
    outcome: 'allow',
    allow: true,
    effect: 'proceed',
    forwarded_args: { a: 1 },
    reason: 'ok',
    reasons: [],
    obligations: [],
    metadata: {},
  };
  const text = JSON.stringify(good);
  const send = (
    status: number,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): RequestListener => {
    return (request, response) => {
      request.resume();
      response.writeHead(status, headers);
      response.end(body);
    };
  };

  async function outcomeFrom(listener: RequestListener): Promise<string> {
    const faults: string[] = [];
    const url = await listening(createServer(listener));
    const point = connect({
      url,
      timeoutMs: 400,
      answerBytesMax: 100_000,
      onFault: ({ code }) => faults.push(code),
    });
    closing.push(() => point.close());
    const decision = await point.decide(decideCall({ a: 1 }));
    expect((await point.complete({ decision_id: 'd', status: 'succeeded' })).effect).toBe('refuse');
    expect((await point.list({ request: decideCall({}).request, items: [{ tool: 't' }] })).visible).toEqual([
      false,
    ]);
    expect(await point.approval.get('x')).toBeUndefined();
    expect(await point.approval.wait('x', { timeoutMs: 1 })).toBeUndefined();
    await point.report({ kind: 'note', code: 'n' });
    expect(faults.length).toBeGreaterThan(0);
    return `${decision.effect} ${decision.outcome} ${decision.reason}`;
  }

  test('a sound answer is taken', async () => {
    expect(await outcomeFrom(send(200, text))).toBe('proceed allow ok');
  });

  test.each<[string, RequestListener, string]>([
    ['status 500 with a sound body', send(500, text), 'policy_engine_unavailable'],
    [
      'status 503 with a code',
      send(503, '{"code":"audit_unavailable","message":"disk full"}'),
      'audit_unavailable',
    ],
    [
      'an error that claims to be a grant',
      send(500, '{"code":"granted","message":"yes"}'),
      'policy_engine_unavailable',
    ],
    ['status 401 without a body', send(401, ''), 'unauthenticated'],
    ['a redirect', send(302, '', { location: 'http://127.0.0.1:1/' }), 'policy_engine_unavailable'],
    ['no JSON', send(200, 'allow'), 'policy_engine_unavailable'],
    ['an empty answer', send(200, ''), 'policy_engine_unavailable'],
    ['status 204', send(204, ''), 'policy_engine_unavailable'],
    ['true', send(200, 'true'), 'policy_engine_unavailable'],
    [
      'an outcome that is not known',
      send(200, text.replace('"allow",', '"permit",')),
      'policy_engine_unavailable',
    ],
    ['a key twice', send(200, text.replace('{', '{"outcome":"deny",')), 'policy_engine_unavailable'],
    ['a contradiction', send(200, text.replace('"allow",', '"deny",')), 'policy_engine_unavailable'],
    ['bytes that are not UTF-8', send(200, Buffer.from([0x22, 0xff, 0x22])), 'policy_engine_unavailable'],
    ['too much', send(200, text + ' '.repeat(200_000)), 'policy_engine_unavailable'],
    [
      'half an answer',
      (request, response) => {
        request.resume();
        response.writeHead(200, { 'content-length': '5000' });
        response.write(text, () => request.socket.destroy());
      },
      'policy_engine_unavailable',
    ],
    ['no answer', (request) => request.resume(), 'policy_engine_unavailable'],
    ['a closed connection', (request) => request.socket.destroy(), 'policy_engine_unavailable'],
  ])('%s', async (_name, listener, code) => {
    expect(await outcomeFrom(listener)).toBe(`refuse deny ${code}`);
  });

  test('nothing listens, the name is not known, the socket is not there, the client is closed', async () => {
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const closed = connect({ url: `http://127.0.0.1:${port}` });
    await closed.close();
    const points = [
      connect({ url: `http://127.0.0.1:${port}` }),
      connect({ url: 'http://name.invalid' }),
      connect({ socketPath: join(tmpdir(), 'writ-no-such-socket') }),
      closed,
    ];
    for (const point of points) {
      expect(await point.decide(decideCall({}))).toMatchObject({
        effect: 'refuse',
        reason: 'policy_engine_unavailable',
      });
      await point.close();
    }
    expect(() => connect({ url: 'ftp://x' })).toThrow(TypeError);
  });

  test('a cancelled wait ends at once', async () => {
    const url = await listening(createServer((request) => request.resume()));
    const point = connect({ url });
    closing.push(() => point.close());
    const waiting = point.approval.wait('apr-1', { timeoutMs: 60_000, signal: AbortSignal.timeout(50) });
    expect(await waiting).toBeUndefined();
  });
});
