import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { postgresMissing, startPostgres } from '@writ/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';
import { decideOver, type Serving, startWrit } from './support/start-writ.ts';

const TUTORIAL = join(REPOSITORY, 'examples/tutorial');
const request = (name: string): unknown =>
  JSON.parse(readFileSync(join(TUTORIAL, `requests/${name}.json`), 'utf8')).request;

const missing = postgresMissing();

/** A node's folder with its `writ.yaml`. */
function nodeFolder(folder: string, name: string, url: string): string {
  const node = join(folder, name);
  mkdirSync(node);
  const lines = [
    `bundles: [{ name: tutorial, directory: ${join(TUTORIAL, 'bundle')} }]`,
    `store: ${url}`,
    "listen: { api: '127.0.0.1:0' }",
  ];
  writeFileSync(join(node, 'writ.yaml'), `${lines.join('\n')}\n`);
  return node;
}

describe('the record of a cluster on the command line', () => {
  it('[P-CLUSTER-RECORD] is verified, proved, queried, exported and replayed as that of one process is', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const folder = temporaryFolder();
    const url = server.url('cluster');
    const one = nodeFolder(folder, 'one', url);
    const first = await startWrit([], { cwd: one });

    // Another key would make two logs of one: the second node says so, and starts with the first one's.
    const two = nodeFolder(folder, 'two', url);
    const refused = await runWrit(['serve'], { cwd: two });
    expect(refused).toMatchObject({ status: EXIT.unavailable });
    expect(refused.stderr).toContain('give all nodes one key');
    cpSync(join(one, '.writ/credentials/ledger.key'), join(two, '.writ/credentials/ledger.key'));
    const second = await startWrit([], { cwd: two });

    const receipts: string[] = [];
    const ask = async (service: Serving, name: string) => {
      const { body } = await decideOver(service.api, request(name));
      const { decision_id, outcome, effect, arg_hash, forwarded_hash } = body;
      const time = new Date().toISOString();
      const { receipt } = body['metadata'] as { readonly receipt?: string };
      expect(receipt).toContain(`decision: ${decision_id}`);
      receipts.push(
        JSON.stringify({ decision_id, time, outcome, effect, arg_hash, forwarded_hash, receipt }),
      );
    };
    for (const name of ['allow-read', 'deny-amount', 'allow-read', 'deny-amount']) {
      await ask(first, name);
      await ask(second, name);
    }
    writeFileSync(join(one, 'receipts'), `${receipts.join('\n')}\n`);
    const queried = await waitFor(async () => {
      const answer = await fetch(`${second.api}/v1/log/query?outcome=deny`, {
        headers: { authorization: `Bearer ${second.operatorToken()}` },
      });
      const { entries = [] } = (await answer.json()) as { entries?: readonly unknown[] };
      return entries.length === 4;
    });
    expect(queried).toBe(true);
    await first.stop();
    await second.stop();

    const log = (...args: string[]) => runWrit(['log', ...args], { cwd: one });
    const verified = await log('verify', '--format', 'json', '--seen', join(folder, 'seen'));
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, problems: [] });
    expect((await log('verify', '--seen', join(folder, 'seen'))).stdout).toContain('continues what was seen');
    const denied = JSON.parse((await log('query', '--outcome', 'deny', '--format', 'json')).stdout);
    expect(denied.entries).toHaveLength(4);
    expect((await log('stats', '--from', '2020-01-01', '--to', '2999-01-01')).stdout).toMatch(/50\.0 %/);
    expect(await log('reconcile', 'receipts')).toMatchObject({ status: EXIT.ok });
    // A receipt that says another entry than its node signed is found out.
    const [one1 = '', two2 = ''] = receipts;
    const swapped = { ...JSON.parse(one1), receipt: JSON.parse(two2).receipt };
    writeFileSync(join(one, 'swapped'), JSON.stringify(swapped));
    expect((await log('reconcile', 'swapped')).stdout).toContain('receipt_forged');
    const span = ['--from', '2020-01-01', '--to', '2999-01-01'];
    expect((await log('prove', '--actor', 'agent:nobody', ...span)).status).toBe(EXIT.ok);
    const pack = await runWrit(['verify', 'evidence', '--key', '.writ/ledger.vkey'], { cwd: one });
    expect(pack.status).toBe(EXIT.ok);
    expect(await log('export', '--to', 'archive')).toMatchObject({ status: EXIT.ok });
    expect(await log('export', '--tiles', 'tiles')).toMatchObject({ status: EXIT.ok });
    expect((await log('proof', '1')).stdout).toContain('c2sp.org/tlog-proof@v1');
    expect((await runWrit(['replay'], { cwd: one })).stdout).toContain('8 decisions: 8 the same');

    server.kill();
    const gone = await log('verify');
    expect(gone).toMatchObject({ status: EXIT.unavailable });
    expect(gone.stderr).toContain('from PostgreSQL');
    server.start();
  });
});

async function waitFor(holds: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
