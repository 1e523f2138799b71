import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { applyDeltas, buildBundle, compareBundles, readDirectory, readTarballBytes } from '../src/index.ts';
import { bundleOf, makeFolder, makeSigner, POLICY, problemsOf } from './bundle-fixture.ts';

const manifest = (writ: object, more: object = {}): string => JSON.stringify({ ...more, metadata: { writ } });
const entrypoints = [{ path: 'tools/decision', kind: 'guard' }];

/** The smallest module there is; what is in it is the engine's to judge. */
const MODULE = '\0asm\x01\0\0\0';

const CEDAR = {
  '.manifest': manifest({ engine: 'cedar', entrypoints }),
  'policies/a.cedar': 'permit(principal, action, resource);\n',
  'schema.cedarschema': 'entity User;\n',
  'entities.json': '[]',
  'notes/entities.json': '[]',
};

describe('what other engines than those for Rego read', () => {
  it('is what the manifest names them for, and is in the digest; the rest is left alone', async () => {
    const cedar = bundleOf(await readDirectory(makeFolder(CEDAR)));
    expect(cedar.engine).toBe('cedar');
    expect(cedar.engineContent?.files.map(({ path }) => path)).toEqual([
      'entities.json',
      'policies/a.cedar',
      'schema.cedarschema',
    ]);
    // It owns what it is asked by, so that others stand beside it.
    expect(cedar.roots).toEqual(['tools/decision']);
    for (const file of ['policies/a.cedar', 'schema.cedarschema', 'entities.json'] as const) {
      const other = bundleOf(await readDirectory(makeFolder({ ...CEDAR, [file]: `${CEDAR[file]} ` })));
      expect(other.digest, file).not.toBe(cedar.digest);
      expect(compareBundles([cedar], [other])[0]).toMatchObject({ change: 'changed' });
    }
    const noted = bundleOf(await readDirectory(makeFolder({ ...CEDAR, 'notes/entities.json': '[1]' })));
    expect(noted.digest).toBe(cedar.digest);
  });

  it('is nothing to a bundle in Rego, whose digest does not follow it', async () => {
    const rego = { '.manifest': manifest({}), 'p.rego': POLICY };
    const plain = bundleOf(await readDirectory(makeFolder(rego)));
    const beside = bundleOf(
      await readDirectory(makeFolder({ ...rego, 'policy.wasm': MODULE, 'a.cedar': 'x' })),
    );
    expect(beside.engineContent).toBeUndefined();
    expect(beside.digest).toBe(plain.digest);
  });

  it('the operator goes before the manifest, and `rego` in it means whichever engine is for Rego', async () => {
    const folder = makeFolder({
      '.manifest': manifest({ engine: 'rego' }),
      'p.rego': POLICY,
      'policy.wasm': MODULE,
    });
    expect(bundleOf(await readDirectory(folder)).engine).toBeUndefined();
    const wasm = bundleOf(await readDirectory(folder, { engine: 'wasm' }));
    expect(wasm).toMatchObject({ engine: 'wasm', engineContent: { files: [{ path: 'policy.wasm' }] } });
  });

  it('modules are found by the names of the manifest, however OPA writes them', async () => {
    const wasm = [{ entrypoint: '/tools/decision', module: '/policy.wasm' }];
    const files = { '.manifest': manifest({ engine: 'wasm', entrypoints }, { wasm }), 'policy.wasm': MODULE };
    expect(bundleOf(await readDirectory(makeFolder(files))).engineContent?.wasm).toEqual([
      { entrypoint: 'tools/decision', module: 'policy.wasm' },
    ]);
  });

  it('an archive names modules as OPA looks for them, whatever stood before them, and none that is not in it', async () => {
    for (const module of ['policy.wasm', '/policy.wasm', './policy.wasm', './/./policy.wasm']) {
      const wasm = [{ entrypoint: 'tools/decision', module }];
      for (const writ of [{ entrypoints }, { engine: 'wasm', entrypoints }]) {
        const files = { '.manifest': manifest(writ, { wasm }), 'p.rego': POLICY };
        const built = await buildBundle(makeFolder({ ...files, 'policy.wasm': MODULE }));
        if (!built.ok) throw new Error(JSON.stringify(built.problems));
        const text = gunzipSync(built.archive).toString('latin1');
        expect(text, module).toContain('"module": "policy.wasm"');
        const without = problemsOf(await buildBundle(makeFolder({ ...files, 'other.wasm': MODULE })));
        expect(without.map(({ message }) => message)).toEqual([
          '`wasm` names `policy.wasm`, and there is no such file',
        ]);
      }
    }
  });

  it.each([
    ['engine `cedar` without a policy', { '.manifest': manifest({ engine: 'cedar' }) }, 'no `*.cedar`'],
    ['engine `wasm` without a module', { '.manifest': manifest({ engine: 'wasm' }) }, 'no `policy.wasm`'],
    ['Cedar that nothing reads', { '.manifest': '{}', 'a.cedar': '' }, 'nothing says that they are read'],
    [
      'a module that is named and not there',
      {
        '.manifest': manifest({ engine: 'wasm' }, { wasm: [{ entrypoint: 'a/b', module: 'other.wasm' }] }),
        'policy.wasm': MODULE,
      },
      '`other.wasm`',
    ],
    ['an engine that a manifest cannot name', { '.manifest': manifest({ engine: 'opa' }) }, 'nvalid option'],
  ])('refuses %s', async (_name, files, message) => {
    const [problem] = problemsOf(await readDirectory(makeFolder(files as Record<string, string>)));
    expect(problem).toMatchObject({ code: 'manifest_invalid', message: expect.stringContaining(message) });
  });

  it('is packed and signed, read again with the same digest, and changed by a delta of data alone', async () => {
    const { signing, keys } = makeSigner();
    const folder = makeFolder({ ...CEDAR, 'tools/limits/data.json': '{"most": 1}' });
    const built = await buildBundle(folder, { name: 'tools', signing });
    if (!built.ok) throw new Error(JSON.stringify(built.problems));
    const signatures = [{ name: 'author', form: 'bundle' as const, keys }];
    const read = bundleOf(await readTarballBytes(built.archive, { name: 'tools', signatures }));
    expect(read.digest).toBe(built.bundle.digest);
    expect(read.engineContent?.files.map(({ path }) => path)).toContain('policies/a.cedar');
    expect(await applyDeltas(read, [], { name: 'tools' })).toMatchObject({ ok: true });
  });
});
