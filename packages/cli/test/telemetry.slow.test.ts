import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askMcp } from './support/ask-mcp.ts';
import { gatewayProject } from './support/gateway-project.ts';
import { startReceiver } from './support/otlp-receiver.ts';
import { eventually } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const FREE = ['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'];
const ANYBODY = 'anonymous: { principal: { id: "user:me" }, actor: { id: "agent:dev" } }';
const POLICY = `package main

default decision := {"allow": false, "reason": "not_echo"}

decision := {"allow": true} if input.action.tool == "echo"
`;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const STATUS = 'http.response.status_code';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

describe('spans', () => {
  it('[P-TRACE-CONTEXT] join the trace of a caller, tell the decision, and reach the server as their parent', async () => {
    const receiver = await startReceiver();
    const { folder } = gatewayProject(
      `${ANYBODY}\ntelemetry: { traces: { url: "${receiver.url}", service_name: gateway-1 } }\n`,
      POLICY,
    );
    const service = await startWrit(FREE, { cwd: folder });
    const url = service.mcp as string;
    const meta = { traceparent: PARENT, tracestate: 'vendor=1' };
    const allowed = await askMcp(url, { meta, args: { secret: 'hunter2' } });
    expect(allowed.status).toBe(200);
    await askMcp(url, { meta, tool: 'env' });
    await askMcp(url, { meta: { traceparent: 'nonsense' } });
    await eventually('all spans arrived', () => (receiver.spans.length >= 8 ? true : undefined));
    expect(receiver.faults).toEqual([]);

    const own = receiver.spans.filter(({ traceId }) => traceId === TRACE);
    const named = (name: string, kind: number) =>
      own.find((span) => span.name === name && span.kind === kind);
    const server = named('tools/call echo', 2);
    const client = named('tools/call echo', 3);
    const denied = named('tools/call env', 2);
    expect(server).toMatchObject({
      parentSpanId: 'b7ad6b7169203331',
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'echo',
        'gen_ai.operation.name': 'execute_tool',
        'jsonrpc.request.id': '1',
        'writ.decision.outcome': 'allow',
        'writ.decision.effect': 'proceed',
      },
    });
    expect(client).toMatchObject({ parentSpanId: server?.spanId, attributes: { 'writ.server': 'fixture' } });
    // What the server was told: the span that its own belong to.
    expect(allowed.text).toContain(`00-${TRACE}-${client?.spanId}-01`);
    expect(denied).toMatchObject({
      failed: true,
      attributes: {
        'writ.decision.outcome': 'deny',
        'writ.decision.reason': 'not_echo',
        'error.type': 'tool_error',
      },
    });
    expect(own.filter(({ name }) => name === 'writ.decide')).toHaveLength(2);
    // A trace that is none begins one here; arguments are no part of any span.
    expect(receiver.spans.some(({ name, traceId }) => name === 'tools/call echo' && traceId !== TRACE)).toBe(
      true,
    );
    expect(JSON.stringify(receiver.spans)).not.toContain('hunter2');
    expect(await service.stop()).toBe(0);
  });

  it('[P-TRACE-CONTEXT] tell requests of the decision API, with what was decided, and no name or argument', async () => {
    const receiver = await startReceiver();
    const { folder } = gatewayProject(
      `${ANYBODY}\ntelemetry: { traces: { url: "${receiver.url}" } }\n`,
      POLICY,
    );
    const service = await startWrit(FREE, { cwd: folder });
    const asked = async (path: string, body: unknown, headers = {}) =>
      (
        await fetch(`${service.api}${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...headers },
        })
      ).status;
    const request = {
      principal: { id: 'user:hidden' },
      actor: { id: 'agent:hidden' },
      action: { type: 'tool_call', phase: 'call', tool: 'echo', args: { secret: 'hunter2' } },
    };
    const trace = { traceparent: PARENT, tracestate: 'vendor=1' };
    expect(await asked('/v1/decide', { request }, trace)).toBe(200);
    expect(await asked('/v1/decide', [], trace)).toBe(400);
    expect(await asked('/v1/halt', {}, trace)).toBe(401);
    expect(await asked('/v1/explain', { request }, { traceparent: 'nonsense' })).toBe(200);
    await fetch(`${service.api}/readyz`);
    await eventually('all spans arrived', () => (receiver.spans.length >= 5 ? true : undefined));
    expect(receiver.faults).toEqual([]);
    const own = receiver.spans.filter(({ traceId }) => traceId === TRACE);
    const of = (name: string, status?: string) =>
      own.find(
        (span) => span.name === name && (status === undefined || String(span.attributes[STATUS]) === status),
      );
    const decided = of('POST /v1/decide', '200');
    expect(decided).toMatchObject({
      kind: 2,
      failed: false,
      parentSpanId: 'b7ad6b7169203331',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/decide',
        'writ.decision.outcome': 'allow',
        'writ.decision.effect': 'proceed',
      },
    });
    expect(of('writ.decide')).toMatchObject({ parentSpanId: decided?.spanId });
    // What a caller does wrong is no failure of the service.
    expect(of('POST /v1/decide', '400')).toMatchObject({ failed: false });
    expect(of('POST /v1/halt', '401')).toMatchObject({ failed: false });
    expect(receiver.spans.map(({ name }) => name)).toContain('POST /v1/explain');
    expect(receiver.spans.some(({ name }) => name.includes('readyz'))).toBe(false);
    expect(JSON.stringify(receiver.spans)).not.toMatch(/hunter2|hidden/);
    expect(await service.stop()).toBe(0);
  });

  it('where no receiver is named there are none, and the trace of a caller passes as it is', async () => {
    const { folder } = gatewayProject(ANYBODY, POLICY);
    const service = await startWrit(FREE, { cwd: folder });
    const answer = await askMcp(service.mcp as string, { meta: { traceparent: PARENT } });
    expect(answer.text).toContain(PARENT);
  });

  it('a receiver that is not there delays and refuses nothing', async () => {
    const yaml = `${ANYBODY}\ntelemetry: { traces: { url: "http://127.0.0.1:9/v1/traces" } }\n`;
    const { folder } = gatewayProject(yaml, POLICY);
    const service = await startWrit(FREE, { cwd: folder });
    expect((await askMcp(service.mcp as string)).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });
});

describe('log records', () => {
  it('[P-LOG-NO-NAMES] tell each decision in its span, changes of policies and faults, and no name or argument', async () => {
    const receiver = await startReceiver();
    const { url, logsUrl } = receiver;
    const { folder } = gatewayProject(
      `${ANYBODY}\ntelemetry: { traces: { url: "${url}" }, logs: { url: "${logsUrl}" } }\n`,
      POLICY,
    );
    const service = await startWrit(FREE, { cwd: folder });
    const decide = (tool: string) => {
      const args = { secret: 'hunter2' };
      const request = {
        principal: { id: 'user:hidden' },
        actor: { id: 'agent:hidden' },
        action: { type: 'tool_call', phase: 'call', tool, args },
      };
      return fetch(`${service.api}/v1/decide`, {
        method: 'POST',
        body: JSON.stringify({ request }),
        headers: { 'content-type': 'application/json', traceparent: PARENT },
      });
    };
    await decide('echo');
    await decide('env');
    await askMcp(service.mcp as string, { args: { secret: 'hunter2' } });
    writeFileSync(join(folder, 'policy/main.rego'), 'package main\n\nthis is no policy\n');
    const of = (event: string) => receiver.records.filter((each) => each.event === event);
    await eventually('all records arrived', () =>
      of('writ.decision').length >= 3 && of('writ.policy.refused').length > 0 ? true : undefined,
    );
    expect(receiver.faults).toEqual([]);
    const [allowed, denied] = of('writ.decision');
    const tool = (name: string) => ({ 'gen_ai.tool.name': name });
    expect(allowed).toMatchObject({ severity: 'INFO', traceId: TRACE, attributes: tool('echo') });
    expect(denied).toMatchObject({
      severity: 'WARN',
      body: 'deny: not_echo',
      attributes: { ...tool('env'), 'writ.decision.outcome': 'deny', 'writ.decision.reason': 'not_echo' },
    });
    await eventually('its span arrived', () =>
      receiver.spans.some(({ name, spanId }) => name === 'writ.decide' && spanId === denied?.spanId)
        ? true
        : undefined,
    );
    expect(JSON.stringify(receiver.records)).not.toMatch(/hunter2|hidden|user:me|agent:dev/);
    expect(await service.stop()).toBe(0);
  });
});

describe('meters', () => {
  it('[P-GATEWAY-METERS] of the gateway stand beside those of the decision point', async () => {
    const { folder } = gatewayProject(ANYBODY, POLICY);
    const service = await startWrit(FREE, { cwd: folder });
    const url = service.mcp as string;
    await askMcp(url);
    await askMcp(url, { tool: 'env' });
    const text = await (await fetch(`${service.api}/metrics`)).text();
    for (const line of [
      'writ_gateway_decision_seconds_count{outcome="allow"} 1',
      'writ_gateway_decision_seconds_count{outcome="deny"} 1',
      'writ_gateway_refusals_total{reason="not_echo"} 1',
      'writ_gateway_upstream_seconds_count{server="fixture"} 1',
      'writ_gateway_upstream_answers_total{server="fixture",kind="result"} 1',
      'writ_gateway_sessions 0',
      'writ_gateway_requests_in_flight 0',
      'writ_gateway_calls_held 0',
      'writ_decisions_total{outcome="allow",effect="proceed"} 1',
    ])
      expect(text.split('\n')).toContain(line);
  });
});
