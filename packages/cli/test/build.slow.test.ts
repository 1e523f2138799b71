import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTarball } from '@writ/bundle';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';

const BUNDLE = join(REPOSITORY, 'examples/tutorial/bundle');

function copied(): { folder: string; bundle: string; key: string; publicKey: string } {
  const folder = temporaryFolder();
  const bundle = join(folder, 'policy');
  cpSync(BUNDLE, bundle, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'k.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return {
    folder,
    bundle,
    key: join(folder, 'k.pem'),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describe('writ build and sign', () => {
  it('packs the same bytes twice, names the commit, and signs both ways', async () => {
    const { folder, bundle, key, publicKey } = copied();
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        encoding: 'utf8',
      }).trim();
    git('init', '-q');
    git('add', 'policy');
    git('commit', '-qm', 'policies');
    const args = ['build', bundle, '--coverage', '80', '--require-tests', '--format', 'json'];
    const signing = ['--signing-key', key, '--signing-alg', 'HS256'];
    const [one, two] = await Promise.all([
      runWrit([...args, '-o', join(folder, 'one.tar.gz')]),
      runWrit([...args, '-o', join(folder, 'two.tar.gz')]),
    ]);
    expect(one.status).toBe(EXIT.ok);
    expect(two.status).toBe(EXIT.ok);
    expect(JSON.parse(one.stdout)).toMatchObject({
      revision: git('rev-parse', 'HEAD'),
      tests: 9,
      signed: false,
    });
    expect(readFileSync(join(folder, 'one.tar.gz'))).toEqual(readFileSync(join(folder, 'two.tar.gz')));

    const refused = await runWrit([...args, ...signing, '-o', join(folder, 'bad.tar.gz')]);
    expect(refused).toMatchObject({ status: EXIT.badInput, stderr: expect.stringContaining('no secret') });

    const es256 = ['--signing-key', key, '--signing-alg', 'ES256', '--signing-key-id', 'k1'];
    expect((await runWrit([...args, ...es256, '-o', join(folder, 's.tar.gz')])).status).toBe(EXIT.ok);
    expect((await runWrit(['sign', join(folder, 's.tar.gz'), '--signing-key', key])).status).toBe(EXIT.ok);
    const keys = { k1: { algorithm: 'ES256', key: publicKey } } as const;
    const read = await readTarball(join(folder, 's.tar.gz'), {
      signatures: [
        { name: 'author', form: 'bundle', keys },
        { name: 'security', form: 'detached', keys },
      ],
    });
    expect(read).toMatchObject({
      ok: true,
      bundle: { signatures: [{ name: 'author' }, { name: 'security' }] },
    });
  });

  it('builds nothing that fails its tests, has none or reaches too little', async () => {
    const { folder, bundle } = copied();
    const out = join(folder, 'b.tar.gz');
    const test = join(bundle, 'policy_test.rego');
    const text = readFileSync(test, 'utf8');
    writeFileSync(test, `${text}\n\ntest_never if {\n\tfalse\n}\n`);
    expect(await runWrit(['build', bundle, '-o', out])).toMatchObject({
      status: EXIT.no,
      stderr: expect.stringContaining('test_never'),
    });
    rmSync(test);
    expect(await runWrit(['build', bundle, '-o', out, '--require-tests'])).toMatchObject({
      status: EXIT.no,
      stderr: expect.stringContaining('no tests'),
    });
    expect(await runWrit(['build', bundle, '-o', out, '--coverage', '10'])).toMatchObject({
      status: EXIT.no,
      stderr: expect.stringContaining('0.0 % of its lines'),
    });
    writeFileSync(join(bundle, 'policy.rego'), 'package broken\n\nallow if {');
    expect((await runWrit(['build', bundle, '-o', out])).status).toBe(EXIT.badInput);
    expect(existsSync(out)).toBe(false);
  });
});
