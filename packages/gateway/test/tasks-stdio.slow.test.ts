import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newerMeta, openRawStdio, TASKS } from './raw-stdio.ts';
import { fixtureUpstream, startGateway, until } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow"}\n';
const KEEPS = newerMeta({ extensions: { [TASKS]: {} } });

async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'writ-tasks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  const { service, entries } = await startPoint({ rego: ALLOW });
  const { gateway } = await startGateway(service, [fixtureUpstream('fixture', { LOG: log })], {
    limits: { taskAfterMs: 60_000 },
  });
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []);
  return { client: openRawStdio(gateway), entries, lines, file: join(folder, 'go') };
}

describe('a client of the newer era on stdio that keeps tasks', () => {
  it('[P-GATEWAY-BOTH-ERAS] takes a call back that is no task yet: the server hears of it, and no answer comes', async () => {
    const { client, entries, lines, file } = await open();
    client.write({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'wait', arguments: { file }, ...KEEPS },
    });
    await until(() => existsSync(`${file}.began`));
    client.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await until(() => lines().includes('cancelled'));
    await until(async () => (await entries()).some(({ core }) => core.event === 'unknown'));
    await writeFile(file, '');
    const after = await client.ask(2, 'tools/call', { name: 'echo', arguments: {}, ...KEEPS });
    expect(after.result).toMatchObject({ resultType: 'complete' });
    expect(client.came.filter(({ id }) => id === 1)).toEqual([]);
  });

  it('[P-GATEWAY-NO-CROSS-CLIENT] two calls with one id at a time are not mixed up: the second is refused', async () => {
    const { client, file } = await open();
    const call = { name: 'wait', arguments: { file }, ...KEEPS };
    client.write({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
    await until(() => existsSync(`${file}.began`));
    const second = { name: 'echo', arguments: {}, ...KEEPS };
    client.write({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: second });
    const refused = await client.find(({ error }) => error !== undefined);
    expect(refused).toMatchObject({ error: { message: expect.stringContaining('request_id_in_use') } });
    await writeFile(file, '');
    const answer = await client.find(({ id, result }) => id === 1 && result !== undefined);
    expect(answer.result).toMatchObject({ content: [{ text: 'went on' }] });
  });
});
