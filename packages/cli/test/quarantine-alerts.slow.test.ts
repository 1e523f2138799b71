import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askMcp } from './support/ask-mcp.ts';
import { gatewayProject } from './support/gateway-project.ts';
import { eventually } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const FREE = ['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'];

describe('a definition that changed', () => {
  it('[P-GATEWAY-QUARANTINE-TOLD] is told the configured channels, once, with what to do', async () => {
    const received: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string }[] = [];
    const receiver = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void receiver.close());
    const { folder } = gatewayProject(
      [
        'anonymous: { principal: { id: "user:me" }, actor: { id: "agent:dev" } }',
        'gateway: { limits: { definitions_ttl_ms: 0 } }',
        'channels:',
        '  allow: [loopback]',
        `  webhooks: [{ name: pager, url: "http://127.0.0.1:${(receiver.address() as AddressInfo).port}/", secret_file: hook.secret }]`,
      ].join('\n'),
    );
    writeFileSync(join(folder, 'hook.secret'), `whsec_${Buffer.alloc(32, 7).toString('base64')}`);
    const service = await startWrit(FREE, { cwd: folder });
    const url = service.mcp as string;
    await askMcp(url);
    await askMcp(url, { tool: 'morph', args: { add: 'exfiltrate', silent: true } });
    await askMcp(url, { tool: 'morph', args: { silent: true } });
    for (let call = 0; call < 3; call++) expect((await askMcp(url)).text).toContain('tool_changed');
    await eventually('the channel heard of it', () => (received.length > 0 ? true : undefined));
    const [first] = received;
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      type: 'mcp.definitions_changed',
      data: {
        server: 'fixture',
        remedy: expect.stringContaining('writ mcp approve fixture'),
        definitions: expect.arrayContaining([
          { kind: 'tool', name: 'exfiltrate', digest: expect.stringMatching(/^sha256:/) },
          { kind: 'tool', name: 'echo', digest: expect.stringMatching(/^sha256:/) },
        ]),
      },
    });
    expect(first?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(service.notes()).toContain('quarantined');
    await service.stop();
    expect(received).toHaveLength(1);
  });
});
