import { request as httpRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { createAuthenticator } from '@writ/identity';
import { describe, expect, it } from 'vitest';
import { startFixture } from '../../../conformance/mcp/fixture-server.ts';
import { startHttpUpstream } from './http-upstream.ts';
import { ALICE, callText, LEGACY_HEADERS, post, startGateway, TOKENS } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';

async function open() {
  const upstream = await startHttpUpstream();
  const point = await startPoint({ rego: ALLOW });
  const started = await startGateway(point.service, [{ id: 'http', url: upstream.url }]);
  return { ...point, ...started, upstream };
}

/** Sends bytes, and gives all that comes back until the other side ends. */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connectSocket(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
    socket.write(bytes);
    socket.setTimeout(1_500, () => socket.destroy());
  });
}

const head = (url: string, ...more: readonly string[]) =>
  [
    'POST /mcp HTTP/1.1',
    `Host: ${new URL(url).host}`,
    ...Object.entries(LEGACY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    ...more,
    '',
    '',
  ].join('\r\n');

describe('requests that two readers could split differently', () => {
  it('[P-GATEWAY-SMUGGLING] reach no server, and what hides behind them is not read as a request', async () => {
    const { url, upstream } = await open();
    const evil = callText('echo', '{"smuggled":true}');
    const inner = `${head(url, `Content-Length: ${evil.length}`)}${evil}`;
    const honest = callText('echo', '{}');
    const attempts = {
      'length and chunks': `${head(url, 'Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\n${inner}`,
      'two lengths': `${head(url, 'Content-Length: 5', `Content-Length: ${inner.length}`)}hello${inner}`,
      'an odd coding': `${head(url, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${inner}`,
      'a coding with a tab': `${head(url, 'Transfer-Encoding:\tx-chunked')}0\r\n\r\n${inner}`,
      'a folded header': `${head(url, 'X-Fold: a\r\n Content-Length: 0')}${inner}`,
      'a bare line feed': head(url, 'Content-Length: 0').replaceAll('\r\n', '\n') + inner,
      'a chunk with a wrong size': `${head(url, 'Transfer-Encoding: chunked')}zz\r\n${evil}\r\n0\r\n\r\n`,
      'a space before the colon': `${head(url, 'Content-Length : 0')}${inner}`,
      'a body behind what was refused': `${head(url, 'Content-Length: 99999999')}${inner}`,
    };
    for (const [about, bytes] of Object.entries(attempts)) {
      const text = await exchange(url, bytes);
      expect([about, text.includes('200 OK')]).toEqual([about, false]);
    }
    expect(upstream.calls).toEqual([]);
    expect((await post(url, honest)).status).toBe(200);
    expect(upstream.calls).toEqual([{}]);
  });

  it('[P-GATEWAY-BOUNDED] headers without end are refused before anything is decided', async () => {
    const { url, entries } = await open();
    const answer = await exchange(url, head(url, `X-Long: ${'x'.repeat(100_000)}`));
    expect(answer).toContain('431');
    const many = Array.from({ length: 3_000 }, (_, index) => `X-${index}: 1`);
    expect(await exchange(url, head(url, ...many))).not.toContain('200 OK');
    expect(await entries()).toEqual([]);
  });

  it('[P-GATEWAY-BOUNDED] one caller has so many requests at once, and another is not touched', async () => {
    const upstream = await startHttpUpstream();
    const { service } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [{ id: 'http', url: upstream.url }], {
      limits: { requestsPerCaller: 2 },
    });
    const waiting = [1, 2].map(() => {
      const asked = httpRequest(url, { method: 'POST', headers: LEGACY_HEADERS });
      asked.on('error', () => undefined);
      asked.end(callText('wait', '{}'));
      return asked;
    });
    while (upstream.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const refused = await post(url, callText('echo', '{}'));
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(refused.text).toContain('requests_exhausted');
    const other = { authorization: `Bearer ${TOKENS.bob}` };
    expect((await post(url, callText('echo', '{}'), other)).status).toBe(200);
    for (const asked of waiting) asked.destroy();
    while ((await post(url, callText('echo', '{}'))).status === 429)
      await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe('names that would be something else in a URL or header', () => {
  it('[P-GATEWAY-NAMES-ARE-DATA] stay data on the way to a server', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const upstream = await startHttpUpstream();
    const { url } = await startGateway(service, [{ id: 'http', url: upstream.url }]);
    for (const value of [
      '../../admin',
      '?x=1#y',
      'a\r\nX-Evil: 1',
      '%0d%0aX-Evil: 1',
      'http://169.254.169.254/',
    ]) {
      const args = JSON.stringify({ path: value });
      expect((await post(url, callText('echo', args))).status).toBe(200);
      expect(upstream.calls.at(-1)).toEqual({ path: value });
    }
    for (const seen of upstream.headers) expect(Object.keys(seen)).not.toContain('x-evil');
  });
});

describe('a round of questions', () => {
  it('[P-GATEWAY-STATE-SEALED] answers belong to who was asked, to that request, and count once', async () => {
    const fixture = await startFixture();
    const { service, entries } = await startPoint({ rego: ALLOW });
    const { url } = await startGateway(service, [{ id: 'fixture', url: fixture.url }]);
    const tool = 'test_input_required_result_elicitation';
    const ask = async (token: string, more: object = {}, args: object = {}) => {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
      };
      const params = { name: tool, arguments: args, _meta, ...more };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      const { text } = await post(url, body, {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': tool,
        authorization: `Bearer ${token}`,
      });
      const line = text.split('\n').find((each) => each.startsWith('data: ') && each.length > 7);
      return JSON.parse(line === undefined ? text : line.slice(6)) as {
        result?: { requestState: string; inputRequests: object; resultType: string };
        error?: { code: number };
      };
    };
    const asked = (await ask(TOKENS.alice)).result;
    expect(asked?.resultType).toBe('input_required');
    const [key = ''] = Object.keys(asked?.inputRequests ?? {});
    const inputResponses = { [key]: { action: 'accept', content: { name: 'Ana' } } };
    const answer = { requestState: asked?.requestState, inputResponses };
    expect((await ask(TOKENS.bob, answer)).error?.code).toBe(-32_602);
    expect((await ask(TOKENS.alice, answer, { other: 1 })).error?.code).toBe(-32_602);
    expect((await ask(TOKENS.alice, answer)).result?.resultType).toBe('complete');
    expect((await ask(TOKENS.alice, answer)).error?.code).toBe(-32_602);
    const codes = (await entries()).flatMap(({ core }) => core.codes ?? []);
    expect(codes.filter((code) => code === 'request_state_invalid')).toHaveLength(3);
    await fixture.close();
  });
});

describe('a crowd', () => {
  it('[P-GATEWAY-NO-CROSS-CLIENT] 1,000 clients at once with equal ids: nothing is crossed', async () => {
    const upstream = await startHttpUpstream();
    const { service, entries } = await startPoint({ rego: ALLOW });
    const byName = createAuthenticator({
      providers: [
        {
          name: 'by-name',
          judge: ({ header }) => ({
            kind: 'caller',
            caller: { ...ALICE, principal: { id: (header('authorization')[0] ?? '').slice(7) } },
          }),
        },
      ],
    });
    const { url } = await startGateway(service, [{ id: 'http', url: upstream.url }], {
      authenticator: byName,
    });
    const names = Array.from({ length: 1_000 }, (_, index) => `user:${index}`);
    const answers = await Promise.all(
      names.map((me) =>
        post(url, callText('echo', JSON.stringify({ me })), { authorization: `Bearer ${me}` }),
      ),
    );
    const wrong = names.filter((me, index) => {
      const { status, text } = answers[index] ?? { status: 0, text: '' };
      const told = text.match(/user:\d+/g) ?? [];
      return status !== 200 || told.length === 0 || told.some((other) => other !== me);
    });
    expect(wrong).toEqual([]);
    const decided = (await entries()).filter(({ core }) => core.kind === 'decision');
    expect(new Set(decided.map(({ fields }) => fields['principal'])).size).toBe(1_000);
  });
});
