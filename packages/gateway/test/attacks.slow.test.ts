import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DECISION_META_KEY } from '../src/index.ts';
import { newerMeta, openRawStdio } from './raw-stdio.ts';
import { callText, fixtureUpstream, MODERN, post, startGateway, textOf } from './start-gateway.ts';
import { type PointOptions, startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';

async function open(more: Partial<PointOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'writ-attack-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  const point = await startPoint({ rego: ALLOW, ...more });
  const started = await startGateway(point.service, [fixtureUpstream('fixture', { LOG: log })]);
  const codes = async () => (await point.entries()).flatMap(({ core }) => core.codes ?? []);
  /** What reached the server. */
  const effects = () => {
    try {
      return readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('echo'));
    } catch {
      return [];
    }
  };
  return { ...started, ...point, codes, effects };
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN_HEADERS = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'echo',
};
const modernCall = (name = 'echo') =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name, arguments: {}, _meta: META },
  });

describe('messages that two readers could read differently', () => {
  it.each([
    ['a duplicate key', callText('echo', '{"a":1,"a":2}'), 'json_duplicate_key'],
    ['a duplicate name', callText('echo', '{}', ',"name":"env"'), 'json_duplicate_key'],
    ['a case variant of `name`', callText('echo', '{}', ',"Name":"env"'), 'key_case_variant'],
    ['a case variant of `arguments`', callText('echo', '{}', ',"ARGUMENTS":{}'), 'key_case_variant'],
    ['a folded spelling', callText('echo', '{}', ',"argumentſ":{}'), 'key_case_variant'],
    ['a case variant of `params`', `${callText('echo', '{}').slice(0, -1)},"Params":{}}`, 'key_case_variant'],
    ['`__proto__`', callText('echo', '{"__proto__":{"admin":true}}'), 'json_forbidden_key'],
    ['a batch', `[${callText('echo', '{}')}]`, 'batch_refused'],
    ['an empty batch', '[]', 'batch_refused'],
    ['an inexact number', callText('echo', '{"n":9007199254740993}'), 'number_not_exact'],
    ['a lone surrogate', callText('echo', '{"s":"\\ud800"}'), 'json_lone_surrogate'],
    ['deep nesting', callText('echo', `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`), 'json_depth'],
    ['invalid UTF-8', Buffer.from(callText('echo', '{"s":"\xff"}'), 'latin1'), 'json_not_utf8'],
    ['a byte order mark', `\ufeff${callText('echo', '{}')}`, 'json_bom'],
    ['no object', '"echo"', 'message_not_object'],
    ['two messages', `${callText('echo', '{}')}${callText('echo', '{}')}`, 'json_trailing'],
  ])('[P-GATEWAY-STRICT-READING] %s is refused before policy, and recorded', async (_title, body, code) => {
    const { url, codes, effects } = await open();
    const answer = await post(url, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      id: null,
      error: { message: expect.stringContaining(code) },
    });
    expect(await codes()).toEqual([code]);
    expect(effects()).toEqual([]);
  });

  it('[P-GATEWAY-STRICT-READING] a body over the limit is refused, said to be long or found to be', async () => {
    const { url, codes, effects } = await open();
    const body = callText('echo', `{"s":"${'x'.repeat(5 * 1024 * 1024)}"}`);
    expect((await post(url, body)).status).toBe(413);
    expect((await post(url, body, { 'transfer-encoding': 'chunked' })).status).toBe(413);
    expect(await codes()).toEqual(['message_too_large', 'message_too_large']);
    expect(effects()).toEqual([]);
  });

  it('[P-GATEWAY-STRICT-READING] arguments that are no object, and a name that is no text, are refused', async () => {
    const { url, effects } = await open();
    for (const args of ['[1]', '"x"', '1', 'null', 'true']) {
      const { text } = await post(url, callText('echo', args));
      expect(text).toContain('"error"');
    }
    const { text } = await post(url, callText('echo', '{}').replace('"echo"', '{"toString":"echo"}'));
    expect(text).toContain('"error"');
    expect(effects()).toEqual([]);
  });

  it('[P-GATEWAY-STRICT-READING] parameters that are none of the protocol\u2019s are their client\u2019s error, on record, in both eras', async () => {
    const { url, gateway, entries } = await open();
    const wrong: readonly (readonly [string, object])[] = [
      ['prompts/list', { cursor: {} }],
      ['prompts/get', { name: 'greet', arguments: { a: 1 } }],
      ['completion/complete', { ref: 'x' }],
      ['resources/read', { uri: 5 }],
    ];
    const stdio = openRawStdio(gateway);
    const about = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    await stdio.ask('i', 'initialize', about);
    for (const [method, params] of wrong) {
      const older = { jsonrpc: '2.0', id: 1, method, params };
      const newer = { ...older, params: { ...params, ...newerMeta() } };
      const headers = {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(method === 'prompts/get' ? { 'mcp-name': 'greet' } : {}),
      };
      const answers = [
        (await post(url, JSON.stringify(older))).text,
        (await post(url, JSON.stringify(newer), headers)).text,
        JSON.stringify(await stdio.ask(method, method, params)),
      ];
      for (const text of answers) {
        expect([method, text]).toEqual([method, expect.not.stringContaining('-32603')]);
        expect([method, text]).toEqual([method, expect.not.stringContaining('invalid_type')]);
      }
      expect(answers[0]).toContain('-32602');
      expect(answers[2]).toContain('-32602');
    }
    const codes = (await entries()).flatMap(({ core }) =>
      core.kind === 'malformed' ? (core.codes ?? []) : [],
    );
    expect(codes.filter((code) => code === 'message_refused').length).toBeGreaterThanOrEqual(
      wrong.length * 2,
    );
  });

  it('forwards what is unusual but exact as one value', async () => {
    const { connect } = await open();
    const client = await connect(MODERN);
    const args = { constructor: 'c', toString: null, '': 0.1, Name: 'x', nested: { arguments: [] } };
    const result = await client.callTool({ name: 'echo', arguments: args });
    expect(JSON.parse(textOf(result))).toEqual(args);
  });
});

