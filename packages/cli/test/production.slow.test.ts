import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf, packEntries, refilled, tarEntries } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { ALLOW, answerBundle, deny, keyFiles, publishing } from './support/publishing.ts';
import { eventually, runWrit, temporaryFolder } from './support/run-writ.ts';
import { decideOver, type Serving, startWrit } from './support/start-writ.ts';
import { callOf } from './support/starter.ts';

const FREE = ['--addr', '127.0.0.1:0'];
const SIGNATURES = 'signatures: [{ name: author, keys: { k1: { algorithm: ES256, file: author.pem } } }]';
let asked = 0;

/** A decision that the operator asks for: in production nobody decides without a credential. */
async function outcomeNow(service: Serving): Promise<unknown> {
  asked += 1;
  const call = { ...callOf('read', {}, []), actor: { id: `agent:${asked}` } };
  const authorization = `Bearer ${service.operatorToken()}`;
  const { body } = await decideOver(service.api, call, { authorization });
  return body['outcome'] === 'allow' ? 'allow' : body['reason'];
}

/** A folder with the author's keys, and a bundle of hers that denies with `signed`. */
async function signedBundle() {
  const folder = temporaryFolder();
  const author = keyFiles(folder, 'author');
  const key = readFileSync(author.key, 'utf8');
  const archive = (sequence: number, answer: string) =>
    answerBundle({ root: 'live', revision: `r${sequence}`, sequence, answer, key });
  const configure = (bundle: string, more = '') =>
    writeFileSync(
      join(folder, 'writ.yaml'),
      `production: true\nbundles:\n  - { name: live, ${bundle} }\n${more}`,
    );
  return { folder, archive, configure };
}

/** The same archive with a rule that allows everything, the signature as it was. */
function forged(archive: Uint8Array): Buffer {
  const rule = `package live\n\nanswer := ${ALLOW}\n`;
  return packEntries(
    tarEntries(archive).map((entry) => (nameOf(entry).endsWith('live.rego') ? refilled(entry, rule) : entry)),
  );
}

