import { expect, it } from 'vitest';
import {
  checkReleases,
  isSameContent,
  readTarballBytes,
  rebuildArchive,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, POLICY } from './bundle-fixture.ts';

async function bundle(name: string, release?: object, thirdParty = false) {
  const writ = release === undefined ? {} : { release };
  const manifest = { revision: 'r1', roots: ['agent'], metadata: { writ } };
  const archive = writeArchive([
    { path: '.manifest', text: JSON.stringify(manifest) },
    { path: 'p.rego', text: POLICY },
  ]);
  return bundleOf(await readTarballBytes(archive, { name, thirdParty }));
}
const of = (version: string, name = 'support') => ({ name, version });

it('[P-RELEASE-WHOLE] a release is whole when all that must be of it are, in one version', async () => {
  const required = [{ name: 'support', bundles: ['a', 'b'] }];
  const [a1, a2, b1, plain] = [
    await bundle('a', of('1')),
    await bundle('a', of('2')),
    await bundle('b', of('1')),
    await bundle('b'),
  ];
  expect(checkReleases([a1, b1], required)).toEqual([]);
  expect(checkReleases([a2, b1], required).map((one) => [one.bundle, one.code])).toEqual([
    ['a', 'release_incomplete'],
    ['b', 'release_incomplete'],
  ]);
  expect(checkReleases([a1, plain], required)).toHaveLength(2);
  expect(checkReleases([a1], required)).toHaveLength(2);
  // What nobody requires is held to its own word, and a third party's word does not count.
  expect(checkReleases([a2, b1])).toHaveLength(2);
  expect(checkReleases([a1, plain])).toEqual([]);
  expect(checkReleases([a2, await bundle('b', of('1'), true)])).toEqual([]);
  expect(checkReleases([a1, await bundle('c', of('9', 'other'))])).toEqual([]);
});

it.each([
  [{ name: 'x' }, 'version'],
  [{ ...of('1'), tools: { read: `sha256:${'a'.repeat(64)}` } }, 'tools/read'],
  [{ ...of('1'), tools: { 'files/read': 'a' } }, 'hexadecimal'],
  [{ ...of('1'), agent: {} }, 'agents'],
])('a release that cannot be read is a problem of the manifest: %j', async (release, told) => {
  const manifest = { roots: ['agent'], metadata: { writ: { release } } };
  const archive = writeArchive([{ path: '.manifest', text: JSON.stringify(manifest) }]);
  const read = await readTarballBytes(archive, { name: 'x' });
  expect(read).toMatchObject({ ok: false, problems: [{ code: 'manifest_invalid' }] });
  expect(JSON.stringify(read)).toContain(told);
});

it('[P-BUNDLE-ROLLBACK] a rebuilt archive is the same content in another place, and any other change shows', async () => {
  const manifest = {
    revision: 'r1',
    roots: ['agent'],
    metadata: { team: 'x', writ: { sequence: 4, rollback_to: 'r0' } },
  };
  const make = (text: string) =>
    writeArchive([
      { path: '.manifest', text: JSON.stringify(manifest) },
      { path: 'p.rego', text },
    ]);
  const before = bundleOf(await readTarballBytes(make(POLICY), { name: 'x' }));
  const rebuilt = await rebuildArchive(make(POLICY), { rollbackTo: 'r1', sequence: 9 });
  const twice = await rebuildArchive(make(POLICY), { rollbackTo: 'r1', sequence: 9 });
  if (!rebuilt.ok || !twice.ok) throw new Error('not rebuilt');
  expect(Buffer.compare(rebuilt.archive, twice.archive)).toBe(0);
  const after = bundleOf(await readTarballBytes(rebuilt.archive, { name: 'x' }));
  expect(after).toMatchObject({ revision: 'r1', sequence: 9, rollbackTo: 'r1', metadata: { team: 'x' } });
  expect([isSameContent(before, after), before.digest === after.digest]).toEqual([true, false]);
  const other = bundleOf(await readTarballBytes(make(`${POLICY}\nmore := 1\n`), { name: 'x' }));
  expect(isSameContent(before, other)).toBe(false);
  const none = await rebuildArchive(make(POLICY), { rollbackTo: 'r1' });
  expect(none.ok && bundleOf(await readTarballBytes(none.archive, { name: 'x' })).sequence).toBeUndefined();
  const bare = writeArchive([{ path: 'p.rego', text: POLICY }]);
  expect(await rebuildArchive(bare, { rollbackTo: 'r1' })).toMatchObject({
    ok: false,
    problems: [{ code: 'manifest_invalid' }],
  });
});
