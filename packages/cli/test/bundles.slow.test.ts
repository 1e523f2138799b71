import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rebuildArchive } from '@writ/bundle';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { ALLOW, answerBundle, deny, keyFiles, publishing } from './support/publishing.ts';
import { eventually, runWrit, temporaryFolder } from './support/run-writ.ts';
import { ask, decideOver, type Serving, startWrit } from './support/start-writ.ts';
import { callOf } from './support/starter.ts';

const FREE = ['--addr', '127.0.0.1:0'];
let asked = 0;
/** A call by an agent that was never seen before: one that is denied again and again would be stopped for that. */
function call() {
  asked += 1;
  return { ...callOf('read', {}, []), actor: { id: `agent:${asked}` } };
}

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function api(
  service: Serving,
  path: string,
  token = service.operatorToken(),
  body?: object,
): Promise<Reply> {
  const response = await fetch(`${service.api}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function configure(folder: string, url: string, names: readonly string[], more = ''): void {
  const bundles = names.map(
    (name) => `  - name: ${name}
    url: ${url}/${name}.tar.gz
    allow: [loopback]
    poll_seconds: 1
    signatures:
      - { name: author, keys: { k1: { algorithm: ES256, file: author.pem } } }
`,
  );
  writeFileSync(join(folder, 'writ.yaml'), `bundles:\n${bundles.join('')}${more}`);
}

const signing = (key: string) => ['--signing-key', key, '--signing-alg', 'ES256', '--signing-key-id', 'k1'];
const reasonNow = async (service: Serving): Promise<unknown> =>
  (await decideOver(service.api, call())).body['reason'];

/** A service that follows one published bundle, at its second revision. */
async function followed(tags = true) {
  const folder = temporaryFolder();
  const author = keyFiles(folder, 'author');
  const place = await publishing(tags);
  configure(folder, place.url, ['live']);
  const key = readFileSync(author.key, 'utf8');
  const publish = async (sequence: number, answer: string) =>
    place.publish(
      'live.tar.gz',
      await answerBundle({ root: 'live', revision: `r${sequence}`, sequence, answer, key }),
    );
  await publish(1, deny('first'));
  const service = await startWrit(FREE, { cwd: folder });
  expect(await reasonNow(service)).toBe('first');
  await publish(2, deny('second'));
  await eventually(
    'the second is in force',
    async () => (await reasonNow(service)) === 'second' || undefined,
  );
  const writ = (...args: string[]) => runWrit(args, { cwd: folder });
  return { folder, author, place, publish, service, writ };
}

describe('rolling back', () => {
  it.each([true, false])(
    '[P-BUNDLE-ROLLBACK] takes effect at once, survives a restart, and ends with what is published next (ETags: %s)',
    async (tags) => {
      const { folder, author, publish, service, writ } = await followed(tags);
      const back = await writ(
        'bundles',
        'rollback',
        'live',
        '--to',
        'r1',
        '--reason',
        'too strict',
        ...signing(author.key),
      );
      expect(back).toMatchObject({
        status: EXIT.ok,
        stdout: expect.stringContaining('sequence 3 in force now'),
      });
      expect(await reasonNow(service)).toBe('first');
      const { body } = await decideOver(service.api, call());
      const listed = JSON.parse((await writ('bundles', 'list', '--format', 'json')).stdout);
      expect(listed).toMatchObject({
        production: false,
        bundles: [
          {
            name: 'live',
            revision: 'r1',
            sequence: 3,
            rollback_to: 'r1',
            rolled_back: true,
            signed_by: ['author (k1)'],
            from: 'network',
            kept: 3,
          },
        ],
      });
      expect(body['metadata']).toMatchObject({
        bundles: { live: { revision: 'r1', digest: listed.bundles[0].digest } },
      });
      const history = JSON.parse((await writ('bundles', 'history', 'live', '--format', 'json')).stdout);
      expect(history.events.slice(0, 4)).toMatchObject([
        { event: 'activated', revision: 'r1', sequence: 3, rollback_to: 'r1', signed_by: ['author (k1)'] },
        { event: 'rollback', revision: 'r1', by: 'operator', message: 'too strict' },
        { event: 'activated', revision: 'r2', sequence: 2 },
        { event: 'activated', revision: 'r1', sequence: 1 },
      ]);
      expect(history.kept.map((one: { revision: string }) => one.revision)).toEqual(['r1', 'r2', 'r1']);
      // What is published there is what was rolled back from: asking again and again brings nothing new, and no refusal.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(await reasonNow(service)).toBe('first');
      await service.stop();
      const again = await startWrit(FREE, { cwd: folder });
      expect(await reasonNow(again)).toBe('first');
      const events = (await api(again, '/v1/bundles/history')).body['events'] as { event: string }[];
      expect(events.filter(({ event }) => event === 'refused')).toEqual([]);
      await publish(4, deny('fourth'));
      await eventually(
        'the fourth is in force',
        async () => (await reasonNow(again)) === 'fourth' || undefined,
      );
      expect((await api(again, '/v1/bundles')).body).toMatchObject({
        bundles: [{ rolled_back: false, sequence: 4 }],
      });
      await again.stop();
    },
  );

  it('[P-BUNDLE-ROLLBACK] nobody goes back without the signature that the bundle needs, or without being the operator', async () => {
    const { folder, service, writ } = await followed();
    const stranger = keyFiles(folder, 'stranger');
    for (const flags of [signing(stranger.key), []]) {
      const ran = await writ('bundles', 'rollback', 'live', '--to', 'r1', ...flags);
      expect(ran).toMatchObject({
        status: EXIT.no,
        stderr: expect.stringMatching(/bundle_signature_(invalid|missing)/),
      });
    }
    expect(await reasonNow(service)).toBe('second');
    const refused = (await api(service, '/v1/bundles/live/history')).body['events'] as { event: string }[];
    expect(refused.slice(0, 2)).toMatchObject([
      { event: 'refused', bundle: 'live' },
      { event: 'refused', bundle: 'live' },
    ]);
    for (const path of [
      '/v1/bundles',
      '/v1/bundles/history',
      '/v1/bundles/live/history',
      `/v1/bundles/live/kept/sha256:${'0'.repeat(64)}`,
    ]) {
      const response = await fetch(`${service.api}${path}`);
      expect([path, response.status]).toEqual([path, 401]);
    }
    const anonymous = await fetch(`${service.api}/v1/bundles/live/rollback`, { method: 'POST', body: '{}' });
    expect(anonymous.status).toBe(401);
    const unknown = await writ('bundles', 'rollback', 'live', '--to', 'r9', ...signing(stranger.key));
    expect(unknown).toMatchObject({ status: EXIT.no, stderr: expect.stringContaining('kept are: r1') });
    expect((await api(service, '/v1/bundles/other/history')).status).toBe(404);
    await service.stop();
  });

  it('[P-BUNDLE-ROLLBACK] takes only what was in force, and only with a place after what is', async () => {
    const { author, service } = await followed();
    const key = readFileSync(author.key, 'utf8');
    const offer = async (archive: Uint8Array) =>
      api(service, '/v1/bundles/live/rollback', service.operatorToken(), {
        archive: Buffer.from(archive).toString('base64'),
      });
    const plain = await offer(
      await answerBundle({ root: 'live', revision: 'r1', sequence: 3, answer: deny('first'), key }),
    );
    expect(plain).toMatchObject({ status: 422, body: { code: 'rollback_refused' } });
    const again = async (sequence: number, answer: string, rollbackTo: string) => {
      const made = await answerBundle({ root: 'live', revision: 'r1', sequence: 1, answer });
      const rebuilt = await rebuildArchive(made, {
        rollbackTo,
        sequence,
        signing: { key, algorithm: 'ES256', keyId: 'k1' },
      });
      return offer(rebuilt.ok ? rebuilt.archive : Buffer.from(''));
    };
    expect(await again(3, deny('other'), 'r1')).toMatchObject({
      status: 409,
      body: { code: 'rollback_unknown' },
    });
    expect(await again(3, deny('first'), 'r0')).toMatchObject({
      status: 409,
      body: { code: 'rollback_unknown' },
    });
    expect(await again(1, deny('first'), 'r1')).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('bundle_downgrade') },
    });
    expect(await reasonNow(service)).toBe('second');
    expect((await offer(Buffer.from('no archive'))).status).toBe(422);
    expect(
      await api(service, '/v1/bundles/live/rollback', service.operatorToken(), { archive: '*' }),
    ).toMatchObject({
      status: 400,
    });
    await service.stop();
  });

  it('is written for others to sign, and activated with every signature', async () => {
    const { folder, author, service, writ } = await followed();
    const built = await writ(
      'bundles',
      'rollback',
      'live',
      '--to',
      'r1',
      '--output',
      'back.tar.gz',
      ...signing(author.key),
    );
    expect(built.status).toBe(EXIT.ok);
    expect(await reasonNow(service)).toBe('second');
    expect((await writ('sign', 'back.tar.gz', '--signing-key', author.key)).status).toBe(EXIT.ok);
    const verified = await writ('bundles', 'verify', 'back.tar.gz', '--key', 'author.pem');
    expect(verified).toMatchObject({
      status: EXIT.ok,
      stdout: expect.stringContaining('beside the archive, ES256: holds'),
    });
    const stranger = keyFiles(folder, 'stranger');
    expect((await writ('bundles', 'verify', 'back.tar.gz', '--key', stranger.pem)).status).toBe(EXIT.no);
    const back = await writ(
      'bundles',
      'rollback',
      'live',
      '--archive',
      'back.tar.gz',
      '--reason',
      'as agreed',
    );
    expect(back.status).toBe(EXIT.ok);
    expect(await reasonNow(service)).toBe('first');
    await service.stop();
  });

  it('is signed by a program where the key is kept elsewhere', async () => {
    const { folder, author, service, writ } = await followed();
    const script = join(folder, 'sign.mjs');
    writeFileSync(
      script,
      `import { sign } from 'node:crypto';\nimport { readFileSync } from 'node:fs';\nconst chunks = [];\nfor await (const chunk of process.stdin) chunks.push(chunk);\nprocess.stdout.write(sign('sha256', Buffer.concat(chunks), readFileSync(${JSON.stringify(author.key)})).toString('base64'));\n`,
    );
    const flags = [
      '--signing-command',
      `${process.execPath} ${script}`,
      '--signing-alg',
      'ES256',
      '--signing-key-id',
      'k1',
    ];
    const back = await writ('bundles', 'rollback', 'live', '--to', 'r1', ...flags);
    expect(back).toMatchObject({ status: EXIT.ok });
    expect(await reasonNow(service)).toBe('first');
    const broken = ['--signing-command', `${process.execPath} -e process.exit(3)`, '--signing-alg', 'ES256'];
    expect(await writ('bundles', 'rollback', 'live', '--to', 'r2', ...broken)).toMatchObject({
      status: EXIT.unavailable,
      stderr: expect.stringContaining('ended with status 3'),
    });
    await service.stop();
  });
});

describe('releases', () => {
  it('[P-RELEASE-WHOLE] [P-RELEASE-VERSIONS] bundles and agents of a release go in and back together, or not at all', async () => {
    const folder = temporaryFolder();
    const author = keyFiles(folder, 'author');
    const key = readFileSync(author.key, 'utf8');
    const place = await publishing();
    configure(folder, place.url, ['one', 'two'], 'release: { name: support, bundles: [one, two] }\n');
    const publish = async (root: string, sequence: number, version: string, answer: string) =>
      place.publish(
        `${root}.tar.gz`,
        await answerBundle({
          root,
          revision: `${root}-${version}`,
          sequence,
          answer,
          key,
          release: {
            name: 'support',
            version,
            ...(root === 'one' ? { agents: { 'agent:support': version } } : {}),
          },
        }),
      );
    await publish('one', 1, '1.0.0', ALLOW);
    await publish('two', 1, '1.0.0', ALLOW);
    const service = await startWrit(FREE, { cwd: folder });
    const asks = async (version?: string) => {
      const actor = { id: 'agent:support', ...(version === undefined ? {} : { version }) };
      return (await ask(service.api, { request: { ...callOf('read', {}, []), actor } })).body['reason'];
    };
    expect([await asks('1.0.0'), await asks('2.0.0'), await asks()]).toEqual([
      'ok',
      'release_mismatch',
      'release_mismatch',
    ]);
    const bundles = async () =>
      (await api(service, '/v1/bundles')).body['bundles'] as Record<string, unknown>[];
    await publish('one', 2, '2.0.0', ALLOW);
    await eventually('the first waits', async () => (await bundles())[0]?.['waiting'] === true || undefined);
    expect([await asks('1.0.0'), await asks('2.0.0')]).toEqual(['ok', 'release_mismatch']);
    await publish('two', 2, '2.0.0', ALLOW);
    await eventually('the release is in force', async () => (await asks('2.0.0')) === 'ok' || undefined);
    expect(await asks('1.0.0')).toBe('release_mismatch');
    expect(await bundles()).toMatchObject([
      { release: 'support 2.0.0', waiting: false },
      { release: 'support 2.0.0', waiting: false },
    ]);
    const back = await runWrit(
      ['bundles', 'rollback', 'one', 'two', '--to', '1.0.0', ...signing(author.key)],
      { cwd: folder },
    );
    expect(back).toMatchObject({
      status: EXIT.ok,
      stdout: expect.stringContaining('two: two-1.0.0, sequence 3 in force now'),
    });
    expect([await asks('1.0.0'), await asks('2.0.0')]).toEqual(['ok', 'release_mismatch']);
    expect(await bundles()).toMatchObject([{ release: 'support 1.0.0' }, { release: 'support 1.0.0' }]);
    await service.stop();
  });
});
