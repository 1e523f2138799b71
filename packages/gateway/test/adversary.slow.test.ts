import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DecisionPoint } from '@writ/decision';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UpstreamConfig } from '../src/index.ts';
import { newerMeta, openRawStdio } from './raw-stdio.ts';
import {
  fixtureUpstream,
  LEGACY_HEADERS,
  MODERN,
  post,
  startGateway,
  TOKENS,
  textOf,
  until,
} from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';
const SHORT = { timeoutMs: 2_000, timeoutTotalMs: 4_000 };

function hostile(mode: string, limits: UpstreamConfig['limits'] = {}): UpstreamConfig {
  const script = fileURLToPath(new URL('./fixtures/hostile-server.ts', import.meta.url));
  return { id: 'hostile', command: process.execPath, args: [script, mode], limits };
}

async function open(upstream: UpstreamConfig, more: Parameters<typeof startGateway>[2] = {}) {
  const point = await startPoint({ rego: ALLOW });
  return { ...point, ...(await startGateway(point.service, [upstream], more)) };
}

describe('a server on stdio that misbehaves', () => {
  it('[P-GATEWAY-HOSTILE-SERVER] a list without end is no list, and ends', async () => {
    const { connect } = await open(hostile('pages', SHORT));
    const client = await connect(MODERN);
    const call = await client.callTool({ name: 't1', arguments: {} });
    expect(textOf(call)).toMatch(/^TOOL_DENIED: upstream_unavailable/);
    await expect(client.listTools()).rejects.toThrow();
    expect((await client.listPrompts()).prompts).toEqual([]);
    expect((await client.listResources()).resources).toEqual([]);
  });

  it('[P-GATEWAY-HOSTILE-SERVER] a result, or a definition, that is deeper than anybody reads stops nothing', async () => {
    const { connect, entries } = await open(hostile('deep_result', SHORT));
    const client = await connect(MODERN);
    const deep = await client.callTool({ name: 'echo', arguments: {} });
    expect(textOf(deep)).toMatch(/^TOOL_(DENIED|FAILED)/);
    expect((await entries()).some(({ core }) => core.kind === 'result')).toBe(true);
    const other = await open(hostile('deep_definition', SHORT));
    const denied = await (await other.connect(MODERN)).callTool({ name: 'echo', arguments: {} });
    expect(textOf(denied)).toMatch(/^TOOL_DENIED/);
    expect((await fetch(new URL('/nothing', other.url))).status).toBeGreaterThanOrEqual(400);
  });

  it('[P-GATEWAY-HOSTILE-SERVER] what is answered twice, or for an earlier call, is told nobody', async () => {
    const { connect } = await open(hostile('twice'));
    const clients = [await connect(MODERN), await connect('legacy'), await connect(MODERN, TOKENS.bob)];
    for (let round = 0; round < 3; round++) {
      for (const [at, client] of clients.entries()) {
        const answer = await client.callTool({ name: 'echo', arguments: { at, round } });
        expect(textOf(answer)).toBe(`first {"at":${at},"round":${round}}`);
      }
    }
  });

  it('[P-GATEWAY-HOSTILE-SERVER] lines that are no messages are a failed call, and the next one is served', async () => {
    const { connect } = await open(hostile('garbage', SHORT));
    const client = await connect(MODERN);
    const failed = await client.callTool({ name: 'echo', arguments: {} });
    expect(textOf(failed)).toMatch(/^TOOL_FAILED/);
    expect(JSON.stringify(failed)).not.toContain('nobody');
    expect(textOf(await client.callTool({ name: 'echo', arguments: { b: 2 } }))).toBe('{"b":2}');
  });

  it('[P-GATEWAY-HOSTILE-SERVER] an answer that comes too late goes to nobody else', async () => {
    const { connect, entries } = await open(hostile('late', SHORT));
    const client = await connect(MODERN);
    expect(textOf(await client.callTool({ name: 'echo', arguments: {} }))).toMatch(/^TOOL_FAILED/);
    const next = await (await connect(MODERN, TOKENS.bob)).callTool({ name: 'echo', arguments: {} });
    expect(textOf(next)).toBe('own');
    const events = (await entries()).flatMap(({ core }) => (core.kind === 'result' ? [core.event] : []));
    expect(events.sort()).toEqual(['succeeded', 'unknown']);
  });

  it('[P-GATEWAY-BOUNDED] a flood of progress is told in part', async () => {
    const { gateway } = await open(hostile('progress_flood'));
    const stdio = openRawStdio(gateway);
    const params = { name: 'echo', arguments: {}, _meta: { progressToken: 1, ...newerMeta()._meta } };
    const { result } = await stdio.ask(1, 'tools/call', params);
    expect(result.content).toMatchObject([{ text: 'flooded' }]);
    const told = stdio.came.filter(({ method }) => method === 'notifications/progress');
    expect(told.length).toBeGreaterThan(10);
    expect(told.length).toBeLessThan(1_000);
  });

  it('[P-GATEWAY-BOUNDED] resources without end fill neither the pins nor the disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-flood-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const pinsFile = join(folder, 'pins.json');
    const { connect } = await open(hostile('resource_flood'), { pinsFile });
    const client = await connect(MODERN);
    const shown = async () => (await client.listResources()).resources.length;
    expect([await shown(), await shown(), await shown()]).toEqual([7_999, 2_001, 0]);
    const pins = JSON.parse(await readFile(pinsFile, 'utf8'));
    expect(Object.keys(pins).filter((key) => key.startsWith('hostile:resource/')).length).toBe(10_001);
    const kept = await readFile(`${pinsFile}.definitions`, 'utf8').catch(() => '');
    expect(kept.length).toBeLessThan(1_000_000);
  });
});

