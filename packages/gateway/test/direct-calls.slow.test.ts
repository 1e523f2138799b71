import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixtureUpstream, post, startGateway } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow"}\n';
const VERSION = '2026-07-28';

function modern(name: string, meta: object = {}): readonly [string, Record<string, string>] {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name, arguments: {}, _meta: { ...envelope, ...meta } };
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': name };
  return [JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params }), headers];
}

function legacy(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 7, method, params });
}

async function session(url: string): Promise<Record<string, string>> {
  const clientInfo = { name: 'test', version: '1' };
  const about = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const { headers } = await post(url, legacy('initialize', about));
  return { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' };
}

/** The last message of a stream of events. */
function lastMessage(text: string): { readonly id?: unknown; readonly result?: unknown } {
  return JSON.parse(text.split('\ndata: ').at(-1)?.trim() ?? '');
}

describe('a call of a tool over HTTP', () => {
  it('is answered by a document where its answer is all that there is to tell', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [fixtureUpstream()]);
    const answer = await post(url, ...modern('echo'));
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.text)).toMatchObject({
      id: 7,
      result: {
        resultType: 'complete',
        content: [{ text: '{}' }],
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'writ' } },
      },
    });
  });

  it('[P-GATEWAY-HEADER-MATCH] is not answered where a header names another tool, and no server hears of it', async () => {
    const { service, entries } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [fixtureUpstream()]);
    const [body, headers] = modern('echo');
    for (const wrong of [
      { 'mcp-name': 'env' },
      { 'mcp-method': 'tools/list' },
      { 'mcp-protocol-version': '' },
    ]) {
      const answer = await post(url, body, { ...headers, ...wrong });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('-32020')]);
    }
    expect((await entries()).some(({ core }) => core.kind === 'decision')).toBe(false);
  });

  it('goes on as a stream when something else is to be told, or when it takes long', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [fixtureUpstream()]);
    const told = await post(url, ...modern('progress', { progressToken: 'p' }));
    expect(told.headers['content-type']).toContain('text/event-stream');
    expect(told.text).toContain('notifications/progress');
    // Texts of progress wait for the output policy, and come with the result.
    expect(told.text.match(/secret-text/g)).toHaveLength(3);
    expect(told.text.indexOf('"progress":3')).toBeLessThan(told.text.indexOf('secret-text'));
    expect(lastMessage(told.text)).toMatchObject({ id: 7, result: { content: [{ text: 'done' }] } });
    const ofSession = await session(url);
    const params = { name: 'progress', arguments: {}, _meta: { progressToken: 'p' } };
    const again = await post(url, legacy('tools/call', params), ofSession);
    expect(again.text).toContain('notifications/progress');
    expect(lastMessage(again.text)).toMatchObject({ id: 7 });
  });

  it('of a session can be asked for again from where its stream broke off', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [fixtureUpstream()]);
    const ofSession = await session(url);
    const answer = await post(url, legacy('tools/call', { name: 'echo', arguments: {} }), ofSession);
    const [, opening] = /^id: (\S+)\n/.exec(answer.text) ?? [];
    const replay = await firstEvent(url, { ...ofSession, 'last-event-id': String(opening) });
    expect(lastMessage(replay)).toEqual(lastMessage(answer.text));
  });
});

/** What a stream that stays open brings first. */
async function firstEvent(url: string, headers: Record<string, string>): Promise<string> {
  const ended = new AbortController();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', authorization: 'Bearer alice-token', ...headers },
    signal: ended.signal,
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('\n\n') && text.includes('"result"')) break;
  }
  ended.abort();
  return text;
}

describe('a server over HTTP', () => {
  it('that breaks a stream off is asked for the rest, and what it asks meanwhile is refused', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const server = await startBreakingServer();
    const { connect } = await startGateway(service, [{ id: 'http', url: server.url }]);
    const client = await connect('legacy');
    const result = await client.callTool({ name: 'slow', arguments: {} });
    expect(result.content).toEqual([{ type: 'text', text: 'after the break' }]);
    expect(server.resumedFrom).toEqual(['event-1']);
    expect(server.answers).toEqual([expect.objectContaining({ id: 'q', error: expect.anything() })]);
  });
});

/** Of the older era: asks within the stream of a call, breaks off, and answers to whoever asks for the rest. */
async function startBreakingServer() {
  const resumedFrom: unknown[] = [];
  const answers: unknown[] = [];
  let called: unknown;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') return resume(request, response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString());
    const { id, method } = message;
    const answer = (result: object): void =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    if (method === undefined) {
      answers.push(message);
      return void response.writeHead(202).end();
    }
    if (id === undefined) return void response.writeHead(202).end();
    if (method === 'server/discover') return void response.writeHead(400).end();
    if (method === 'initialize') {
      const { protocolVersion } = message.params;
      const serverInfo = { name: 'breaking', version: '1' };
      return answer({ protocolVersion, capabilities: { tools: {} }, serverInfo });
    }
    if (method === 'tools/list')
      return answer({ tools: [{ name: 'slow', inputSchema: { type: 'object' } }] });
    called = id;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const question = { jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage', params: {} };
    response.end(`id: event-1\nretry: 10\ndata: \n\nevent: message\ndata: ${JSON.stringify(question)}\n\n`);
  };
  const resume = (request: IncomingMessage, response: ServerResponse) => {
    const from = request.headers['last-event-id'];
    if (from === undefined) return void response.writeHead(405).end();
    resumedFrom.push(from);
    const content = [{ type: 'text', text: 'after the break' }];
    const answer = { jsonrpc: '2.0', id: called, result: { content } };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`data: ${JSON.stringify(answer)}\n\n`);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return { url, resumedFrom, answers };
}
