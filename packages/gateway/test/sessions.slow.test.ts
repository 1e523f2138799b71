import { describe, expect, it } from 'vitest';
import { startHttpUpstream } from './http-upstream.ts';
import { post, startGateway, TOKENS } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
});
const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'echo', arguments: {} },
});

describe('a session over HTTP', () => {
  it('[P-GATEWAY-NO-CROSS-CLIENT] belongs to the caller that began it, and ends when it says so', async () => {
    const upstream = await startHttpUpstream();
    const { service } = await startPoint({ rego: 'package agent\n\ndecision := {"outcome": "allow"}\n' });
    const { url } = await startGateway(service, [{ id: 'http', url: upstream.url }]);
    const begun = await post(url, INITIALIZE);
    const session = String(begun.headers['mcp-session-id']);
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
    const stranger = { ...headers, authorization: `Bearer ${TOKENS.bob}` };
    for (const verb of ['POST', 'DELETE', 'GET']) {
      expect((await post(url, verb === 'POST' ? CALL : '', stranger, verb)).status).toBe(404);
    }
    expect(upstream.calls).toHaveLength(0);
    expect((await post(url, CALL, headers)).text).toContain('"result"');
    expect((await post(url, '', headers, 'DELETE')).status).toBe(200);
    expect((await post(url, CALL, headers)).status).toBe(404);
  });
});
