import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { runWrit, temporaryFolder } from './support/run-writ.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const POLICY = `# METADATA
# title: Tools
package agent.tools

# METADATA
# entrypoint: true
# description: may it
allow if input.x

# METADATA
# scope: rule
# title: late
deny contains "late" if input.late
`;

async function signedArchive(): Promise<{ folder: string; bundle: string; archive: string }> {
  const folder = temporaryFolder();
  const bundle = join(folder, 'policies');
  mkdirSync(join(bundle, 'limits'), { recursive: true });
  writeFileSync(join(bundle, 'p.rego'), POLICY);
  writeFileSync(join(bundle, 'limits/data.json'), '{"max": 5, "names": ["a", {"b": null}]}');
  writeFileSync(
    join(bundle, '.manifest'),
    '{"roots": ["agent", "limits"], "revision": "r1", "metadata": {"x": 1}}',
  );
  for (const name of ['author', 'other']) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(folder, `${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(folder, `${name}.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const archive = join(folder, 'b.tar.gz');
  const signing = ['--signing-key', join(folder, 'author.key'), '--signing-key-id', 'k1', '--sequence', '3'];
  const built = await runWrit(['build', bundle, '-o', archive, '--revision', 'r1', ...signing]);
  expect(built.status).toBe(EXIT.ok);
  return { folder, bundle, archive };
}

it('says what a signed archive holds, and which signature holds', async () => {
  const { folder, bundle, archive } = await signedArchive();
  const inspect = (...args: string[]) => runWrit(['inspect', ...args]);
  const shown = await inspect(archive, '--format', 'json', '--key', `k1=${join(folder, 'author.pem')}`);
  expect(shown.status).toBe(EXIT.ok);
  expect(JSON.parse(shown.stdout).writ).toMatchObject({
    digest: expect.stringMatching(/^sha256:/),
    sequence: 3,
    entrypoints: [
      { layer: 'resource', kind: 'grant', path: 'agent/tools/allow', when: { phases: ['call'] } },
    ],
    signatures: [
      {
        form: 'bundle',
        key_id: 'k1',
        algorithm: 'RS256',
        covers: ['.manifest', 'limits/data.json', 'p.rego'],
        not_covered: [],
        verified_by: 'k1',
      },
    ],
    data: [{ root: 'limits', size_bytes: 34, values: 3 }],
  });
  const stranger = await inspect(archive, '--key', `k1=${join(folder, 'other.pem')}`);
  expect(stranger).toMatchObject({ status: EXIT.no, stdout: expect.stringContaining('does not hold') });
  const unchecked = await inspect(archive);
  expect(unchecked).toMatchObject({ status: EXIT.ok, stdout: expect.stringContaining('not checked') });
  expect((await inspect(bundle, '--key', join(folder, 'author.pem'))).status).toBe(EXIT.no);

  writeFileSync(join(bundle, 'limits/data.json'), '{"max": 6}');
  const delta = join(folder, 'd.tar.gz');
  await runWrit(['build', bundle, '-o', delta, '--revision', 'r2', '--delta-from', archive]);
  const change = JSON.parse((await inspect(delta, '--format', 'json')).stdout);
  expect(change.writ).toMatchObject({ delta: { from_revision: 'r1', operations: 2 }, signatures: [] });
});

it.skipIf(opa.binary === '')(`has the JSON of \`opa inspect\`${opa.note}`, async () => {
  const { archive } = await signedArchive();
  const { writ: _, ...ours } = JSON.parse(
    (await runWrit(['inspect', archive, '--annotations', '--format', 'json'])).stdout,
  );
  const theirs = JSON.parse(
    execFileSync(opa.binary, ['inspect', archive, '--annotations', '--format', 'json'], { encoding: 'utf8' }),
  );
  expect(ours).toEqual(theirs);
});
