import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RequiredSignature, readTarball, signDetached, writeArchive } from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

/** Where `go install` puts it, or the PATH; building it takes minutes, so no test does that. */
const cosign = [join(homedir(), 'go/bin/cosign'), 'cosign'].find(
  (command) => (command === 'cosign' || existsSync(command)) && spawnSync(command, ['version']).status === 0,
);
const note =
  cosign === undefined
    ? ' (skipped: cosign is not here: go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3)'
    : '';

describe.skipIf(cosign === undefined)(`signatures beside the real cosign${note}`, () => {
  const run = (cwd: string, ...words: string[]) =>
    spawnSync(cosign!, words, { cwd, encoding: 'utf8', env: { ...process.env, COSIGN_PASSWORD: '' } });

  function archiveIn(folder: string): void {
    writeFileSync(join(folder, 'b.tar.gz'), writeArchive([{ path: 'p.rego', text: POLICY }]));
  }

  const requires = (key: string): RequiredSignature => ({
    name: 'security',
    form: 'detached',
    keys: { cosign: { algorithm: 'ES256', key } },
  });

  it('[P-BUNDLE-SIGNATURE] what `cosign sign-blob` signs is accepted here, and refused once changed', async () => {
    const folder = makeFolder({});
    archiveIn(folder);
    run(folder, 'generate-key-pair');
    const offline = ['--use-signing-config=false', '--tlog-upload=false', '--key', 'cosign.key', '-y'];
    run(folder, 'sign-blob', ...offline, '--bundle', 'b.tar.gz.sigstore.json', 'b.tar.gz');
    const signatures = [requires(readFileSync(join(folder, 'cosign.pub'), 'utf8'))];
    const file = join(folder, 'b.tar.gz');
    expect(bundleOf(await readTarball(file, { signatures })).signatures).toEqual([
      { name: 'security', form: 'detached', keyId: 'cosign' },
    ]);
    writeFileSync(file, writeArchive([{ path: 'p.rego', text: `${POLICY}# changed` }]));
    expect(problemsOf(await readTarball(file, { signatures }))[0]).toMatchObject({
      code: 'bundle_signature_invalid',
    });
  });

  it('[P-BUNDLE-SIGNATURE] what is signed here is accepted by `cosign verify-blob`, and refused once changed', () => {
    const folder = makeFolder({});
    archiveIn(folder);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(folder, 'k.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const archive = readFileSync(join(folder, 'b.tar.gz'));
    for (const form of ['sigstore', 'plain'] as const) {
      const signed = signDetached(archive, { key, form });
      if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
      writeFileSync(join(folder, 's'), signed.text);
      const given = form === 'sigstore' ? ['--bundle', 's'] : ['--signature', 's'];
      const words = ['verify-blob', '--key', 'k.pub', ...given, '--insecure-ignore-tlog=true'];
      expect(run(folder, ...words, 'b.tar.gz')).toMatchObject({ status: 0 });
      writeFileSync(join(folder, 'other.tar.gz'), Buffer.concat([archive, Buffer.from([0])]));
      expect(run(folder, ...words, 'other.tar.gz').status).not.toBe(0);
    }
  });
});
