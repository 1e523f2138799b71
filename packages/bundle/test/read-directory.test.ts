import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDirectory, readTarballBytes, writeArchive } from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf, writeFiles } from './bundle-fixture.ts';

describe('reading a folder', () => {
  it('nests data by folder and keeps tests apart', async () => {
    const folder = makeFolder({
      'policy.rego': POLICY,
      'policy_test.rego': 'package agent.tools_test\n',
      'data.json': '{"limits": {"amount": 0.1}}',
      'limits/tenants/data.yaml': 'acme: 5\n"on": true\n',
      'notes.json': 'not read',
      '.git/data.json': 'not read',
      'node_modules/x/data.json': 'not read',
    });
    const bundle = bundleOf(await readDirectory(folder, { name: 'tutorial' }));
    expect(bundle.data).toEqual({ limits: { amount: 0.1, tenants: { acme: 5, on: true } } });
    expect(bundle.modules.map(({ file }) => file)).toEqual(['policy.rego']);
    expect(bundle.testModules.map(({ file }) => file)).toEqual(['policy_test.rego']);
    expect(bundle.roots).toEqual(['agent/tools', 'limits/amount', 'limits/tenants']);
    expect(bundle.hasManifest).toBe(false);
    expect(bundle.revision).toBe(bundle.digest.slice(7, 19));
  });

  it('reads the entrypoints of a manifest with their defaults', async () => {
    const folder = makeFolder({
      'policy.rego': POLICY,
      '.manifest': JSON.stringify({
        revision: 'r1',
        roots: ['agent'],
        metadata: {
          writ: {
            entrypoints: [
              { path: 'agent/tools/allow', kind: 'grant' },
              {
                path: 'agent/tools/deny',
                kind: 'violations',
                layer: 'compliance',
                profile: 'tools/v1',
                when: { tools: ['mcp/*'] },
              },
              { path: 'agent/tools/who', kind: 'capabilities' },
              { path: 'agent/tools/show', kind: 'visible' },
            ],
          },
        },
      }),
    });
    const bundle = bundleOf(await readDirectory(folder));
    expect(bundle.revision).toBe('r1');
    expect(bundle.entrypoints).toEqual([
      {
        path: 'agent/tools/allow',
        kind: 'grant',
        layer: 'resource',
        profile: 'writ/v1',
        when: { phases: ['call'] },
      },
      {
        path: 'agent/tools/deny',
        kind: 'violations',
        layer: 'compliance',
        profile: 'tools/v1',
        when: { phases: ['call'], tools: ['mcp/*'] },
      },
      {
        path: 'agent/tools/who',
        kind: 'capabilities',
        layer: 'identity',
        profile: 'writ/v1',
        when: { phases: ['call'] },
      },
      {
        path: 'agent/tools/show',
        kind: 'visible',
        layer: 'resource',
        profile: 'writ/v1',
        when: { phases: ['list'] },
      },
    ]);
  });

  it('has the digest of the archive of the same content, whatever the order and the split of data', async () => {
    const files = {
      'a/policy.rego': POLICY,
      'data.json': '{"x": {"y": 1}}',
      '.manifest': '{"revision": "7"}',
    };
    const one = bundleOf(await readDirectory(makeFolder(files), { name: 'b' }));
    const archive = writeArchive(Object.entries(files).map(([path, text]) => ({ path, text })));
    const two = bundleOf(await readTarballBytes(archive, { name: 'b' }));
    const split = {
      'a/policy.rego': POLICY,
      'x/data.json': '{"y": 1}',
      '.manifest': '{ "revision": "7", "roots": [""] }',
    };
    const three = bundleOf(await readDirectory(makeFolder(split), { name: 'c' }));
    expect(two.digest).toBe(one.digest);
    expect(three.digest).toBe(one.digest);
    const other = bundleOf(await readDirectory(makeFolder({ ...files, 'data.json': '{"x": {"y": 2}}' })));
    expect(other.digest).not.toBe(one.digest);
  });

  it('[P-BUNDLE-NO-ESCAPE] follows no symbolic link out of the folder', async () => {
    const folder = makeFolder({ 'policy.rego': POLICY, 'elsewhere/data.json': '{}' });
    const outside = makeFolder({ 'data.json': '{"secret": 1}' });
    symlinkSync(join(outside, 'data.json'), join(folder, 'data.json'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'inside'));
    symlinkSync('../../../../../../etc/hostname', join(folder, 'up.rego'));
    symlinkSync(join(folder, 'nothing'), join(folder, 'void.rego'));
    const problems = problemsOf(await readDirectory(folder)).map(({ code, file }) => [code, file]);
    expect(problems).toEqual(
      ['data.json', 'inside', 'up.rego', 'void.rego'].map((file) => ['bundle_link_refused', file]),
    );
  });

  it('reads folders as mounted configuration lays them out: links to files inside', async () => {
    const folder = makeFolder({ '..2026_01/policy.rego': POLICY, '..2026_01/data.json': '{"a": 1}' });
    symlinkSync('..2026_01', join(folder, '..data'));
    for (const file of ['policy.rego', 'data.json']) symlinkSync(`..data/${file}`, join(folder, file));
    const bundle = bundleOf(await readDirectory(folder));
    expect(bundle.modules.map(({ file }) => file)).toEqual(['policy.rego']);
    expect(bundle.data).toEqual({ a: 1 });
  });

  it('keeps to its limits', async () => {
    const folder = makeFolder({ 'a.rego': POLICY, 'b.rego': POLICY, 'deep/er/data.json': '{}' });
    const codes = async (limits: object) =>
      problemsOf(await readDirectory(folder, { limits })).map(({ code }) => code);
    expect(await codes({ filesMax: 1 })).toContain('bundle_too_large');
    expect(await codes({ fileSizeBytesMax: 10 })).toContain('bundle_too_large');
    expect(await codes({ totalSizeBytesMax: 60 })).toContain('bundle_too_large');
    expect(await codes({ folderDepthMax: 1 })).toContain('bundle_too_large');
  });

  it('[P-BUNDLE-SIGNATURE] refuses a signed bundle whose signature nobody checks', async () => {
    const folder = makeFolder({ 'p.rego': POLICY, '.signatures.json': '{"signatures": ["x"]}' });
    expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({ code: 'bundle_signature_unverified' });
    expect((await readDirectory(folder, { skipVerify: true })).ok).toBe(true);
  });

  it('refuses a delta bundle, which is no bundle by itself', async () => {
    const folder = makeFolder({ 'patch.json': '{"data": []}', '.manifest': '{}' });
    expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({
      code: 'bundle_unreadable',
      file: 'patch.json',
    });
  });

  it('says what is not there', async () => {
    expect(problemsOf(await readDirectory('/nowhere/at/all'))[0]).toMatchObject({
      code: 'bundle_unreadable',
      bundle: 'all',
    });
  });
});