/** A point whose decisions wait until they are let go. */
function held(point: DecisionPoint) {
  let go: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  let asked = 0;
  const waiting: DecisionPoint = {
    ...point,
    decide: async (call) => {
      const made = point.decide(call);
      asked += 1;
      await gate;
      return made;
    },
    complete: (call) => point.complete(call),
    list: (call) => point.list(call),
    report: (call) => point.report(call),
    approval: point.approval,
    close: () => point.close(),
  };
  return { waiting, go: () => go(), asked: () => asked };
}

describe('a client that takes its call back while it is decided', () => {
  async function openHeld() {
    const folder = await mkdtemp(join(tmpdir(), 'writ-held-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const log = join(folder, 'log');
    const { service, entries } = await startPoint({ rego: ALLOW });
    const gate = held(service);
    const started = await startGateway(gate.waiting, [fixtureUpstream('fixture', { LOG: log })]);
    const called = async () => (await readFile(log, 'utf8').catch(() => '')).includes('echo ');
    const notSent = () =>
      until(async () =>
        (await entries()).some(({ core }) => core.kind === 'result' && core.event === 'not_sent'),
      );
    return { ...started, ...gate, called, notSent };
  }

  it('[P-GATEWAY-ONE-DECISION-ONE-EFFECT] over HTTP in the newer era: nothing is sent, and that is on record', async () => {
    const { url, go, asked, called, notSent } = await openHeld();
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: {}, ...newerMeta() },
    };
    const request = httpRequest(url, {
      method: 'POST',
      headers: {
        ...LEGACY_HEADERS,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'echo',
      },
    });
    request.on('error', () => undefined);
    request.end(JSON.stringify(message));
    await until(() => asked() === 1);
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    go();
    await notSent();
    expect(await called()).toBe(false);
  });

  it('[P-GATEWAY-ONE-DECISION-ONE-EFFECT] in a session over HTTP, and on stdio in both eras', async () => {
    for (const way of ['session', 'stdio older', 'stdio newer']) {
      const { url, gateway, go, asked, called, notSent } = await openHeld();
      const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
      const about = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 't', version: '1' },
      };
      const params = { name: 'echo', arguments: {}, ...(way === 'stdio newer' ? newerMeta() : {}) };
      const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params };
      if (way === 'session') {
        const begun = await post(
          url,
          JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: about }),
        );
        const headers = {
          'mcp-session-id': String(begun.headers['mcp-session-id']),
          'mcp-protocol-version': '2025-11-25',
        };
        void post(url, JSON.stringify(call), headers).catch(() => undefined);
        await until(() => asked() === 1);
        expect((await post(url, JSON.stringify(cancel), headers)).status).toBe(202);
      } else {
        const stdio = openRawStdio(gateway);
        if (way === 'stdio older') await stdio.ask('i', 'initialize', about);
        stdio.write(call);
        await until(() => asked() === 1);
        stdio.write(cancel);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      go();
      await notSent();
      expect([way, await called()]).toEqual([way, false]);
    }
  });
});

