import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { expect, it } from 'vitest';
import { buildBundle, readTarball, writeArchive } from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

it.skipIf(opa.binary === '')(
  `reads what \`opa build\` packs, and packs what OPA reads${opa.note}`,
  async () => {
    const manifest = {
      revision: 'r1',
      roots: ['agent', 'limits'],
      metadata: { writ: { entrypoints: [{ path: 'agent/tools/allow', kind: 'grant' }] } },
    };
    const files = {
      'p.rego': POLICY,
      'limits/data.json': '{"amount": 3}',
      '.manifest': JSON.stringify(manifest),
    };
    const folder = makeFolder(files);
    execFileSync(opa.binary, ['build', '--bundle', folder, '--output', 'built.tar.gz'], { cwd: folder });
    const bundle = bundleOf(await readTarball(join(folder, 'built.tar.gz'), { name: 'built' }));
    expect(bundle).toMatchObject({
      revision: 'r1',
      data: { limits: { amount: 3 } },
      roots: ['agent', 'limits'],
    });
    expect(bundle.entrypoints.map(({ path }) => path)).toEqual(['agent/tools/allow']);
    expect(bundle.modules.map(({ package: path }) => path)).toEqual(['agent/tools']);

    const packed = makeFolder({});
    writeFileSync(
      join(packed, 'ours.tar.gz'),
      writeArchive(Object.entries(files).map(([path, text]) => ({ path, text }))),
    );
    const read = execFileSync(
      opa.binary,
      ['eval', '--bundle', 'ours.tar.gz', '--format', 'raw', 'data.limits.amount'],
      { cwd: packed, encoding: 'utf8' },
    );
    expect(read.trim()).toBe('3');
  },
);

it.skipIf(opa.binary === '')(
  `carries compiled policy so that OPA reads the bundle, signed, with its Wasm resolvers${opa.note}`,
  async () => {
    const folder = makeFolder({ 'p.rego': POLICY, '.manifest': '{"roots": ["agent"]}' });
    const run = (...words: string[]) => execFileSync(opa.binary, words, { cwd: folder, encoding: 'utf8' });
    run('build', '-t', 'wasm', '-e', 'agent/tools/allow', '--bundle', folder, '--output', 'built.tar.gz');
    const unpacked = makeFolder({});
    execFileSync('tar', ['-xzf', join(folder, 'built.tar.gz'), '-C', unpacked]);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const built = await buildBundle(unpacked, {
      module: 'export const policy = 1;\n',
      signing: { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), keyId: 'k' },
    });
    if (!built.ok) throw new Error(JSON.stringify(built.problems));
    writeFileSync(join(folder, 'ours.tar.gz'), built.archive);
    writeFileSync(join(folder, 'k.pem'), publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const { manifest } = JSON.parse(run('inspect', 'ours.tar.gz', '--format', 'json'));
    expect(manifest.wasm).toMatchObject([{ entrypoint: 'agent/tools/allow', module: expect.any(String) }]);
    const verified = ['--verification-key', 'k.pem', '--verification-key-id', 'k'];
    run('build', '--bundle', 'ours.tar.gz', ...verified, '--output', 'again.tar.gz');
    expect(existsSync(join(folder, 'again.tar.gz'))).toBe(true);

    rmSync(join(unpacked, 'policy.wasm'));
    expect(problemsOf(await buildBundle(unpacked))[0]).toMatchObject({
      code: 'manifest_invalid',
      message: '`wasm` names `policy.wasm`, and there is no such file',
    });
  },
);
