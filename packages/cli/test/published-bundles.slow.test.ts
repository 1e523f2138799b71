import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { signBundle, writeArchive } from '@writ/bundle';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../src/index.ts';
import { eventually, runWrit, temporaryFolder } from './support/run-writ.ts';
import { decideOver, startWrit } from './support/start-writ.ts';
import { callOf } from './support/starter.ts';

const FREE = ['--addr', '127.0.0.1:0'];
let asked = 0;
/** A call by an agent that was never seen before: one that is denied again and again would be stopped for that. */
function call() {
  asked += 1;
  return { ...callOf('read', {}, []), actor: { id: `agent:${asked}` } };
}

const author = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof author.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A bundle whose only rule gives this answer. */
async function bundle(sequence: number, answer: string, key = author.privateKey): Promise<Uint8Array> {
  const writ = { sequence, entrypoints: [{ path: 'live/answer', kind: 'grant' }] };
  const files = [
    {
      path: '.manifest',
      text: JSON.stringify({ revision: `r${sequence}`, roots: ['live'], metadata: { writ } }),
    },
    { path: 'live.rego', text: `package live\n\nanswer := ${answer}\n` },
  ];
  const bytes = files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) }));
  const signed = await signBundle(bytes, { key: pem(key), algorithm: 'ES256', keyId: 'k1' });
  if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
  return writeArchive([...files, { path: '.signatures.json', text: signed.text }]);
}

const allow = '{"outcome": "allow", "reason": "ok"}';
const deny = (code: string) => `{"outcome": "deny", "reason": "${code}"}`;

/** Where bundles are published; `publish` puts another one there. */
async function publishing(): Promise<{
  url: string;
  server: Server;
  publish: (archive: Uint8Array) => void;
}> {
  let archive: Uint8Array = new Uint8Array();
  let version = 0;
  const server = createServer((request, response) => {
    const etag = `"${version}"`;
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag }).end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.tar.gz`,
    server,
    publish(next) {
      archive = next;
      version += 1;
    },
  };
}

function configure(folder: string, url: string, more = ''): void {
  writeFileSync(
    join(folder, 'author.pem'),
    author.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  writeFileSync(
    join(folder, 'writ.yaml'),
    `production: false
bundles:
  - name: live
    url: ${url}
    allow: [loopback]
    poll_seconds: 1${more}
    signatures:
      - name: author
        keys: { k1: { algorithm: ES256, file: author.pem } }
`,
  );
}

it('[P-BUNDLE-LAST-GOOD] [P-BUNDLE-NO-DOWNGRADE] a service follows what is published, and only what is signed and newer', async () => {
  const { url, server, publish } = await publishing();
  const folder = temporaryFolder();
  configure(folder, url);
  publish(await bundle(1, allow));
  const service = await startWrit(FREE, { cwd: folder });
  const decided = async () => (await decideOver(service.api, call())).body;
  const reason = async () => (await decided())['reason'];
  expect(await decided()).toMatchObject({
    outcome: 'allow',
    metadata: { bundles: { live: { revision: 'r1' } } },
  });

  publish(await bundle(2, deny('second')));
  await eventually('the second is in force', async () => (await reason()) === 'second' || undefined);
  const refused = (text: string) =>
    eventually(`${text} is on record`, async () => {
      const shown = await runWrit(['log', 'tail', '--format', 'json'], { cwd: folder });
      return shown.stdout.includes(text) || undefined;
    });
  publish(await bundle(3, allow, stranger.privateKey));
  await refused('bundle_signature_invalid');
  publish(await bundle(1, allow));
  await refused('bundle_downgrade');
  publish(Buffer.from('no archive'));
  await refused('bundle_unreadable');
  expect(await reason()).toBe('second');
  publish(await bundle(4, deny('fourth')));
  await eventually('the fourth is in force', async () => (await reason()) === 'fourth' || undefined);
  await service.stop();

  // The place is gone: what was good last is in force, and its age is said.
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const again = await startWrit(FREE, { cwd: folder });
  expect((await decideOver(again.api, call())).body).toMatchObject({ outcome: 'deny', reason: 'fourth' });
  expect(again.notes()).toMatch(/bundle `live` is \d+ s old/);
  await again.stop();
});

it('[P-BUNDLE-MAX-AGE] denies when nobody confirms any more what is in force', async () => {
  const { url, server, publish } = await publishing();
  const folder = temporaryFolder();
  configure(folder, url, '\n    max_age_seconds: 3');
  publish(await bundle(1, allow));
  const service = await startWrit(FREE, { cwd: folder });
  expect((await decideOver(service.api, call())).body).toMatchObject({ outcome: 'allow' });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await eventually(
    'it denies',
    async () => (await decideOver(service.api, call())).body['outcome'] === 'deny' || undefined,
  );
  expect((await decideOver(service.api, call())).body).toMatchObject({ reason: 'policy_engine_unavailable' });
  await service.stop();
});

it('production refuses what nobody signed', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'p.rego'), 'package p\n');
  writeFileSync(join(folder, 'writ.yaml'), 'production: true\nbundles:\n  - name: p\n    directory: .\n');
  for (const args of [['serve'], ['serve', '--bundle', folder]]) {
    const ran = await runWrit(args, { cwd: folder });
    expect(ran).toMatchObject({ status: EXIT.config, stderr: expect.stringContaining('needs no signature') });
  }
});