describe('two sessions with the same ids', () => {
  const INITIALIZE = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: { form: {} } },
    clientInfo: { name: 't', version: '1' },
  };

  it('[P-GATEWAY-NO-CROSS-CLIENT] neither cancel nor answer for each other', async () => {
    const { url } = await open(fixtureUpstream());
    const folder = await mkdtemp(join(tmpdir(), 'writ-ids-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const say = (id: unknown, method: string, params: object) =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const begin = async (token: string) => {
      const authorization = `Bearer ${token}`;
      const begun = await post(url, say(1, 'initialize', INITIALIZE), { authorization });
      return {
        authorization,
        'mcp-session-id': String(begun.headers['mcp-session-id']),
        'mcp-protocol-version': '2025-11-25',
      };
    };
    const [alice, bob, second] = [
      await begin(TOKENS.alice),
      await begin(TOKENS.bob),
      await begin(TOKENS.alice),
    ];
    const waiting = [alice, bob, second].map((headers, at) =>
      post(
        url,
        say(5, 'tools/call', { name: 'wait', arguments: { file: join(folder, String(at)) } }),
        headers,
      ),
    );
    await until(async () => {
      const began = await Promise.all(
        [0, 1, 2].map((at) => readFile(join(folder, `${at}.began`)).catch(() => undefined)),
      );
      return began.every((each) => each !== undefined);
    });
    const cancel = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 5 },
    });
    await post(url, cancel, bob);
    // Bob names Alice's session with his own credential, and takes her call back.
    expect((await post(url, cancel, { ...bob, 'mcp-session-id': alice['mcp-session-id'] })).status).toBe(404);
    for (const at of [0, 1, 2]) await writeFile(join(folder, String(at)), '');
    const [first, , third] = await Promise.all([waiting[0], undefined, waiting[2]]);
    expect([first?.text, third?.text]).toEqual([
      expect.stringContaining('went on'),
      expect.stringContaining('went on'),
    ]);
  });
});

describe('streams of changes', () => {
  it('[P-GATEWAY-BOUNDED] of one caller are so many, and leave room for others', async () => {
    const { url } = await open(fixtureUpstream(), {
      limits: { listenStreams: 8, listenStreamsPerCaller: 3 },
    });
    const listen = (token: string) =>
      new Promise<number>((resolve, reject) => {
        const notifications = { toolsListChanged: true };
        const params = { notifications, ...newerMeta() };
        const request = httpRequest(url, {
          method: 'POST',
          headers: {
            ...LEGACY_HEADERS,
            authorization: `Bearer ${token}`,
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'subscriptions/listen',
          },
        });
        request.on('response', (response) => resolve(response.resume().statusCode ?? 0));
        request.on('error', reject);
        request.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }));
        onTestFinished(() => {
          request.on('error', () => undefined);
          request.destroy();
        });
      });
    const alices = [];
    for (let stream = 0; stream < 5; stream++) alices.push(await listen(TOKENS.alice));
    expect(alices).toEqual([200, 200, 200, 503, 503]);
    expect(await listen(TOKENS.bob)).toBe(200);
  });
});
