import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Misbehaviour, resultOf, startRawHttpServer } from './raw-http-server.ts';
import { listen, MODERN, startGateway, textOf, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';
const SSE = { 'Content-Type': 'text/event-stream' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** What each tool does in place of answering. None of it may reach the client as a result. */
const MISBEHAVING: Readonly<Record<string, Misbehaviour>> = {
  other_id: (_message, response) => void response.writeHead(200, JSON_TYPE).end(resultOf(987_654, 'secret')),
  text_id: ({ id }, response) => void response.writeHead(200, JSON_TYPE).end(resultOf(`x${id}`, 'secret')),
  broken_json: ({ id }, response) =>
    void response.writeHead(200, JSON_TYPE).end(resultOf(id, 'secret').slice(0, -3)),
  broken_event: ({ id }, response) =>
    void response.writeHead(200, SSE).end(`event: message\ndata: ${resultOf(id, 'secret').slice(0, -3)}\n\n`),
  page: (_message, response) =>
    void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>secret</p>'),
  cut: ({ id }, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'Content-Length': '10000' });
    response.write(resultOf(id, 'secret'), () => response.destroy());
  },
  nothing: () => {},
  status: (_message, response) => void response.writeHead(500, JSON_TYPE).end('{"secret":1}'),
  no_content: (_message, response) => void response.writeHead(204).end(),
  no_result: ({ id }, response) =>
    void response.writeHead(200, JSON_TYPE).end(`{"jsonrpc":"2.0","id":${id}}`),
  wrong_result: ({ id }, response) =>
    void response.writeHead(200, JSON_TYPE).end(`{"jsonrpc":"2.0","id":${id},"result":{"content":"secret"}}`),
  flood: (_message, response) => {
    response.writeHead(200, SSE);
    const event = `: ${'x'.repeat(60_000)}\n\n`;
    const more = () => {
      while (!response.destroyed && response.write(event));
    };
    response.on('drain', more);
    more();
  },
};

