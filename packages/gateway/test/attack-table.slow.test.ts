import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DECISION_META_KEY, routeRequests } from '../src/index.ts';
import { openRawStdio } from './raw-stdio.ts';
import {
  callText,
  fixtureUpstream,
  LEGACY_HEADERS,
  MODERN,
  post,
  startGateway,
  textOf,
} from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow"}\n';

describe('paths that another server would take for the gateway', () => {
  it('[P-GATEWAY-METHODS-CLOSED] are not found: no path leads to more than the one that is served', async () => {
    const { service, entries } = await startPoint({ rego: ALLOW });
    const { gateway } = await startGateway(service, [fixtureUpstream()]);
    const server = createServer(
      routeRequests({ handle: (...asked) => gateway.handle(...asked), notReady: () => undefined }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const call = callText('echo', '{}');
    for (const path of [
      '/',
      '/mcp/',
      '//mcp',
      '/MCP',
      '/mcp%2f',
      '/%6dcp',
      '/mcp;a',
      '/mcp/fixture',
      '/healthz/../mcp',
      '/servers/fixture/mcp',
    ]) {
      // By hand: a URL would be normalised on its way.
      const { status } = await postRaw(origin, path, call);
      expect([path, status]).toEqual([path, 404]);
    }
    expect((await postRaw(origin, '/readyz', call)).status).toBe(404);
    expect(await entries()).toEqual([]);
    expect((await postRaw(origin, '/mcp?server=other', call)).status).toBe(200);
  });
});

async function postRaw(origin: string, path: string, body: string): Promise<{ readonly status: number }> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method: 'POST', headers: LEGACY_HEADERS }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0 }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe("another tenant's ids in arguments", () => {
  const POLICY = `package agent

decision := {"outcome": "deny", "reason": "not_your_tenant"} if {
	some resource in input.action.resources
	resource.tenant != input.principal.tenant
} else := {"outcome": "allow"}
`;

  async function open() {
    const folder = await mkdtemp(join(tmpdir(), 'writ-tenants-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const resources = [{ type: 'order', id: '/order', tenant: '/tenant' }];
    const capability = {
      id: 'orders.read',
      adapter: 'mcp',
      servers: ['fixture'],
      tools: { allow: ['echo'] },
      resources,
    };
    await writeFile(join(folder, 'policy.rego'), POLICY);
    await writeFile(
      join(folder, 'data.json'),
      JSON.stringify({ writ: { registry: { capabilities: [capability] } } }),
    );
    const entrypoints = [{ path: 'agent/decision', kind: 'grant' }];
    const manifest = {
      roots: ['agent', 'writ/registry'],
      rego_version: 1,
      metadata: { writ: { entrypoints } },
    };
    await writeFile(join(folder, '.manifest'), JSON.stringify(manifest));
    const { service } = await startPoint({ bundle: folder });
    return startGateway(service, [fixtureUpstream()]);
  }

  it.each([['legacy' as const], [MODERN]])(
    "[P-GATEWAY-IDENTITY-FROM-CREDENTIAL] are held against the caller's own over HTTP, client era %j",
    async (era) => {
      const client = await (await open()).connect(era);
      const order = (tenant: string) =>
        client.callTool({ name: 'echo', arguments: { order: 'o-1', tenant } });
      expect(textOf(await order('acme'))).toContain('o-1');
      expect(textOf(await order('umbrella'))).toMatch(/^TOOL_DENIED: not_your_tenant/);
    },
  );

  it("[P-GATEWAY-IDENTITY-FROM-CREDENTIAL] are held against the caller's own over stdio", async () => {
    const stdio = openRawStdio((await open()).gateway);
    const about = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    await stdio.ask('i', 'initialize', about);
    const order = (id: number, tenant: string) =>
      stdio.ask(id, 'tools/call', { name: 'echo', arguments: { order: 'o-1', tenant } });
    expect(textOf((await order(1, 'acme')).result)).toContain('o-1');
    expect(textOf((await order(2, 'umbrella')).result)).toMatch(/^TOOL_DENIED: not_your_tenant/);
  });
});

describe('an approval that several requests use at the same moment', () => {
  const ASKING = 'package agent\n\ndecision := {"outcome": "escalate", "reason": "ask"}\n';

  it('[P-GATEWAY-APPROVAL-ONCE] lets one of them through, over HTTP and stdio together', async () => {
    const { service } = await startPoint({ rego: ASKING });
    const { url, gateway } = await startGateway(service, [fixtureUpstream()]);
    const stdio = openRawStdio(gateway);
    const about = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    };
    await stdio.ask('i', 'initialize', about);
    const call = callText('echo', '{"a":1}');
    const asked = JSON.parse((await post(url, call)).text);
    const { id } = asked.result._meta[DECISION_META_KEY].approval;
    expect(await service.administration.approvals.approve(id, 'operator')).toMatchObject({ ok: true });
    const http = Array.from({ length: 8 }, async () => (await post(url, call)).text);
    const lines = Array.from({ length: 8 }, async (_, at) =>
      JSON.stringify(await stdio.ask(at, 'tools/call', { name: 'echo', arguments: { a: 1 } })),
    );
    const answers = await Promise.all([...http, ...lines]);
    expect(answers.filter((text) => text.includes('structuredContent'))).toHaveLength(1);
  });
});