describe('data documents', () => {
  const read = async (files: Record<string, string>) => problemsOf(await readDirectory(makeFolder(files)))[0];

  it('[P-STRICT-DATA] are read strictly', async () => {
    expect(await read({ 'data.json': '{"a": 1,\n "a": 2}' })).toMatchObject({
      code: 'data_invalid',
      row: 2,
      file: 'data.json',
    });
    expect(await read({ 'data.json': '{"a": 9007199254740993}' })).toMatchObject({ code: 'data_invalid' });
    expect(await read({ 'data.yaml': 'a: 9007199254740993' })).toMatchObject({ code: 'data_invalid' });
    expect(await read({ 'data.yaml': 'a: 1\na: 2' })).toMatchObject({ code: 'data_invalid', row: 2 });
    expect(await read({ 'data.yaml': 'a: .inf' })).toMatchObject({ code: 'data_invalid', pointer: '/a' });
    expect(await read({ 'data.json': '[1]' })).toMatchObject({ code: 'data_invalid' });
    expect(await read({ '__proto__/data.json': '{"allowed": true}' })).toMatchObject({
      code: 'data_invalid',
    });
    expect(await read({ 'a/__proto__/data.json': '{"allowed": true}' })).toMatchObject({
      code: 'data_invalid',
    });
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`).join('\n')}`;
    expect(await read({ 'data.yaml': bomb })).toMatchObject({ code: 'data_invalid' });
  });

  it('conflict where two files give one place a value', async () => {
    expect(await read({ 'data.json': '{"a": {"b": 1}}', 'a/data.json': '{"b": 2}' })).toMatchObject({
      code: 'data_conflict',
      pointer: '/a/b',
    });
  });
});

describe('roots', () => {
  it('hold all packages and data of a bundle', async () => {
    const folder = makeFolder({
      'p.rego': POLICY,
      'data.json': '{"agent": {"x": 1}, "other": {"y": 1}}',
      '.manifest': '{"roots": ["agent/tools"]}',
    });
    expect(problemsOf(await readDirectory(folder)).map(({ code, pointer }) => [code, pointer])).toEqual([
      ['roots_violated', '/agent/x'],
      ['roots_violated', '/other'],
    ]);
    writeFiles(folder, { '.manifest': '{"roots": ["other", "agent/x"]}' });
    expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({
      code: 'roots_violated',
      file: 'p.rego',
    });
    writeFiles(folder, { '.manifest': '{"roots": ["agent", "agent/x", "other"]}' });
    expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({ code: 'roots_overlap' });
  });
});
