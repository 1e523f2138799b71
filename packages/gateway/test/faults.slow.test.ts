import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen, MODERN, startGateway, textOf, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';

/** A server whose tool takes effect at once, and answers when it is let go. */
async function startEffects() {
  const effects: unknown[] = [];
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handler = createMcpHandler(() => {
    const server = new Server({ name: 'effects', version: '1' }, { capabilities: { tools: {} } });
    const inputSchema = { type: 'object' as const };
    server.setRequestHandler('tools/list', () => ({
      tools: ['act', 'act_and_wait'].map((name) => ({ name, description: name, inputSchema })),
    }));
    server.setRequestHandler('tools/call', async ({ params }) => {
      effects.push(params.arguments);
      if (params.name === 'act_and_wait') await gate;
      return { content: [{ type: 'text', text: 'secret-result' }] };
    });
    return server;
  });
  onTestFinished(() => handler.close());
  const node = toNodeHandler(handler);
  const url = await listen((request, response) => void node(request as NodeIncomingMessageLike, response));
  return { url, effects, release: () => release() };
}

describe('the record fails', () => {
  it('[P-GATEWAY-NO-EFFECT-UNRECORDED] killed in mid-call: the result stays inside, and nothing else takes effect', async () => {
    const server = await startEffects();
    const { service, store, entries } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway(service, [{ id: 'effects', url: server.url }]);
    const client = await connect(MODERN);
    const asked = client.callTool({ name: 'act_and_wait', arguments: { n: 1 } });
    await until(() => server.effects.length === 1);
    // What took effect is on record before it did.
    expect((await entries()).filter(({ core }) => core.effect === 'proceed')).toHaveLength(1);
    await store.close();
    server.release();
    const result = await asked;
    expect(textOf(result)).toMatch(/^TOOL_DENIED: (audit|state)_unavailable/);
    expect(JSON.stringify(result)).not.toContain('secret-result');
    for (const n of [2, 3]) {
      const refused = await client.callTool({ name: 'act', arguments: { n } });
      expect(textOf(refused)).toMatch(/^TOOL_DENIED: (audit|state)_unavailable/);
    }
    expect((await client.listTools()).tools).toEqual([]);
    expect(server.effects).toEqual([{ n: 1 }]);
  });

  it('[P-GATEWAY-NO-EFFECT-UNRECORDED] it stalls between decision and result: the effect is on record, its result stays inside', async () => {
    const server = await startEffects();
    const { service, entries } = await startPoint({ rego: ALLOW });
    const stalled = { ...service, complete: () => new Promise<never>(() => {}) };
    const limits = { decisionWaitMs: 5_000 };
    const { connect } = await startGateway(stalled, [{ id: 'effects', url: server.url }], { limits });
    for (const era of ['legacy', MODERN] as const) {
      const client = await connect(era);
      const result = await client.callTool({ name: 'act', arguments: { era } });
      expect(textOf(result)).toMatch(/^TOOL_DENIED: audit_unavailable\. The tool ran/);
      expect(JSON.stringify(result)).not.toContain('secret-result');
    }
    expect(server.effects).toHaveLength(2);
    expect((await entries()).filter(({ core }) => core.effect === 'proceed')).toHaveLength(2);
  });

  it('[P-GATEWAY-NO-EFFECT-UNRECORDED] an output policy that fails keeps the result of what was done inside', async () => {
    const server = await startEffects();
    const output = '\noutput := true if to_number(input.result.content[0].text) > 0\n';
    const { service, entries } = await startPoint({
      rego: ALLOW + output,
      entrypoints: [
        { path: 'agent/decision', kind: 'grant', when: { phases: ['call', 'list'] } },
        { path: 'agent/output', kind: 'guard', when: { phases: ['result'] } },
      ],
    });
    const { connect } = await startGateway(service, [{ id: 'effects', url: server.url }]);
    const client = await connect(MODERN);
    const result = await client.callTool({ name: 'act', arguments: {} });
    expect(textOf(result)).toMatch(/^TOOL_DENIED: (policy|guard)\w*\. The tool ran/);
    expect(JSON.stringify(result)).not.toContain('secret-result');
    expect((await entries()).filter(({ core }) => core.effect === 'proceed')).toHaveLength(1);
  });

  it('[P-GATEWAY-NO-EFFECT-UNRECORDED] a disk that is full: every effect stands on record, and after the last no other happens', async () => {
    const server = await startEffects();
    const { service, entries } = await startPoint({ rego: ALLOW, storeBytesMax: 400_000 });
    const { connect } = await startGateway(service, [{ id: 'effects', url: server.url }]);
    const client = await connect(MODERN);
    const padding = 'x'.repeat(20_000);
    let denied = 0;
    for (let n = 0; n < 200 && denied < 5; n++) {
      const result = await client.callTool({ name: 'act', arguments: { n, padding } });
      if (/^TOOL_DENIED: (audit|state)_unavailable\. (?!The tool ran)/.test(textOf(result))) denied += 1;
    }
    expect(denied).toBe(5);
    const recorded = (await entries()).filter(({ core }) => core.effect === 'proceed');
    expect(server.effects.length).toBeLessThan(200);
    expect(recorded.length).toBeGreaterThanOrEqual(server.effects.length);
  });
});
