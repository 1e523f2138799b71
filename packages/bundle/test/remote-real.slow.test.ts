import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createOutbound } from '@writ/outbound';
import { findOpa } from '@writ/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createGitFetcher,
  createOciFetcher,
  createRemoteBundle,
  type Fetcher,
  pushOci,
  type RequiredSignature,
  readSource,
  signBundle,
  signDetached,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, POLICY } from './bundle-fixture.ts';

const registry = ['/usr/bin/docker-registry', '/usr/local/bin/docker-registry'].find((path) =>
  existsSync(path),
);
const opa = await findOpa();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (await Promise.resolve(what()).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come about in time');
}

function stopAfterTest(child: ChildProcess): void {
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
}

/** A real registry, with a password where one is wanted. */
async function startRegistry(htpasswd?: string): Promise<string> {
  const folder = makeFolder({});
  const port = await freePort();
  const auth =
    htpasswd === undefined
      ? ''
      : `auth:\n  htpasswd:\n    realm: writ\n    path: ${join(folder, 'htpasswd')}\n`;
  if (htpasswd !== undefined) writeFileSync(join(folder, 'htpasswd'), `${htpasswd}\n`);
  writeFileSync(
    join(folder, 'r.yml'),
    `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${folder}\nhttp:\n  addr: 127.0.0.1:${port}\n${auth}`,
  );
  stopAfterTest(spawn(registry!, ['serve', join(folder, 'r.yml')], { stdio: 'ignore' }));
  await until(async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).status < 500);
  return `127.0.0.1:${port}`;
}

const outbound = () => {
  const made = createOutbound({ allowLoopback: true, responseBytesMax: 1_000_000 });
  onTestFinished(() => made.close());
  return made;
};

const archiveOf = (revision: string) =>
  writeArchive([
    { path: '.manifest', text: JSON.stringify({ revision, roots: ['agent'] }) },
    { path: 'p.rego', text: POLICY },
  ]);
const ask = (fetcher: Fetcher, since?: string) => fetcher.fetch(since, new AbortController().signal);