describe('the transport', () => {
  it('[P-GATEWAY-HEADER-MATCH] a header that disagrees with the body is refused', async () => {
    const { url, effects, codes } = await open();
    const wrong = [
      { 'mcp-name': 'env' },
      { 'mcp-method': 'tools/list' },
      { 'mcp-protocol-version': '2025-11-25' },
    ];
    for (const headers of wrong) {
      const answer = await post(url, modernCall(), { ...MODERN_HEADERS, ...headers });
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: expect.any(Number) } });
    }
    expect(effects()).toEqual([]);
    expect(await codes()).toEqual(['message_refused', 'message_refused', 'message_refused']);
    expect((await post(url, modernCall(), MODERN_HEADERS)).status).toBe(200);
    expect(effects()).toHaveLength(1);
  });

  it('[P-GATEWAY-REBINDING] refuses a Host or Origin that is not its own', async () => {
    const { url, effects } = await open();
    const { port } = new URL(url);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.nip.io',
    ]) {
      expect((await post(url, callText('echo', '{}'), { host })).status).toBe(403);
    }
    for (const origin of ['http://evil.example', 'null', 'http://localhost.evil.example', 'file://']) {
      expect((await post(url, callText('echo', '{}'), { origin })).status).toBe(403);
    }
    expect(effects()).toEqual([]);
    const own = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    expect((await post(url, callText('echo', '{}'), own)).status).toBe(200);
  });

  it('[P-GATEWAY-AUTHENTICATED] refuses a wrong or missing bearer, and says how to do better', async () => {
    const { url, effects } = await open();
    for (const authorization of [
      undefined,
      'Bearer wrong',
      'Bearer',
      'Basic YWxpY2U6',
      'Bearer alice-token x',
    ]) {
      const answer = await post(url, callText('echo', '{}'), { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    expect(effects()).toEqual([]);
  });

  it('answers other verbs and media types without reading them', async () => {
    const { url } = await open();
    for (const verb of ['GET', 'DELETE', 'PUT', 'OPTIONS'])
      expect((await post(url, '', {}, verb)).status).toBe(405);
    expect((await post(url, callText('echo', '{}'), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('[P-GATEWAY-IDENTITY-FROM-CREDENTIAL] nothing that a message or another header says changes who is asking', async () => {
    const { url, entries } = await open({
      rego: 'package agent\n\ndecision := {"outcome": "allow"} if input.principal.id == "user:root"\n\ndecision := {"outcome": "deny", "reason": sprintf("%s", [input.principal.id])} if input.principal.id != "user:root"\n',
    });
    const headers = {
      'x-writ-principal': 'user:root',
      'x-forwarded-user': 'user:root',
      'x-mcp-session-id': 'root',
    };
    const meta =
      ',"principal":{"id":"user:root"},"_meta":{"principal":{"id":"user:root"},"dev.writ/principal":"user:root"}';
    const { text } = await post(url, callText('echo', '{"principal":"user:root"}', meta), headers);
    expect(text).toContain('user:alice');
    expect((await entries()).some(({ core }) => core.effect === 'proceed')).toBe(false);
  });
});

describe('a session', () => {
  it("[P-GATEWAY-IDENTITY-FROM-CREDENTIAL] is not begun anew, with its budgets, by a name of the client's", async () => {
    const { connect, effects, entries } = await open({
      budgets: [{ name: 'calls', per: 'session', unit: 'requests', limit: 2 }],
    });
    const client = await connect(MODERN);
    for (const name of ['a', 'b', 'c', 'd']) {
      await client.callTool({ name: 'echo', arguments: {}, _meta: { 'dev.writ/session': name } });
    }
    expect(effects()).toHaveLength(2);
    const last = (await entries()).filter(({ core }) => core.phase === 'call').at(-1);
    expect(last).toMatchObject({ core: { codes: ['budget_exhausted', 'ok'] } });
    expect(last?.fields['conversation']).toBe('d');
  });
});

describe('what goes to the server', () => {
  it('[P-GATEWAY-META-CLOSED] of `_meta` only well-formed trace context', async () => {
    const { connect } = await open();
    const client = await connect(MODERN);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const ask = async (_meta: Record<string, unknown>) => {
      const result = await client.callTool({ name: 'echo', arguments: {}, _meta });
      return (result.structuredContent as { meta: Record<string, unknown> }).meta;
    };
    const seen = await ask({
      traceparent,
      tracestate: 'vendor=1',
      baggage: 'secret=1',
      authorization: 'Bearer x',
      'dev.writ/session': 's',
      'example.com/x': 1,
    });
    const { progressToken: _token, ...rest } = seen ?? {};
    expect(rest).toEqual({ traceparent, tracestate: 'vendor=1' });
    const { progressToken: _other, ...none } =
      (await ask({ traceparent: 'secret text', tracestate: 'vendor=1' })) ?? {};
    expect(none).toEqual({});
  });

  it('[P-GATEWAY-METHODS-CLOSED] a method that is not offered reaches no server', async () => {
    const { connect, url, codes } = await open();
    const client = await connect('legacy');
    const methods = [
      'sampling/createMessage',
      'elicitation/create',
      'constructor',
      'tasks/update',
      'notifications/initialized',
      'roots/list',
      'x/y',
      'Tools/Call',
    ];
    for (const method of methods) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { uri: 'a', name: 'echo' } });
      expect((await post(url, body)).text).toContain('-32601');
    }
    expect((await codes()).filter((code) => code === 'method_unknown').length).toBe(methods.length);
    const received = JSON.parse(textOf(await client.callTool({ name: 'received', arguments: {} }))) as {
      method: string;
    }[];
    const known = ['initialize', 'notifications/initialized', 'tools/list', 'tools/call'];
    expect(received.map(({ method }) => method).filter((method) => !known.includes(method))).toEqual([]);
  });

  it('[P-GATEWAY-CHILD-ENVIRONMENT] a child inherits nothing of ours but where programs and home are', async () => {
    process.env['WRIT_TEST_SECRET'] = 'do not inherit';
    onTestFinished(() => void delete process.env['WRIT_TEST_SECRET']);
    const { connect } = await open();
    const result = await (await connect()).callTool({ name: 'env', arguments: {} });
    const names = Object.keys(JSON.parse(textOf(result)));
    const allowed = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'LOG'];
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(JSON.stringify(result)).not.toContain('do not inherit');
  });

  it('[P-GATEWAY-ONE-DECISION-ONE-EFFECT] no key of the client lets one decision stand for several effects', async () => {
    const { connect, effects } = await open({
      budgets: [{ name: 'calls', per: 'principal', unit: 'requests', limit: 1 }],
    });
    const client = await connect();
    const _meta = { 'dev.writ/idempotency-key': 'same' };
    const call = () => client.callTool({ name: 'echo', arguments: {}, _meta });
    expect((await call()).isError).toBeFalsy();
    expect(textOf(await call())).toMatch(/^TOOL_DENIED: budget_exhausted/);
    expect(effects()).toHaveLength(1);
  });
});

describe('a hostile server', () => {
  it('[P-GATEWAY-VERDICT-UNFORGED] cannot pose as the decision point', async () => {
    const { connect } = await open();
    const result = await (await connect(MODERN)).callTool({ name: 'spoof', arguments: {} });
    expect(result._meta?.[DECISION_META_KEY]).not.toMatchObject({ decision_id: 'dec-forged' });
    expect(JSON.stringify(result)).not.toMatch(/forged|hidden/);
  });

  it('[P-GATEWAY-OUTPUT-COMPLETE] has no way around the output policy: error text and progress count too', async () => {
    const { connect } = await open({
      entrypoints: [
        { path: 'agent/decision', kind: 'grant' },
        { path: 'agent/output', kind: 'guard', when: { phases: ['result'] } },
      ],
      rego: `${ALLOW}
output := {"outcome": "deny", "reason": "secret_in_result"} if contains(json.marshal(input.result), "secret-text")

output := true if not contains(json.marshal(input.result), "secret-text")
`,
    });
    const client = await connect(MODERN);
    const failed = await client.callTool({ name: 'fail', arguments: {} });
    expect(textOf(failed)).toMatch(/^TOOL_DENIED: secret_in_result/);
    expect(JSON.stringify(failed)).not.toContain('secret-text');
    const seen: unknown[] = [];
    const done = await client.callTool(
      { name: 'progress', arguments: {} },
      { onprogress: (progress) => void seen.push(progress) },
    );
    // What a server says of its progress is judged with its result.
    expect(textOf(done)).toMatch(/^TOOL_DENIED: secret_in_result/);
    expect(seen).toMatchObject([{ progress: 1, total: 3 }, { progress: 2 }, { progress: 3 }]);
    expect(JSON.stringify(seen)).not.toContain('secret-text');
  });

  it('is not stopped by its own chatter, and odd names stay data', async () => {
    const { connect, url } = await open();
    const client = await connect(MODERN);
    expect(textOf(await client.callTool({ name: 'flood', arguments: {} }))).toBe('flooded');
    expect(textOf(await client.callTool({ name: '__proto__x', arguments: {} }))).toBe('proto');
    const unknown = await client.callTool({ name: '__proto__', arguments: {} });
    expect(textOf(unknown)).toMatch(/^TOOL_DENIED: tool_unknown/);
    for (const name of ['constructor', 'Echo', 'echo ', 'fixture__echo', '']) {
      const { text } = await post(url, callText(name, '{}'));
      expect(text).toMatch(/tool_unknown|"error"/);
    }
  });
});
