import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';
import { decideOver, startWrit } from './support/start-writ.ts';

const TUTORIAL = join(REPOSITORY, 'examples/tutorial');
const request = (name: string): unknown =>
  JSON.parse(readFileSync(join(TUTORIAL, `requests/${name}.json`), 'utf8')).request;

/** The entries as `writ log … --format json` gives them. */
const json = (
  text: string,
): Record<string, never> & { entries: { core: { kind: string; event?: string } }[] } => JSON.parse(text);

describe('the record on the command line', () => {
  it('is queried, proved, verified, erased and exported, beside the service and after it', async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const service = await startWrit(['--bundle', TUTORIAL, '--data', data, '--addr', '127.0.0.1:0']);
    const log = (...args: string[]) => runWrit(['log', ...args, '--data', data], { cwd: folder });
    const receipts: string[] = [];
    for (const name of ['allow-read', 'deny-amount', 'allow-read']) {
      const { body } = await decideOver(service.api, request(name));
      const { decision_id, outcome, effect, arg_hash, forwarded_hash } = body;
      receipts.push(
        JSON.stringify({
          decision_id,
          time: new Date().toISOString(),
          outcome,
          effect,
          arg_hash,
          forwarded_hash,
        }),
      );
    }
    writeFileSync(join(folder, 'receipts'), `${receipts.join('\n')}\n`);
    const replay = (...args: string[]) => runWrit(['replay', '--data', data, ...args], { cwd: folder });
    expect(await replay('--bundle', TUTORIAL)).toMatchObject({
      status: EXIT.ok,
      stdout: expect.stringContaining('3 decisions: 3 the same, 0 changed'),
    });
    expect((await replay('--bundle', TUTORIAL, '--to', '2020-01-01')).stdout).toContain('0 decisions');
    expect(await log('reconcile', 'receipts')).toMatchObject({ status: EXIT.ok });
    writeFileSync(join(folder, 'receipts'), receipts.join('\n').replace('"deny"', '"allow"'));
    expect((await log('reconcile', 'receipts')).status).toBe(EXIT.no);

    const denied = json((await log('query', '--outcome', 'deny', '--format', 'json')).stdout);
    expect(denied.entries).toHaveLength(1);
    const tail = json((await log('tail', '-n', '50', '--format', 'json')).stdout);
    expect(tail.entries.map(({ core }) => core.kind)).toEqual([
      'start',
      'policy_activation',
      'decision',
      'decision',
      'decision',
    ]);
    expect((await log('stats', '--from', '2020-01-01', '--to', '2999-01-01')).stdout).toMatch(/33\.3 %/);
    const page = await fetch(`${service.api}/v1/log/query?outcome=allow&count=1`, {
      headers: { authorization: `Bearer ${service.operatorToken()}` },
    });
    expect(((await page.json()) as { cursor?: string }).cursor).toBeDefined();
    expect((await fetch(`${service.api}/v1/log/query`)).status).toBe(401);

    // Wait for the checkpoint of the last second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const asked = ['--actor', 'agent:nobody', '--from', '2020-01-01', '--to', '2999-01-01'];
    expect(await log('prove', ...asked, '--framework', 'soc2')).toMatchObject({ status: EXIT.ok });
    const verify = (...more: string[]) =>
      runWrit(
        ['verify', 'evidence', '--key', join(data, 'ledger.vkey'), '--seen', join(folder, 'seen'), ...more],
        { cwd: folder },
      );
    const verified = await verify();
    expect(`${verified.stdout}${verified.stderr}`).toContain('did not act');
    expect(verified.status).toBe(EXIT.ok);
    const summary = join(folder, 'evidence/summary.md');
    writeFileSync(summary, readFileSync(summary, 'utf8').replace('No call', 'Some call'));
    expect(await verify()).toMatchObject({
      status: EXIT.no,
      stdout: expect.stringContaining('summary_changed'),
    });

    const { principal } = request('allow-read') as { principal: { id: string } };
    const erased = await log(
      'erase',
      '--principal',
      principal.id,
      '--reason',
      'request 1',
      '--format',
      'json',
    );
    expect(JSON.parse(erased.stdout)).toMatchObject({ recorded: [5] });
    expect(
      json((await log('query', '--principal', principal.id, '--format', 'json')).stdout).entries,
    ).toEqual([]);
    await service.stop();
    expect((await log('verify', '--seen', join(folder, 'seen'))).status).toBe(EXIT.ok);

    expect((await log('export', '--tiles', 'tiles')).status).toBe(EXIT.ok);
    expect(existsSync(join(folder, 'tiles/tile/0/000.p/7'))).toBe(true);
    expect((await log('export', '--to', 'archive')).status).toBe(EXIT.ok);
    expect(readdirSync(join(folder, 'archive')).sort()).toEqual([
      'entries-000000000000000-000000000000006.ndjson',
      'position',
    ]);
    expect((await log('proof', '3')).stdout).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    expect((await log('reindex')).stdout).toMatch(/^Indexed 7 entries/);
    const rotated = await log('rotate-key', '--format', 'json');
    expect(rotated.status).toBe(EXIT.ok);
    expect(readFileSync(join(data, 'ledger.vkey'), 'utf8').trim().split('\n')).toEqual([
      JSON.parse(rotated.stdout).from,
      JSON.parse(rotated.stdout).to,
    ]);
    const again = await startWrit(['--bundle', TUTORIAL, '--data', data, '--addr', '127.0.0.1:0']);
    await decideOver(again.api, request('allow-read'));
    await again.stop();
    expect((await log('verify', '--seen', join(folder, 'seen'))).status).toBe(EXIT.ok);
    // On a copy, without a service. What was erased (three decisions) excludes nothing any more.
    const copy = join(folder, 'copy');
    cpSync(data, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    const later = await runWrit(['log', 'prove', ...asked, '--data', copy, '--out', 'pack2'], {
      cwd: folder,
    });
    expect(later).toMatchObject({ status: EXIT.no, stdout: expect.stringContaining('3 cannot be excluded') });
  });

  it.each([
    [['prove', '--from', 'noon', '--to', '2026-01-01'], /neither a day nor an instant/],
    [['prove', '--from', '2026-01-02', '--to', '2026-01-01'], /--to must be later/],
    [['prove', '--from', '2026-01-01', '--to', '2026-01-01', '--framework', 'x'], /known are soc2/],
    [['query', '--count', 'many'], /--count must be a number/],
    [['export'], /name what to write/],
    [['export', '--to', 'https://x', '--form', 'xml'], /known are ndjson/],
    [['erase'], /name whose fields go/],
    [['retain', '--before', '2026-01-01'], /name --archive DIR/],
    [['stats', '--from', '2026-01-01', '--to', '2026-01-02', '--per', 'day'], /minute or hour/],
  ])('%j is refused', async (args, said) => {
    const ran = await runWrit(['log', ...args], { cwd: temporaryFolder() });
    expect(`${ran.stdout}${ran.stderr}`).toMatch(said);
    expect(ran.status).toBe(EXIT.usage);
  });
});