describe.skipIf(registry === undefined)(
  `a real OCI registry${registry === undefined ? ' (skipped: docker-registry is not installed: apt-get install docker-registry)' : ''}`,
  () => {
    it('is published to and fetched from, by tag and pinned by digest, with its signatures', async () => {
      const host = await startRegistry();
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const archive = archiveOf('r1');
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const signed = signDetached(archive, { key, form: 'sigstore' });
      const options = { reference: `${host}/policies/payments:v1`, insecure: true, outbound: outbound() };
      const pushed = await pushOci(archive, signed.ok ? [signed.text] : [], options);
      if (!pushed.ok) throw new Error(JSON.stringify(pushed));
      const fetcher = createOciFetcher(options);
      expect(await ask(fetcher)).toMatchObject({ kind: 'fetched', fetched: { tag: pushed.digest } });
      expect(await ask(fetcher, pushed.digest)).toEqual({ kind: 'unchanged' });
      const pinned = createOciFetcher({
        ...options,
        reference: `${host}/policies/payments@${pushed.digest}`,
      });
      const remote = createRemoteBundle({ name: 'payments', fetcher: pinned, directory: makeFolder({}) });
      await remote.start();
      onTestFinished(() => remote.close());
      const security: RequiredSignature = {
        name: 'security',
        form: 'detached',
        keys: {
          s: { algorithm: 'ES256', key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
        },
      };
      const bundle = bundleOf(await readSource({ kind: 'remote', remote, signatures: [security] }));
      expect(bundle).toMatchObject({ revision: 'r1', signatures: [{ name: 'security' }] });
      await pushOci(archiveOf('r2'), [], options);
      expect(await ask(fetcher, pushed.digest)).toMatchObject({ kind: 'fetched' });
      expect(await ask(pinned, pushed.digest)).toEqual({ kind: 'unchanged' });
      const absent = createOciFetcher({ ...options, reference: `${host}/policies/other:v1` });
      expect(await ask(absent)).toMatchObject({ kind: 'failed', problem: { code: 'bundle_unavailable' } });
    });

    it('asks for a password, and gets it from the configuration', async () => {
      // bcrypt of `secret`, with the fewest rounds.
      const host = await startRegistry('writ:$2b$04$rRBVxMST9i0D3/97CZ5vuu.u7QA0g.1KCgrohXghQe5Xb92jidfFe');
      const options = { reference: `${host}/p:v1`, insecure: true, outbound: outbound() };
      expect(await pushOci(archiveOf('r1'), [], options)).toMatchObject({
        ok: false,
        problem: { message: expect.stringContaining('401') },
      });
      const known = { ...options, credentials: () => ({ username: 'writ', password: 'secret' }) };
      expect(await pushOci(archiveOf('r1'), [], known)).toMatchObject({ ok: true });
      expect(await ask(createOciFetcher(options))).toMatchObject({
        kind: 'failed',
        problem: { help: 'the credential is missing or no longer valid' },
      });
      expect(await ask(createOciFetcher(known))).toMatchObject({ kind: 'fetched' });
    });

    it.skipIf(typeof opa !== 'string')(
      'gives a real `opa run` what was built and signed here, through a change',
      async () => {
        const host = await startRegistry();
        const folder = makeFolder({});
        const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
        const publish = async (revision: string, answer: string) => {
          const files = [
            { path: '.manifest', text: JSON.stringify({ revision, roots: ['agent'] }) },
            { path: 'p.rego', text: `package agent\n\nanswer := "${answer}"\n` },
          ];
          const signed = await signBundle(
            files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
            { key, keyId: 'k' },
          );
          if (!signed.ok) throw new Error('not signed');
          const archive = writeArchive([...files, { path: '.signatures.json', text: signed.text }]);
          expect(
            await pushOci(archive, [], {
              reference: `${host}/agent:live`,
              insecure: true,
              outbound: outbound(),
            }),
          ).toMatchObject({ ok: true });
        };
        await publish('r1', 'one');
        const port = await freePort();
        writeFileSync(
          join(folder, 'opa.json'),
          JSON.stringify({
            services: { oci: { url: `http://${host}`, type: 'oci' } },
            keys: { k: { algorithm: 'RS256', key: publicKey.export({ type: 'spki', format: 'pem' }) } },
            bundles: {
              agent: {
                service: 'oci',
                resource: `${host}/agent:live`,
                signing: { keyid: 'k' },
                polling: { min_delay_seconds: 1, max_delay_seconds: 1 },
              },
            },
            persistence_directory: folder,
          }),
        );
        stopAfterTest(
          spawn(
            opa as string,
            [
              'run',
              '--server',
              '--addr',
              `127.0.0.1:${port}`,
              '--config-file',
              join(folder, 'opa.json'),
              '--log-level',
              'error',
            ],
            { stdio: 'ignore' },
          ),
        );
        const answer = async () =>
          (
            (await (await fetch(`http://127.0.0.1:${port}/v1/data/agent/answer`)).json()) as {
              result?: string;
            }
          ).result;
        await until(async () => (await answer()) === 'one');
        await publish('r2', 'two');
        await until(async () => (await answer()) === 'two');
      },
    );
  },
);

describe('a real git repository', () => {
  const git = (cwd: string, ...words: string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main', ...words],
      { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    ).trim();

  function repository(): string {
    const folder = makeFolder({
      'policy/p.rego': POLICY,
      'policy/.manifest': '{"roots": ["agent"]}',
      'other.txt': 'x',
    });
    git(folder, 'init', '-q');
    git(folder, 'add', '-A');
    git(folder, 'commit', '-qm', 'one');
    return folder;
  }

  it('is fetched by branch or tag, the bundle named after its commit', async () => {
    const folder = repository();
    git(folder, 'tag', '-a', 'v1', '-m', 'v1');
    const port = await freePort();
    stopAfterTest(
      spawn(
        'git',
        ['daemon', '--listen=127.0.0.1', `--port=${port}`, '--export-all', `--base-path=${folder}`, folder],
        { stdio: 'ignore' },
      ),
    );
    const options = {
      repository: `git://127.0.0.1:${port}/`,
      ref: 'main',
      folder: 'policy',
      directory: join(makeFolder({}), 'git'),
    };
    await until(() => spawnSync('git', ['ls-remote', options.repository]).status === 0);
    const fetcher = createGitFetcher(options);
    const remote = createRemoteBundle({ name: 'p', fetcher, directory: makeFolder({}) });
    await remote.start();
    onTestFinished(() => remote.close());
    const commit = git(folder, 'rev-parse', 'HEAD');
    expect(bundleOf(await readSource({ kind: 'remote', remote })).revision).toBe(commit);
    expect(await ask(fetcher, commit)).toEqual({ kind: 'unchanged' });
    const tagged = createGitFetcher({ ...options, ref: 'v1', directory: join(makeFolder({}), 'git') });
    expect(await ask(tagged)).toMatchObject({ kind: 'fetched', fetched: { tag: commit } });
    writeFileSync(join(folder, 'policy/p.rego'), `${POLICY}\n# two\n`);
    git(folder, 'commit', '-qam', 'two');
    expect(await ask(fetcher, commit)).toMatchObject({
      kind: 'fetched',
      fetched: { revision: git(folder, 'rev-parse', 'HEAD') },
    });
    expect(await ask(tagged, commit)).toEqual({ kind: 'unchanged' });
    for (const wrong of [
      { ref: 'absent' },
      { folder: 'absent' },
      { repository: `git://127.0.0.1:${port}/absent` },
      { ref: '--upload-pack=touch x' },
    ])
      expect(
        await ask(createGitFetcher({ ...options, ...wrong, directory: join(makeFolder({}), 'git') })),
      ).toMatchObject({ kind: 'failed', problem: { code: 'bundle_unavailable' } });
  });

  it.skipIf(spawnSync('ssh-keygen', ['-?']).error !== undefined)(
    '[P-BUNDLE-SIGNATURE] takes only commits of allowed signers where that is asked for',
    async () => {
      const folder = repository();
      const keys = makeFolder({});
      for (const name of ['known', 'other'])
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(keys, name)]);
      writeFileSync(join(keys, 'signers'), `a@b ${readFileSync(join(keys, 'known.pub'), 'utf8')}`);
      const fetcher = () =>
        createGitFetcher({
          repository: folder,
          ref: 'main',
          folder: 'policy',
          directory: join(makeFolder({}), 'git'),
          allowedSigners: join(keys, 'signers'),
        });
      const commitBy = (name: string) =>
        git(
          folder,
          '-c',
          'gpg.format=ssh',
          '-c',
          'gpg.ssh.program=ssh-keygen',
          '-c',
          `user.signingkey=${join(keys, name)}`,
          'commit',
          '-q',
          '-S',
          '--allow-empty',
          '-m',
          name,
        );
      expect(await ask(fetcher())).toMatchObject({
        kind: 'failed',
        problem: { code: 'bundle_signature_invalid' },
      });
      commitBy('other');
      expect(await ask(fetcher())).toMatchObject({
        kind: 'failed',
        problem: { code: 'bundle_signature_invalid' },
      });
      // A program that finds everything good, named by somebody's settings, is not asked.
      const yes = join(keys, 'yes');
      writeFileSync(yes, `#!/bin/sh\necho 'Good "git" signature for a@b with ED25519 key SHA256:x'\n`);
      chmodSync(yes, 0o755);
      writeFileSync(
        join(keys, 'settings'),
        `[gpg]\n\tprogram = ${yes}\n[gpg "ssh"]\n\tprogram = ${yes}\n[gpg "openpgp"]\n\tprogram = ${yes}\n`,
      );
      vi.stubEnv('GIT_CONFIG_GLOBAL', join(keys, 'settings'));
      onTestFinished(() => void vi.unstubAllEnvs());
      expect(await ask(fetcher())).toMatchObject({
        kind: 'failed',
        problem: { code: 'bundle_signature_invalid' },
      });
      commitBy('known');
      expect(await ask(fetcher())).toMatchObject({ kind: 'fetched' });
    },
  );
});
