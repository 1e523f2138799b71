import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askMcp } from './support/ask-mcp.ts';
import { gatewayProject } from './support/gateway-project.ts';
import { eventually, runWrit } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const FREE = ['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'];
const ANYBODY = 'anonymous: { principal: { id: "user:me" }, actor: { id: "agent:dev" } }';

interface Core {
  readonly kind: string;
  readonly event?: string;
  readonly codes?: readonly string[];
}

/** What stands on record after the service ended, read by the next one. */
async function recordOf(folder: string): Promise<readonly Core[]> {
  await startWrit(FREE, { cwd: folder });
  const ran = await runWrit(['log', 'tail', '-n', '100', '--format', 'json'], { cwd: folder });
  return (JSON.parse(ran.stdout) as { readonly entries: { readonly core: Core }[] }).entries.map(
    ({ core }) => core,
  );
}

describe('SIGTERM in the middle of a call', () => {
  it('[P-GRACEFUL-STOP] lets it finish, and refuses what comes meanwhile on record', async () => {
    const { folder } = gatewayProject(ANYBODY);
    const service = await startWrit(FREE, { cwd: folder });
    const url = service.mcp as string;
    const go = join(folder, 'go');
    const call = askMcp(url, { tool: 'wait', args: { file: go } });
    await eventually('the server works on the call', () => (existsSync(`${go}.began`) ? true : undefined));
    const ended = service.stop();
    await eventually('the gateway says that it stops', async () =>
      (await askMcp(url, { method: 'GET', path: '/readyz' })).status === 503 ? true : undefined,
    );
    expect((await askMcp(url, { method: 'GET', path: '/healthz' })).status).toBe(200);
    expect(await askMcp(url)).toMatchObject({ status: 503, code: 'stopping' });
    writeFileSync(go, '');
    const answer = await call;
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.text).toContain('went on');
    expect(await ended).toBe(0);
    const record = await recordOf(folder);
    expect(record.filter(({ kind }) => kind === 'malformed').map(({ codes }) => codes)).toEqual([
      ['stopping'],
    ]);
    expect(record.filter(({ kind }) => kind === 'result').map(({ event }) => event)).toEqual(['succeeded']);
  });

  it('[P-GRACEFUL-STOP] does not wait for ever: what has not ended is of unknown outcome on record', async () => {
    const { folder } = gatewayProject(`${ANYBODY}\nlisten: { drain_seconds: 1 }\n`);
    const service = await startWrit(FREE, { cwd: folder });
    const go = join(folder, 'go');
    const call = askMcp(service.mcp as string, { tool: 'wait', args: { file: go } }).catch(() => 'cut off');
    await eventually('the server works on the call', () => (existsSync(`${go}.began`) ? true : undefined));
    expect(await service.stop()).toBe(0);
    await call;
    const record = await recordOf(folder);
    expect(record.filter(({ kind }) => kind === 'decision')).toHaveLength(1);
    const results = record.filter(({ kind }) => kind === 'result').map(({ event }) => event);
    expect(results.every((event) => event === 'unknown')).toBe(true);
  });
});
