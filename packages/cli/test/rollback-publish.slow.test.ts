import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { answerBundle, deny, keyFiles, publishing } from './support/publishing.ts';
import { registryMissing, startRegistry } from './support/registry.ts';
import { eventually, runWrit, temporaryFolder } from './support/run-writ.ts';
import { decideOver, type Serving, startWrit } from './support/start-writ.ts';
import { callOf } from './support/starter.ts';

const SIGNATURES =
  '    signatures: [{ name: author, keys: { k1: { algorithm: ES256, file: author.pem } } }]\n';
const signing = (key: string) => ['--signing-key', key, '--signing-alg', 'ES256', '--signing-key-id', 'k1'];
let asked = 0;

async function reasonNow(service: Serving): Promise<unknown> {
  asked += 1;
  const call = { ...callOf('read', {}, []), actor: { id: `agent:${asked}` } };
  return (await decideOver(service.api, call)).body['reason'];
}

async function become(replicas: readonly Serving[], reason: string): Promise<void> {
  for (const each of replicas)
    await eventually(
      `every replica says ${reason}`,
      async () => (await reasonNow(each)) === reason || undefined,
    );
}

/** Replicas with nothing in common but where they fetch from. */
async function replicas(source: string) {
  const folder = temporaryFolder();
  const author = keyFiles(folder, 'author');
  const start = (name: string) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'author.pem'), readFileSync(author.pem));
    const bundle = `bundles:\n  - name: live\n${source}    allow: [loopback]\n    poll_seconds: 1\n${SIGNATURES}`;
    writeFileSync(join(folder, name, 'writ.yaml'), bundle);
    return startWrit(['--addr', '127.0.0.1:0'], { cwd: join(folder, name) });
  };
  const archive = (sequence: number, reason: string) =>
    answerBundle({
      root: 'live',
      revision: `r${sequence}`,
      sequence,
      answer: deny(reason),
      key: readFileSync(author.key, 'utf8'),
    });
  return {
    folder,
    archive,
    start,
    /** The command as an operator of the first replica runs it. */
    rollback: (...words: string[]) =>
      runWrit(['bundles', 'rollback', 'live', '--to', 'r1', ...signing(author.key), ...words], {
        cwd: join(folder, 'one'),
      }),
  };
}

/** What a replica says is in force. */
async function listed(service: Serving): Promise<unknown> {
  const headers = { authorization: `Bearer ${service.operatorToken()}` };
  const response = await fetch(`${service.api}/v1/bundles`, { headers });
  return ((await response.json()) as { bundles: unknown[] }).bundles[0];
}

it.skipIf(registryMissing !== undefined)(
  `[P-BUNDLE-ROLLBACK] a rollback that is published in a registry reaches every replica${registryMissing === undefined ? '' : ` (skipped: ${registryMissing})`}`,
  { timeout: 180_000 },
  async () => {
    const scratch = temporaryFolder();
    const registry = await startRegistry(scratch);
    const reference = `${registry.host}/policies/live:production`;
    const { folder, archive, start, rollback } = await replicas(
      `    oci: ${reference}\n    insecure: true\n`,
    );
    const push = async (sequence: number, reason: string) => {
      const file = join(folder, 'live.tar.gz');
      writeFileSync(file, await archive(sequence, reason));
      const pushed = await runWrit(['bundles', 'push', file, reference, '--insecure']);
      expect(pushed.status, pushed.stderr).toBe(EXIT.ok);
    };
    await push(1, 'first');
    const all = [await start('one'), await start('two')];
    await become(all, 'first');
    await push(2, 'second');
    await become(all, 'second');
    const published = await rollback('--publish', `oci:${reference}`, '--insecure');
    expect(published).toMatchObject({
      status: EXIT.ok,
      stdout: expect.stringContaining('back to r1 with sequence 3'),
    });
    await become(all, 'first');
    for (const each of all)
      expect(await listed(each)).toMatchObject({
        revision: 'r1',
        sequence: 3,
        rollback_to: 'r1',
        rolled_back: false,
        signed_by: ['author (k1)'],
      });
    // What comes next has a place after it, or is a downgrade.
    await push(4, 'fourth');
    await become(all, 'fourth');
    const nowhere = await rollback('--publish', `oci:127.0.0.1:9/live:production`, '--insecure');
    expect(nowhere.status).toBe(EXIT.unavailable);
    await Promise.all(all.map((each) => each.stop()));
  },
);

it('[P-BUNDLE-ROLLBACK] a rollback that is written to a file and served reaches every replica', {
  timeout: 180_000,
}, async () => {
  const place = await publishing();
  const { folder, archive, start, rollback } = await replicas(`    url: ${place.url}/live.tar.gz\n`);
  place.publish('live.tar.gz', await archive(1, 'first'));
  const all = [await start('one'), await start('two')];
  place.publish('live.tar.gz', await archive(2, 'second'));
  await become(all, 'second');
  const file = join(folder, 'back.tar.gz');
  const written = await rollback('--output', file);
  expect(written).toMatchObject({ status: EXIT.ok, stdout: expect.stringContaining('not in force yet') });
  expect(await reasonNow(all[0]!)).toBe('second');
  place.publish('live.tar.gz', readFileSync(file));
  await become(all, 'first');
  for (const each of all) expect(await listed(each)).toMatchObject({ sequence: 3, rollback_to: 'r1' });
  await Promise.all(all.map((each) => each.stop()));
});

it('[P-BUNDLE-ROLLBACK] an enforcement point, and who cannot read the operator’s token, gets nowhere near a bundle', async () => {
  const place = await publishing();
  const { folder, archive, start } = await replicas(`    url: ${place.url}/live.tar.gz\n`);
  place.publish('live.tar.gz', await archive(1, 'first'));
  const one = await start('one');
  await one.stop();
  const token = 'writ_pt_of-an-enforcement-point';
  const hash = createHash('sha256').update(token).digest('hex');
  const file = join(folder, 'one/writ.yaml');
  const points = `points: [{ id: front, token_hash: "sha256:${hash}", principals: ["user:*"] }]\n`;
  writeFileSync(file, readFileSync(file, 'utf8') + points);
  const service = await startWrit(['--addr', '127.0.0.1:0'], { cwd: join(folder, 'one') });
  const ask = async (authorization: string | undefined, method: string, path: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    };
    const body = method === 'POST' ? '{"archive": "AAAA"}' : undefined;
    const response = await fetch(`${service.api}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return [method, path, response.status];
  };
  const routes = [
    ['GET', '/v1/bundles'],
    ['GET', '/v1/bundles/history'],
    ['GET', '/v1/bundles/live/history'],
    ['GET', `/v1/bundles/live/kept/sha256:${'0'.repeat(64)}`],
    ['POST', '/v1/bundles/live/rollback'],
    ['POST', '/v1/bundles/nothing/rollback'],
    ['GET', '/v1/layers'],
  ] as const;
  for (const [method, path] of routes) {
    expect(await ask(`Bearer ${token}`, method, path)).toEqual([method, path, 403]);
    expect(await ask('Bearer writ_pt_another-token', method, path)).toEqual([method, path, 401]);
    expect(await ask(undefined, method, path)).toEqual([method, path, 401]);
  }
  // Another user of the machine, such as the agent's: neither the token nor what is kept can be read, let alone replaced.
  for (const path of ['credentials', 'credentials/operator.token', 'bundles', 'bundles/live.json'])
    expect([path, statSync(join(service.data, path)).mode & 0o077]).toEqual([path, 0]);
  await service.stop();
});
