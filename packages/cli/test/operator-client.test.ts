import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { operatorClient } from '../src/compose/operator-client.ts';
import { EXIT } from '../src/exit-status.ts';

/** Somebody who listens where a service listened before it died, and notes what he is sent. */
async function startImpostor(): Promise<{ readonly url: string; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.url} ${JSON.stringify(request.headers)}`);
    response.end('{"proof":"00","approvals":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

it("[P-OPERATOR-TOKEN-KEPT] the operator's token is sent to nobody who does not know it", async () => {
  const { url, heard } = await startImpostor();
  const data = mkdtempSync(join(tmpdir(), 'writ-operator-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  mkdirSync(join(data, 'credentials'));
  writeFileSync(join(data, 'credentials/operator.token'), `writ_op_${'s'.repeat(43)}\n`);
  // A process runs under the dead service's number.
  writeFileSync(join(data, 'service.json'), JSON.stringify({ pid: process.pid, api: url }));
  const client = operatorClient({ data });
  await expect(client.get('/v1/approvals')).rejects.toMatchObject({ status: EXIT.notPermitted });
  await expect(client.post('/v1/halt', { all: true })).rejects.toMatchObject({ status: EXIT.notPermitted });
  expect(heard).toHaveLength(2);
  expect(heard.join()).not.toMatch(/sssss|authorization/i);
});
