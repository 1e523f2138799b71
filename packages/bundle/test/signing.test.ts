import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArchiveFile,
  type RequiredSignature,
  readDirectory,
  readTarball,
  readTarballBytes,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  signBundle,
  signDetached,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const FILES: readonly ArchiveFile[] = [
  { path: '.manifest', text: '{"revision": "r1", "roots": ["agent", "limits"]}' },
  { path: 'limits/data.json', text: '{"b": 1.50, "a": "\\u2028 <é>"}' },
  { path: 'p.rego', text: POLICY },
];

const pem = (type: 'rsa' | 'ec' | 'ed25519', curve = 'P-256'): { privateKey: string; publicKey: string } => {
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: curve })
        : generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const rsa = pem('rsa');
const secret = randomBytes(64).toString('hex');

function keysFor(algorithm: SigningAlgorithm): { privateKey: string; publicKey: string } {
  if (algorithm.startsWith('HS')) return { privateKey: secret, publicKey: secret };
  if (algorithm.startsWith('ES')) return pem('ec', CURVES[algorithm]);
  return algorithm === 'EdDSA' ? pem('ed25519') : rsa;
}

const ec = pem('ec');
const other = pem('ec');
const AUTHOR: RequiredSignature = {
  name: 'author',
  form: 'bundle',
  keys: { k1: { algorithm: 'ES256', key: ec.publicKey } },
};
const SECURITY: RequiredSignature = {
  name: 'security',
  form: 'detached',
  keys: { s1: { algorithm: 'ES256', key: ec.publicKey } },
};

const bytesOf = (files: readonly ArchiveFile[]) =>
  files.map((file) => ({
    path: file.path,
    bytes: typeof file.text === 'string' ? Buffer.from(file.text) : file.text,
  }));

