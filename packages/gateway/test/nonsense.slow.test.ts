import { request as httpRequest } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ANSWERED, METHODS } from '../src/index.ts';
import { startHttpUpstream } from './http-upstream.ts';
import { newerMeta, openRawStdio, TASKS } from './raw-stdio.ts';
import { callText, fixtureUpstream, LEGACY_HEADERS, post, startGateway } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const REQUESTS = 1_500;
const AT_ONCE = 8;
/** A stream that stays open is left after this long. */
const LEAVE_MS = 400;

/** Draws the same again for the same seed (mulberry32). */
function drawing(seed: number) {
  let state = seed;
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
  return { below, pick: <T>(list: readonly T[]): T => list[below(list.length)] as T };
}
type Draw = ReturnType<typeof drawing>;
type Value = Record<string, unknown>;

const JUNK: readonly unknown[] = [
  ...['', '\u0000', 'a'.repeat(3_000), '../..', '\r\nX: 1', '__proto__', 'constructor'],
  ...[null, 0, -1, 3.5, true, [], {}, ['x'], { a: { b: [] } }, { toString: 1 }],
];
const NAMES = ['fixture__echo', 'fixture__fail', 'fixture__progress', 'web__echo', 'echo', 'nope'];
const CAPABILITIES = [{}, { extensions: { [TASKS]: {} } }, { elicitation: { form: {} }, sampling: {} }];
const EVERY_METHOD = [
  ...Object.keys(METHODS),
  ...Object.keys(ANSWERED),
  'notifications/cancelled',
  'notifications/initialized',
  'nope',
];

function message({ below, pick }: Draw): { readonly value: Value; readonly newer: boolean } {
  const newer = below(2) === 0;
  const method = pick(EVERY_METHOD);
  const uri = 'writ:fixture:mem://one';
  const params: Value = { name: pick(NAMES), arguments: { a: 1 }, uri, taskId: 'task-1' };
  const wanted = [{}, { toolsListChanged: true }, { taskIds: ['x'] }, { resourceSubscriptions: [uri] }];
  if (method === 'subscriptions/listen') params['notifications'] = pick(wanted);
  if (method === 'initialize') {
    const clientInfo = { name: 'nonsense', version: '1' };
    Object.assign(params, { protocolVersion: pick(['2025-11-25', 'x']), capabilities: {}, clientInfo });
  }
  if (below(3) === 0) params['task'] = pick([{}, { ttl: 5 }, { ttl: -1 }, 'x']);
  if (newer) Object.assign(params, newerMeta(pick(CAPABILITIES)));
  const value: Value = { jsonrpc: '2.0', id: pick([1, 2, 'x', 3.5, null, {}]), method, params };
  return { value, newer };
}

/** The text of a message after a few members were taken away or made something else. */
function spoilt({ value }: { readonly value: Value }, { below, pick }: Draw): string {
  for (let count = below(3); count > 0; count--) {
    const params = value['params'] as Value | undefined;
    const places = [value, params, params?.['_meta']].filter(
      (place): place is Value => typeof place === 'object' && place !== null && !Array.isArray(place),
    );
    const place = pick(places);
    const key = pick([...Object.keys(place), 'inputResponses', 'requestState', 'cursor', 'extra', 'Name']);
    if (below(4) === 0) delete place[key];
    else place[key] = structuredClone(pick(JUNK));
  }
  const text = JSON.stringify(value);
  if (below(12) === 0) return text.slice(0, below(text.length));
  return below(15) === 0 ? `[${text}]` : text;
}

function ask(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      text = `${response.statusCode} ${JSON.stringify(response.headers)}\n`;
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
    });
    request.on('error', () => undefined);
    request.on('close', () => resolve(text));
    request.setTimeout(LEAVE_MS, () => request.destroy());
    request.end(body);
  });
}

describe('nonsense', () => {
  it('[P-GATEWAY-STRICT-READING] of any kind is refused or answered: nothing breaks, and nothing takes effect undecided', async () => {
    const faults: unknown[] = [];
    const fault = (thrown: unknown): void => void faults.push(thrown);
    process.on('unhandledRejection', fault);
    onTestFinished(() => void process.off('unhandledRejection', fault));
    const upstream = await startHttpUpstream();
    const { service, entries } = await startPoint({
      rego: 'package agent\n\ndecision := {"outcome": "allow"}\n',
    });
    const servers = [fixtureUpstream(), { id: 'web', url: upstream.url }];
    const { url, gateway } = await startGateway(service, servers, { limits: { taskAfterMs: 20 } });
    const stdio = openRawStdio(gateway);
    const seed = Date.now() | 0;
    const draw = drawing(seed);
    const sessions: string[] = [];
    let left = REQUESTS;
    const work = async (): Promise<void> => {
      while (left-- > 0) {
        const { below, pick } = draw;
        const drawn = message(draw);
        const { method, params = {} } = { ...drawn.value } as { method: string; params?: Value };
        const named = String(method.startsWith('tasks/') ? 'task-1' : (params['name'] ?? ''));
        const body = spoilt(drawn, draw);
        if (below(6) === 0) {
          stdio.write(body.replaceAll('\n', ' '));
          continue;
        }
        const newer = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': named };
        const headers: Record<string, string> = {
          ...LEGACY_HEADERS,
          ...(drawn.newer && below(6) > 0 ? newer : {}),
          ...(below(10) === 0 ? { 'last-event-id': pick(['1', 'x']) } : {}),
          ...(!drawn.newer && sessions.length > 0 && below(2) === 0
            ? { 'mcp-session-id': pick(sessions) }
            : {}),
        };
        const answer = await ask(
          url,
          pick(['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE', 'PUT']),
          headers,
          body,
        );
        if (answer.startsWith('500') || answer.includes('-32603')) faults.push([body, answer]);
        const session = /"mcp-session-id":"([^"]+)"/.exec(answer)?.[1];
        if (session !== undefined && sessions.length < 20) sessions.push(session);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect([seed, faults]).toEqual([seed, []]);
    expect([seed, stdio.came.filter(({ error }) => error?.code === -32_603)]).toEqual([seed, []]);
    expect((await post(url, callText('fixture__echo', '{}'))).text).toContain('structuredContent');
    expect(await gateway.stop(30_000)).toBe(0);
    const calls = (await entries()).filter(
      ({ core }) => core.kind === 'decision' && core.action_type === 'tool_call' && core.phase === 'call',
    );
    expect(upstream.calls.length).toBeLessThanOrEqual(calls.length);
  });
});