describe('a server that misbehaves over HTTP', () => {
  it.each(Object.keys(MISBEHAVING))(
    '[P-GATEWAY-HOSTILE-SERVER] `%s` is a failed call, on record, and the next call is served',
    async (tool) => {
      const server = await startRawHttpServer(MISBEHAVING);
      const { service, entries } = await startPoint({ rego: ALLOW });
      const limits = { timeoutMs: 1_500, timeoutTotalMs: 3_000, responseBytes: 2_000_000 };
      const { connect } = await startGateway(service, [{ id: 'raw', url: server.url, limits }]);
      const client = await connect(MODERN);
      expect(textOf(await client.callTool({ name: 'echo', arguments: {} }))).toBe('{}');
      const result = await client.callTool({ name: tool, arguments: {} });
      expect([result.isError, textOf(result)]).toEqual([
        true,
        expect.stringMatching(/^TOOL_(FAILED|DENIED)/),
      ]);
      expect(JSON.stringify(result)).not.toContain('secret');
      const closed = async () =>
        (await entries()).filter(({ core }) => core.event === 'unknown' || core.event === 'failed').length;
      await until(async () => (await closed()) === 1);
      expect(server.calls).toEqual(['echo', tool]);
      expect(textOf(await client.callTool({ name: 'echo', arguments: { after: 1 } }))).toBe('{"after":1}');
    },
  );

  it('[P-GATEWAY-NO-REDIRECT] a redirect is not followed, and no credential goes there', async () => {
    const inside: (string | undefined)[] = [];
    const internal = await listen((request, response) => {
      inside.push(request.headers.authorization);
      response.writeHead(200, JSON_TYPE).end('{}');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await startRawHttpServer({
        away: (_message, response) => void response.writeHead(status, { Location: internal }).end(),
      });
      const { service } = await startPoint({ rego: ALLOW });
      const headers = { Authorization: 'Bearer upstream-own' };
      const { connect } = await startGateway(service, [{ id: 'raw', url: server.url, headers }]);
      const result = await (await connect(MODERN)).callTool({ name: 'away', arguments: {} });
      expect(textOf(result)).toMatch(/^TOOL_FAILED/);
    }
    expect(inside).toEqual([]);
  });

  it('[P-GATEWAY-HOSTILE-SERVER] one that asks for credentials is sent none, and what it names is not fetched', async () => {
    const inside: (string | undefined)[] = [];
    const internal = await listen((request, response) => {
      inside.push(request.url);
      response.writeHead(404).end();
    });
    const server = await startRawHttpServer({
      login: (_message, response) =>
        void response
          .writeHead(401, { 'WWW-Authenticate': `Bearer resource_metadata="${internal}/secrets"` })
          .end(),
    });
    const { service } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway(service, [{ id: 'raw', url: server.url }]);
    const result = await (await connect(MODERN)).callTool({ name: 'login', arguments: {} });
    expect(textOf(result)).toMatch(/^TOOL_FAILED/);
    expect(inside).toEqual([]);
  });

  it('one that restarted is spoken to anew', async () => {
    const server = await startRawHttpServer({});
    const { service } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway(service, [{ id: 'raw', url: server.url }]);
    const client = await connect(MODERN);
    const call = async (about: number) =>
      textOf(await client.callTool({ name: 'echo', arguments: { about } }));
    expect(await call(1)).toBe('{"about":1}');
    server.restart();
    // The call on the old session may fail; the one after it must not.
    await call(2);
    expect(await call(3)).toBe('{"about":3}');
  });

  it('one that changes era is spoken to in the other one', async () => {
    const server = await startRawHttpServer({});
    const { service } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway(service, [{ id: 'raw', url: server.url }]);
    const client = await connect(MODERN);
    const call = async (about: number) =>
      textOf(await client.callTool({ name: 'echo', arguments: { about } }));
    expect(await call(1)).toBe('{"about":1}');
    const node = newerServer();
    server.become((request, response) => void node(request as NodeIncomingMessageLike, response));
    await call(2);
    expect(await call(3)).toBe('newer {"about":3}');
  });

  it('[P-GATEWAY-BOTH-ERAS] one that says by an error that it speaks another version is spoken to in that one', async () => {
    const server = await startRawHttpServer({});
    const { service } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway(service, [{ id: 'raw', url: server.url }]);
    const client = await connect(MODERN);
    const call = async (about: number) =>
      textOf(await client.callTool({ name: 'echo', arguments: { about } }));
    expect(await call(1)).toBe('{"about":1}');
    const node = newerServer();
    server.become(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const message = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      if (message.params?._meta !== undefined)
        return node(request as NodeIncomingMessageLike, response, message);
      // With the status of success, where the protocol wants 400.
      const error = { code: -32_022, message: 'unsupported', data: { supported: ['2026-07-28'] } };
      response
        .writeHead(200, JSON_TYPE)
        .end(JSON.stringify({ jsonrpc: '2.0', id: message.id ?? null, error }));
    });
    await call(2);
    expect(await call(3)).toBe('newer {"about":3}');
  });
});

/** The same server, as the newer era has it. */
function newerServer() {
  const newer = createMcpHandler(
    () => {
      const own = new Server({ name: 'raw', version: '2' }, { capabilities: { tools: {} } });
      const inputSchema = { type: 'object' as const };
      own.setRequestHandler('tools/list', () => ({
        tools: [{ name: 'echo', description: 'echo', inputSchema }],
      }));
      own.setRequestHandler('tools/call', ({ params }) => ({
        content: [{ type: 'text', text: `newer ${JSON.stringify(params.arguments)}` }],
      }));
      return own;
    },
    { legacy: 'reject' },
  );
  onTestFinished(() => newer.close());
  return toNodeHandler(newer);
}

describe('a server that is started', () => {
  it('[P-GATEWAY-NO-SHELL] gets its arguments as they are written: nothing of them is run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-shell-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const mark = join(folder, 'mark');
    const words = [`; touch ${mark}`, `$(touch ${mark})`, `\`touch ${mark}\``, `| touch ${mark}`, '*'];
    const script = new URL('./fixtures/raw-server.ts', import.meta.url).pathname;
    const { service } = await startPoint({ rego: ALLOW });
    const upstream = { id: 'words', command: process.execPath, args: [script, ...words], cwd: folder };
    const client = await (await startGateway(service, [upstream])).connect(MODERN);
    const seen = JSON.parse(textOf(await client.callTool({ name: 'argv', arguments: {} }))) as string[];
    expect(seen).toEqual(words);
    expect(existsSync(mark)).toBe(false);
  });
});