async function signed(
  files: readonly ArchiveFile[] = FILES,
  options: Partial<Parameters<typeof signBundle>[1]> = {},
): Promise<ArchiveFile[]> {
  const result = await signBundle(bytesOf(files), {
    key: ec.privateKey,
    algorithm: 'ES256',
    keyId: 'k1',
    ...options,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return [...files, { path: '.signatures.json', text: result.text }];
}

const read = (files: readonly ArchiveFile[], signatures: readonly RequiredSignature[] = [AUTHOR]) =>
  readTarballBytes(writeArchive(files), { name: 'b', signatures });
const problem = async (files: readonly ArchiveFile[], signatures?: readonly RequiredSignature[]) =>
  problemsOf(await read(files, signatures))[0];

describe('a signature inside the bundle', () => {
  it.each(SIGNING_ALGORITHMS)('[P-BUNDLE-SIGNATURE] by %s is checked and named', async (algorithm) => {
    const { privateKey, publicKey } = keysFor(algorithm);
    const files = await signed(FILES, { key: privateKey, algorithm });
    const required = { ...AUTHOR, keys: { k1: { algorithm, key: publicKey } } };
    expect(bundleOf(await read(files, [required])).signatures).toEqual([
      { name: 'author', form: 'bundle', keyId: 'k1' },
    ]);
    const wrong = keysFor(algorithm);
    if (algorithm.startsWith('ES') || algorithm === 'EdDSA') {
      const unfit = { ...AUTHOR, keys: { k1: { algorithm, key: wrong.publicKey } } };
      expect(await problem(files, [unfit])).toMatchObject({ code: 'bundle_signature_invalid' });
    }
  });

  it('[P-BUNDLE-SIGNATURE] a byte changed, a file added, missing or renamed is refused by name', async () => {
    const files = await signed();
    const refused = { code: 'bundle_signature_invalid', bundle: 'b' };
    for (const { path } of FILES) {
      const changed = files.map((file) =>
        file.path === path ? { path, text: String(file.text).replace(/[r1]/, 'x') } : file,
      );
      expect(await problem(changed)).toMatchObject({ ...refused, file: path });
      expect(await problem(files.filter((file) => file.path !== path))).toMatchObject({
        ...refused,
        file: path,
        message: 'the file was signed and is missing',
      });
      const renamed = files.map((file) => (file.path === path ? { ...file, path: `x${path}` } : file));
      expect(problemsOf(await read(renamed)).map(({ file }) => file)).toEqual([`x${path}`, path]);
    }
    for (const path of ['more.rego', 'notes.txt', 'a/data.json', 'x/.signatures.json']) {
      expect(await problem([...files, { path, text: '{}' }])).toMatchObject({ ...refused, file: path });
    }
  });

  it('counts documents by their content, and everything else by its bytes', async () => {
    const files = await signed();
    const spaced = files.map((file) =>
      file.path === 'limits/data.json'
        ? { ...file, text: '{ "a": "\\u2028 <\\u00e9>",\n "b": 1.50 }' }
        : file,
    );
    expect((await read(spaced)).ok).toBe(true);
    const number = files.map((file) =>
      file.path === 'limits/data.json' ? { ...file, text: String(file.text).replace('1.50', '1.5') } : file,
    );
    expect(await problem(number)).toMatchObject({ file: 'limits/data.json' });
  });

  it('[P-BUNDLE-SIGNATURE] no signature, another key, another algorithm, no key by that name, two signatures', async () => {
    expect(await problem(FILES)).toMatchObject({ code: 'bundle_signature_missing' });
    expect(await problem(await signed(FILES, { key: other.privateKey }))).toMatchObject({
      code: 'bundle_signature_invalid',
    });
    expect(await problem(await signed(FILES, { keyId: 'k2' }))).toMatchObject({
      message: 'no key `k2` is configured',
      help: 'configured: k1',
    });
    for (const id of ['__proto__', 'constructor', ''])
      expect((await problem(await signed(FILES, { keyId: id })))?.code).toBe('bundle_signature_invalid');
    // The public key as a shared secret: what makes verifiers fall that let the token choose its algorithm.
    const confused = await signed(FILES, { key: 'x', algorithm: 'HS256' });
    expect(await problem(confused)).toMatchObject({ code: 'bundle_signature_invalid' });
    const asSecret = { ...AUTHOR, keys: { k1: { algorithm: 'HS256' as const, key: ec.publicKey } } };
    expect((await problem(confused, [asSecret]))?.message).toContain('a PEM is no secret for HS256');
    const token = JSON.parse(String((await signed()).at(-1)!.text)).signatures[0] as string;
    const twice = [
      ...FILES,
      { path: '.signatures.json', text: JSON.stringify({ signatures: [token, token] }) },
    ];
    expect((await problem(twice))?.message).toContain('exactly one signature');
    const [, payload] = token.split('.');
    const none = `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${payload}.`;
    const unsigned = [...FILES, { path: '.signatures.json', text: JSON.stringify({ signatures: [none] }) }];
    expect(await problem(unsigned)).toMatchObject({ code: 'bundle_signature_invalid' });
  });

  it('has the scope that is asked for, and no other', async () => {
    const production = { ...AUTHOR, scope: 'production' };
    expect((await read(await signed(FILES, { scope: 'production' }), [production])).ok).toBe(true);
    expect((await problem(await signed(FILES, { scope: 'staging' }), [production]))?.message).toBe(
      'its scope is `staging`, not `production`',
    );
    expect((await problem(await signed(FILES, { scope: 'staging' })))?.message).toContain('not ``');
  });

  it('takes the new and the old key while keys are rotated, and leaves out what is excluded', async () => {
    const rotating = {
      ...AUTHOR,
      excludeFiles: ['limits/*'],
      keys: { ...AUTHOR.keys, k2: { algorithm: 'ES256' as const, key: other.publicKey } },
    };
    const files = await signed(FILES, { key: other.privateKey, keyId: 'k2' });
    const changed = files.map((file) =>
      file.path === 'limits/data.json' ? { ...file, text: '{"a": 2}' } : file,
    );
    expect(bundleOf(await read(changed, [rotating])).signatures[0]?.keyId).toBe('k2');
    expect((await read(await signed(), [rotating])).ok).toBe(true);
  });

  it('[P-BUNDLE-SIGNATURE] a signed bundle without a configured key does not look like a checked one', async () => {
    expect(await problem(await signed(), [])).toMatchObject({ code: 'bundle_signature_unverified' });
  });

  it('covers a folder, other files in it included', async () => {
    const files = await signed([...FILES, { path: 'README.md', text: 'read' }]);
    const folder = makeFolder(Object.fromEntries(files.map((file) => [file.path, String(file.text)])));
    expect((await readDirectory(folder, { signatures: [AUTHOR] })).ok).toBe(true);
    writeFileSync(join(folder, 'README.md'), 'changed');
    expect(problemsOf(await readDirectory(folder, { signatures: [AUTHOR] }))[0]).toMatchObject({
      file: 'README.md',
    });
    const plain = makeFolder({ 'p.rego': POLICY });
    expect(problemsOf(await readDirectory(plain, { signatures: [SECURITY] }))[0]).toMatchObject({
      code: 'bundle_signature_missing',
    });
  });

  it('[P-BUNDLE-SIGNATURE] no changed byte of a token passes', async () => {
    const files = await signed();
    const token = JSON.parse(String(files.at(-1)!.text)).signatures[0] as string;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: token.length - 1 }), fc.constantFrom(...'Aa9-_.='), async (at, sign) => {
        const forged = token.slice(0, at) + sign + token.slice(at + 1);
        const decoded = (text: string) =>
          text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
        fc.pre(decoded(forged).join('.') !== decoded(token).join('.'));
        const text = JSON.stringify({ signatures: [forged] });
        expect((await read([...FILES, { path: '.signatures.json', text }])).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a signature beside the archive', () => {
  const archive = writeArchive(FILES);
  const readWith = (detached: readonly string[], signatures = [SECURITY], bytes = archive) =>
    readTarballBytes(bytes, { name: 'b', signatures, detached });
  const sign = (key: string, form: 'sigstore' | 'plain', algorithm: SigningAlgorithm = 'ES256') => {
    const result = signDetached(archive, { key, form, algorithm });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.text;
  };

  it.each(['sigstore', 'plain'] as const)(
    '[P-BUNDLE-SIGNATURE] as %s fits its key and its bytes only',
    async (form) => {
      const text = sign(ec.privateKey, form);
      expect(bundleOf(await readWith([text])).signatures).toEqual([
        { name: 'security', form: 'detached', keyId: 's1' },
      ]);
      const foreign = sign(other.privateKey, form);
      expect(problemsOf(await readWith([foreign]))[0]).toMatchObject({ code: 'bundle_signature_invalid' });
      expect((await readWith([foreign, text])).ok).toBe(true);
      const changed = writeArchive([...FILES.slice(0, 2), { path: 'p.rego', text: `${POLICY}\n` }]);
      expect(problemsOf(await readWith([text], [SECURITY], changed))[0]).toMatchObject({
        code: 'bundle_signature_invalid',
      });
      expect(problemsOf(await readWith([]))[0]).toMatchObject({ code: 'bundle_signature_missing' });
      for (const garbage of ['', '{}', '{"mediaType": 1}', 'AAAA', text.slice(0, -8)])
        expect(problemsOf(await readWith([garbage]))[0]).toMatchObject({ code: 'bundle_signature_invalid' });
    },
  );

  it.each(['RS256', 'PS384', 'ES384', 'ES512', 'EdDSA'] as const)('is made by %s too', async (algorithm) => {
    const { privateKey, publicKey } = keysFor(algorithm);
    const required = { ...SECURITY, keys: { s1: { algorithm, key: publicKey } } };
    expect((await readWith([sign(privateKey, 'plain', algorithm)], [required])).ok).toBe(true);
  });

  it('[P-BUNDLE-SIGNATURE] each of several required signatures must be there', async () => {
    const both = await signed();
    const bytes = writeArchive(both);
    const detached = signDetached(bytes, { key: ec.privateKey, form: 'sigstore' });
    const text = detached.ok ? detached.text : '';
    const read = bundleOf(await readWith([text], [AUTHOR, SECURITY], bytes));
    expect(read.signatures.map(({ name }) => name)).toEqual(['author', 'security']);
    expect(problemsOf(await readWith([], [AUTHOR, SECURITY], bytes))).toMatchObject([
      { code: 'bundle_signature_missing' },
    ]);
    expect(problemsOf(await readWith([sign(ec.privateKey, 'plain')], [AUTHOR, SECURITY]))).toMatchObject([
      { code: 'bundle_signature_missing', message: expect.stringContaining('.signatures.json') },
    ]);
  });

  it('is found beside the file', async () => {
    const folder = makeFolder({});
    const file = join(folder, 'b.tar.gz');
    writeFileSync(file, archive);
    expect(problemsOf(await readTarball(file, { signatures: [SECURITY] }))[0]?.code).toBe(
      'bundle_signature_missing',
    );
    writeFileSync(`${file}.sig`, sign(ec.privateKey, 'plain'));
    expect((await readTarball(file, { signatures: [SECURITY] })).ok).toBe(true);
    writeFileSync(`${file}.sig`, 'x'.repeat(300_000));
    writeFileSync(`${file}.sigstore.json`, sign(ec.privateKey, 'sigstore'));
    expect((await readTarball(file, { signatures: [SECURITY] })).ok).toBe(true);
  });
});
