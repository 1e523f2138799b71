import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import {
  type RequiredSignature,
  readDirectory,
  readTarball,
  type SigningAlgorithm,
  signBundle,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const FILES = {
  '.manifest': '{"roots": ["agent", "limits", "odd"], "revision": "r1"}',
  'p.rego': POLICY,
  'limits/data.json': '{"amount": 3.10, "huge": 1e3, "text": "\\u2028 <&> \\u0007 \\u001f é \\ud83d\\ude00"}',
  'odd/data.json': '{"\\ud83d\\ude00": 1, "\\uffff": 2, "a": [null, true, {"b": -0.5}]}',
};

const KEYS: Readonly<Record<string, () => ReturnType<typeof generateKeyPairSync>>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS512: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
};

function keysIn(
  folder: string,
  algorithm: SigningAlgorithm,
): { privateFile: string; publicFile: string; requires: RequiredSignature; secret: string } {
  const privateFile = join(folder, 'private.pem');
  const publicFile = join(folder, 'public.pem');
  const pair = KEYS[algorithm]?.();
  const secret =
    pair?.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() ??
    'a secret that two parties share, of some length';
  const key = pair?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? secret;
  writeFileSync(privateFile, secret);
  writeFileSync(publicFile, key);
  const requires: RequiredSignature = {
    name: 'author',
    form: 'bundle',
    keys: { global: { algorithm, key } },
    keyId: 'global',
  };
  return { privateFile, publicFile, requires, secret };
}

describe.skipIf(opa.binary === '')(`signatures beside the real OPA${opa.note}`, () => {
  // OPA says what went wrong on standard output.
  const run = (cwd: string, ...words: string[]) =>
    spawnSync(opa.binary, words, { cwd, encoding: 'utf8' }).stdout;

  it.each(['RS256', 'PS512', 'ES256', 'ES384', 'HS256'] as const)(
    '[P-BUNDLE-SIGNATURE] what `opa build` signs by %s is accepted here, and refused once changed',
    async (algorithm) => {
      const keys = makeFolder({});
      const folder = makeFolder(FILES);
      const { privateFile, requires } = keysIn(keys, algorithm);
      run(
        folder,
        'build',
        '--bundle',
        folder,
        '--signing-alg',
        algorithm,
        '--signing-key',
        privateFile,
        '--output',
        join(keys, 'b.tar.gz'),
      );
      expect(
        bundleOf(await readTarball(join(keys, 'b.tar.gz'), { signatures: [requires] })).signatures,
      ).toHaveLength(1);
      const unpacked = makeFolder({});
      execFileSync('tar', ['-xzf', join(keys, 'b.tar.gz'), '-C', unpacked]);
      expect((await readDirectory(unpacked, { signatures: [requires] })).ok).toBe(true);
      writeFileSync(join(unpacked, 'data.json'), '{}');
      expect(problemsOf(await readDirectory(unpacked, { signatures: [requires] }))[0]).toMatchObject({
        code: 'bundle_signature_invalid',
        file: 'data.json',
      });
    },
  );

  it.each(['RS256', 'PS512', 'ES256', 'ES384', 'HS256'] as const)(
    '[P-BUNDLE-SIGNATURE] what is signed here by %s is accepted by OPA, and refused once changed',
    async (algorithm) => {
      const keys = makeFolder({});
      const { publicFile, secret } = keysIn(keys, algorithm);
      const files = Object.entries(FILES).map(([path, text]) => ({ path, text }));
      const signed = await signBundle(
        files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
        { key: secret, algorithm, keyId: 'global' },
      );
      if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
      const verify = (name: string, text: string) => {
        const all = files.map((file) => (file.path === 'limits/data.json' ? { ...file, text } : file));
        writeFileSync(
          join(keys, name),
          writeArchive([...all, { path: '.signatures.json', text: signed.text }]),
        );
        return run(
          keys,
          'build',
          '--bundle',
          name,
          '--verification-key',
          publicFile,
          '--verification-key-id',
          'global',
          '--signing-alg',
          algorithm,
          '--output',
          join(keys, 'out.tar.gz'),
        );
      };
      expect(verify('good.tar.gz', FILES['limits/data.json'])).toBe('');
      expect(verify('bad.tar.gz', '{"amount": 4}')).toContain('digest mismatch');
    },
  );
});
