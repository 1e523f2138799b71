import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { GATEWAY_CHAIN } from '../src/index.ts';
import { callText, fixtureUpstream, LEGACY_HEADERS, post, startGateway } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const POLICY = `package agent

decision := {"outcome": "deny", "reason": "not_this"} if input.action.args.deny

else := {"outcome": "sanitize", "reason": "hidden", "obligations": [{"type": "redact", "properties": {"pointers": ["/name"]}}]} if {
	input.action.type == "prompt_get"
} else := {"outcome": "allow", "reason": "ok"}
`;

const OUTPUT = `
output := {"outcome": "deny", "reason": "hold_it"} if contains(json.marshal(input.result), "secret")

output := true if not contains(json.marshal(input.result), "secret")
`;

async function open() {
  const point = await startPoint({
    rego: POLICY + OUTPUT,
    entrypoints: [
      { path: 'agent/decision', kind: 'grant', when: { phases: ['call', 'list'] } },
      { path: 'agent/output', kind: 'guard', when: { phases: ['result'] } },
    ],
  });
  const seen: string[] = [];
  const upstream = fixtureUpstream('fixture', {}, { timeoutMs: 2_000 });
  const started = await startGateway(point.service, [upstream], {
    observe: (step) => void (seen.at(-1) === step || seen.push(step)),
    limits: { messageBytes: 10_000, messageWaitMs: 1_000, definitionsTtlMs: 0 },
  });
  return { ...started, seen };
}

const names = GATEWAY_CHAIN.map(({ name }) => name);
const places = (steps: readonly string[]) => steps.map((step) => names.indexOf(step));
const inOrder = (steps: readonly string[]) => {
  const at = places(steps);
  return at.every((place, index) => place >= 0 && (index === 0 || place > (at[index - 1] ?? 0)));
};

/** Requests, with the code that each is refused with and the step that says so. */
const REFUSED: readonly (readonly [string, string, Parameters<typeof post>[1], Record<string, string>])[] = [
  ['transport', 'host_refused', callText('echo', '{}'), { host: 'evil.example' }],
  ['transport', 'origin_refused', callText('echo', '{}'), { origin: 'http://evil.example' }],
  ['transport', 'media_type_refused', callText('echo', '{}'), { 'content-type': 'text/plain' }],
  ['identity', 'unauthenticated', callText('echo', '{}'), { authorization: 'Bearer wrong' }],
  ['body', 'message_too_large', callText('echo', `{"a":"${'x'.repeat(20_000)}"}`), {}],
  ['strict reading', 'json_duplicate_key', callText('echo', '{"a":1,"a":2}'), {}],
  ['strict reading', 'batch_refused', `[${callText('echo', '{}')}]`, {}],
  ['strict reading', 'message_not_object', '1', {}],
  ['strict reading', 'key_case_variant', callText('echo', '{}', ',"Name":"x"'), {}],
  ['session', 'session_unknown', callText('echo', '{}'), { 'mcp-session-id': 'nobody-has-this' }],
  ['locate', 'tool_unknown', callText('no-such-tool', '{}'), {}],
  ['locate', 'resource_unknown', request('resources/read', { uri: '' }), {}],
  ['locate', 'prompt_unknown', request('prompts/get', { name: 'nothing' }), {}],
  ['decision', 'not_this', callText('echo', '{"deny":true}'), {}],
  ['judgement', 'hold_it', callText('echo', '{"a":"secret"}'), {}],
];

function request(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

describe('the chain', () => {
  it('[P-GATEWAY-CHAIN] each refusal comes from the step that the table names, and nothing happens after it', async () => {
    const { url, seen } = await open();
    for (const [step, code, body, headers] of REFUSED) {
      seen.length = 0;
      const answer = await post(url, body, headers);
      expect([code, answer.text]).toEqual([code, expect.stringContaining(code)]);
      expect([code, seen.at(-1)]).toEqual([code, step]);
      expect([code, seen, inOrder(seen)]).toEqual([code, seen, true]);
      const rule = GATEWAY_CHAIN.find(({ name }) => name === step);
      const own = code === 'not_this' || code === 'hold_it' ? 'reasons of the decision' : code;
      expect(rule?.refuses).toContain(own);
    }
  });

  it('[P-GATEWAY-CHAIN] a method that does not pass ends there, and other verbs before', async () => {
    const { url, seen } = await open();
    expect((await post(url, request('x/y', {}))).text).toContain('-32601');
    expect(seen.at(-1)).toBe('method');
    seen.length = 0;
    expect((await post(url, '', {}, 'PUT')).text).toContain('method_not_allowed');
    expect(seen).toEqual(['transport']);
    seen.length = 0;
    expect((await post(url, '', { 'mcp-session-id': 'x' }, 'DELETE')).text).toContain('session_unknown');
    expect(seen).toEqual(['transport', 'identity', 'stopping', 'stream of a session']);
  });

  it('[P-GATEWAY-CHAIN] a changed definition ends at its pin', async () => {
    const { url, seen } = await open();
    await post(url, callText('morph', '{"silent":true}'));
    seen.length = 0;
    expect((await post(url, callText('echo', '{}'))).text).toContain('tool_changed');
    expect(seen.at(-1)).toBe('pin');
  });

  it('[P-GATEWAY-CHAIN] a call that passes takes every step, in order, but for questions', async () => {
    const { url, seen } = await open();
    expect((await post(url, callText('echo', '{}'))).text).toContain('"result"');
    const skipped = ['questions'];
    expect(seen).toEqual(names.filter((name) => !skipped.includes(name)));
  });

  it('[P-GATEWAY-BOUNDED] a body that comes bit by bit is given up, on record', async () => {
    const { url, seen } = await open();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const slow = httpRequest(url, {
        method: 'POST',
        headers: { ...LEGACY_HEADERS, 'content-length': '100' },
      });
      slow.on('response', (response) => resolve(response.resume().statusCode));
      slow.on('error', reject);
      slow.write('{');
    });
    expect(status).toBe(408);
    expect(seen.at(-1)).toBe('body');
  });
});