describe('production', () => {
  it('[P-PRODUCTION] does not start with anything that could be changed unsigned', async () => {
    const { folder, archive, configure } = await signedBundle();
    writeFileSync(join(folder, 'live.tar.gz'), await archive(1, deny('signed')));
    const refused = async (words: readonly string[], why: string) => {
      const ran = await runWrit([...words], { cwd: folder });
      expect([ran.status, ran.stderr]).toEqual([EXIT.config, expect.stringContaining(why)]);
    };
    configure('directory: live.tar.gz');
    await refused(['serve', ...FREE], 'needs no signature');
    configure('url: "https://bundles.example.org/live.tar.gz"');
    await refused(['serve', ...FREE], 'needs no signature');
    configure(`directory: live.tar.gz, unreviewed: true, ${SIGNATURES}`);
    await refused(['serve', ...FREE], '`unreviewed` is not for production');
    configure(`directory: live.tar.gz, entrypoints: ["live/answer"], ${SIGNATURES}`);
    await refused(['serve', ...FREE], 'entrypoints from outside of it are not for production');
    configure(`directory: live.tar.gz, ${SIGNATURES}`);
    await refused(['serve', ...FREE, '--entrypoint', 'live/answer'], 'not for production');
    configure(`directory: live.tar.gz, ${SIGNATURES}`, 'api: { policy_writes: true }\n');
    await refused(['serve', ...FREE], 'production refuses');
    // What the command line names goes before writ.yaml, and not here.
    configure(`directory: live.tar.gz, ${SIGNATURES}`);
    await refused(['serve', ...FREE, '--bundle', 'live.tar.gz'], 'needs no signature');
    await refused(['mcp', 'run', '--bundle', 'live.tar.gz', '--', 'true'], 'needs no signature');
    // Saying it twice, or as text, is not a way to unsay it.
    configure(`directory: live.tar.gz, ${SIGNATURES}`, 'production: false\n');
    await refused(['serve', ...FREE], 'must be unique');
    writeFileSync(join(folder, 'writ.yaml'), 'production: "no"\nbundles: [{ name: live, directory: . }]\n');
    await refused(['serve', ...FREE], 'production');
  });

  it('[P-PRODUCTION] takes no policies and data over the API, and none that were written before', async () => {
    const { folder, archive, configure } = await signedBundle();
    writeFileSync(join(folder, 'live.tar.gz'), await archive(1, deny('signed')));
    // Somebody wrote a policy while this was no production yet.
    const writable = `bundles:\n  - { name: live, directory: live.tar.gz, ${SIGNATURES} }\napi: { policy_writes: true }\n`;
    writeFileSync(join(folder, 'writ.yaml'), writable);
    const before = await startWrit(FREE, { cwd: folder });
    const write = async (service: Serving, method: string, path: string, body: string) => {
      const response = await fetch(`${service.api}${path}`, {
        method,
        headers: { authorization: `Bearer ${service.operatorToken()}`, 'content-type': 'text/plain' },
        body,
      });
      return response.status;
    };
    expect(await write(before, 'PUT', '/v1/policies/mine', 'package mine\n\nx := 1\n')).toBe(200);
    await before.stop();
    configure(`directory: live.tar.gz, ${SIGNATURES}`);
    const service = await startWrit(FREE, { cwd: folder });
    for (const [method, path, body] of [
      ['PUT', '/v1/policies/mine', 'package mine\n\nx := 2\n'],
      ['DELETE', '/v1/policies/mine', ''],
      ['PUT', '/v1/data/live', '{}'],
      ['PATCH', '/v1/data/live', '[{"op": "add", "path": "/x", "value": 1}]'],
      ['DELETE', '/v1/data/live', ''],
    ] as const) {
      const status = await write(service, method, path, body);
      expect([method, path, status >= 400 && status < 500]).toEqual([method, path, true]);
    }
    const authorization = `Bearer ${service.operatorToken()}`;
    const listed = await fetch(`${service.api}/v1/bundles`, { headers: { authorization } });
    expect(await listed.json()).toMatchObject({ production: true, bundles: [{ name: 'live' }] });
    expect(await outcomeNow(service)).toBe('signed');
    // Nor does anybody decide without a credential.
    expect((await decideOver(service.api, callOf('read', {}, []))).status).toBe(401);
    await service.stop();
  });

  it('[P-PRODUCTION] watches no folder, and checks it again before it starts', async () => {
    const { folder, archive, configure } = await signedBundle();
    const file = join(folder, 'live.tar.gz');
    const one = await archive(1, deny('signed'));
    writeFileSync(file, one);
    configure(`directory: live.tar.gz, ${SIGNATURES}`);
    const service = await startWrit(FREE, { cwd: folder });
    writeFileSync(file, await archive(2, ALLOW));
    expect(await outcomeNow(service)).toBe('signed');
    writeFileSync(file, forged(one));
    expect(await outcomeNow(service)).toBe('signed');
    await service.stop();
    const again = await runWrit(['serve', ...FREE], { cwd: folder });
    expect(again.stderr).toContain('bundle_signature_invalid');
    expect(again.status).not.toBe(EXIT.ok);
  });

  it('[P-PRODUCTION] [P-BUNDLE-MAX-AGE] starts from what it kept, says how old that is, and denies beyond the age', async () => {
    const { folder, archive, configure } = await signedBundle();
    const place = await publishing();
    place.publish('live.tar.gz', await archive(1, ALLOW));
    const source = `url: "${place.url}/live.tar.gz", allow: [loopback], poll_seconds: 1, ${SIGNATURES}`;
    configure(source);
    const first = await startWrit(FREE, { cwd: folder });
    expect(await outcomeNow(first)).toBe('allow');
    await first.stop();
    place.reachable(false);
    const alone = await startWrit(FREE, { cwd: folder });
    expect(alone.notes()).toMatch(/bundle `live` is \d+ s old/);
    expect(await outcomeNow(alone)).toBe('allow');
    await alone.stop();
    configure(`${source}, max_age_seconds: 1`);
    const old = await startWrit(FREE, { cwd: folder });
    await eventually('what nobody confirms is too old', async () =>
      (await outcomeNow(old)) === 'allow' ? undefined : true,
    );
    place.reachable(true);
    await eventually('it is confirmed once more', async () =>
      (await outcomeNow(old)) === 'allow' ? true : undefined,
    );
    await old.stop();
    // What is kept is as little trusted as what is fetched.
    place.reachable(false);
    const kept = join(folder, '.writ/bundles');
    const record = JSON.parse(readFileSync(join(kept, 'live.json'), 'utf8')) as { sha256: string };
    const other = forged(await archive(1, deny('x')));
    const sha256 = createHash('sha256').update(other).digest('hex');
    writeFileSync(join(kept, `live.${sha256}.tar.gz`), other);
    writeFileSync(join(kept, 'live.json'), JSON.stringify({ ...record, sha256 }));
    configure(source);
    const swapped = await runWrit(['serve', ...FREE], { cwd: folder });
    expect(swapped.stderr).toContain('bundle_signature_invalid');
    rmSync(kept, { recursive: true });
    mkdirSync(kept);
    const nothing = await runWrit(['serve', ...FREE], { cwd: folder });
    expect(nothing.stderr).toContain('bundle_unavailable');
  });
});
