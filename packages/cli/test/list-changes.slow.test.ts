import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, REPOSITORY, temporaryFolder } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const SERVER = join(REPOSITORY, 'packages/gateway/test/fixtures/raw-server.ts');
const POLICY = (tools: string) => `package main

decision := {"allow": true}

shown if input.action.tool in ${tools}
`;

describe('policies that change', () => {
  it('[P-GATEWAY-LIST-FILTERED] are told clients whose list is another one then', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'policy'));
    const write = (tools: string) => writeFileSync(join(folder, 'policy/main.rego'), POLICY(tools));
    write('{"echo"}');
    const entrypoints = [
      { path: 'main/decision', kind: 'grant' },
      { path: 'main/shown', kind: 'visible', when: { phases: ['list'] } },
    ];
    const manifest = { roots: ['main'], rego_version: 1, metadata: { writ: { entrypoints } } };
    writeFileSync(join(folder, 'policy/.manifest'), JSON.stringify(manifest));
    const config = {
      bundles: [{ name: 'main', directory: 'policy' }],
      upstreams: { fixture: { command: process.execPath, args: [SERVER] } },
      anonymous: { principal: { id: 'user:me' }, actor: { id: 'agent:dev' } },
    };
    writeFileSync(join(folder, 'writ.yaml'), JSON.stringify(config));
    const service = await startWrit(['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'], { cwd: folder });
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    let told = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      told += 1;
    });
    await client.connect(new StreamableHTTPClientTransport(new URL(service.mcp as string)));
    onTestFinished(() => client.close());
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names()).toEqual(['echo']);
    write('{"echo", "env"}');
    await eventually('the client hears of it', () => (told > 0 ? true : undefined));
    expect(await names()).toEqual(['echo', 'env']);
  });
});
