import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyDeltas, readTarball, unpackArchive, writeArchive } from '@writ/bundle';
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
    writeFileSync(join(bundle, 'more.rego'), 'package agent.tools.more\n\nx := 1\n\ny := 2\n');
    const dirty = await runWrit([...args.slice(0, 2), '--format', 'json', '-o', join(folder, 'd.tar.gz')]);
    expect(JSON.parse(dirty.stdout)).toMatchObject({ revision: `${git('rev-parse', 'HEAD')}-dirty` });
    rmSync(join(bundle, 'more.rego'));

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
      stderr: expect.stringMatching(
        /0\.0 % of its lines[\s\S]*data\.agent\.tools\.decision {2}policy\.rego:\d+: lines? \d/,
      ),
    });
    writeFileSync(join(bundle, 'policy.rego'), 'package broken\n\nallow if {');
    expect((await runWrit(['build', bundle, '-o', out])).status).toBe(EXIT.badInput);
    expect(existsSync(out)).toBe(false);
  });

  it('writes what changed in the data as a delta, and refuses one where more changed', async () => {
    const { folder, bundle, key, publicKey } = copied();
    const policy = join(bundle, 'policy.rego');
    const text = readFileSync(policy, 'utf8');
    const build = (out: string, ...args: string[]) =>
      runWrit([
        ...['build', bundle, '-o', join(folder, out), '--format', 'json', '--revision', out],
        ...['--signing-key', key, '--signing-alg', 'ES256', '--signing-key-id', 'k1', ...args],
      ]);
    const data = (max: number) =>
      writeFileSync(join(bundle, 'data.json'), JSON.stringify({ agent: { tools: { limits: { max } } } }));
    data(1);
    expect((await build('one.tar.gz')).status).toBe(EXIT.ok);
    data(2);
    const delta = ['--delta-from', join(folder, 'one.tar.gz')];
    const built = await build('two.tar.gz', ...delta);
    expect(JSON.parse(built.stdout)).toMatchObject({ revision: 'two.tar.gz', delta: true, signed: true });
    const keys = { k1: { algorithm: 'ES256', key: publicKey } } as const;
    const signatures = [{ name: 'author', form: 'bundle', keys }] as const;
    const one = await readTarball(join(folder, 'one.tar.gz'), { signatures });
    const archive = readFileSync(join(folder, 'two.tar.gz'));
    const applied =
      one.ok && (await applyDeltas(one.bundle, [{ archive, detached: [] }], { name: 'two', signatures }));
    expect(applied).toMatchObject({
      ok: true,
      bundle: { data: { agent: { tools: { limits: { max: 2 } } } } },
    });
    writeFileSync(policy, text.replace('50000', '60000'));
    expect(await build('three.tar.gz', ...delta)).toMatchObject({
      status: EXIT.no,
      stderr: expect.stringContaining('1 of its tests fail'),
    });
    rmSync(join(bundle, 'policy_test.rego'));
    expect(await build('three.tar.gz', ...delta)).toMatchObject({
      status: EXIT.badInput,
      stderr: expect.stringContaining('a delta changes only data, and this is not data'),
    });
    expect((await build('four.tar.gz', '--delta-from', join(folder, 'absent'))).status).toBe(EXIT.badInput);
    expect(existsSync(join(folder, 'three.tar.gz'))).toBe(false);
  });

  it('packs compiled policy for others beside the Rego, and never runs it', async () => {
    const { folder, bundle } = copied();
    const out = join(folder, 'b.tar.gz');
    const built = await runWrit(['build', bundle, '-o', out, '--target', 'mjs']);
    expect(built).toMatchObject({ status: EXIT.ok });
    const unpacked = unpackArchive(readFileSync(out));
    const files = unpacked.ok ? unpacked.files : [];
    expect(files.map(({ path }) => path)).toEqual(['.manifest', 'policy.mjs', 'policy.rego']);
    const compiled = await runWrit(['compile', bundle]);
    const text = new TextDecoder().decode(files.find(({ path }) => path === 'policy.mjs')!.bytes);
    expect(text.trim()).toBe(compiled.stdout.trim());

    // Code of somebody else's in its place is carried, not run: the answer is the Rego's.
    const hostile = files.map(({ path, bytes }) =>
      path === 'policy.mjs'
        ? {
            path,
            text: `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(folder, 'ran'))}, '');\n`,
          }
        : { path, text: bytes },
    );
    writeFileSync(out, writeArchive(hostile));
    const request = join(REPOSITORY, 'examples/tutorial/requests/deny-amount.json');
    const decided = await runWrit(['decide', '--bundle', out, request, '--format', 'json'], { cwd: folder });
    expect(JSON.parse(decided.stdout)).toMatchObject({ outcome: 'deny', reason: 'amount_over_limit' });
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    expect((await runWrit(['build', bundle, '-o', out, '--target', 'wasm'])).status).toBe(EXIT.usage);
  });
});
