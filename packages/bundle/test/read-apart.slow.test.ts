import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle, readDirectory, readSource } from '../src/index.ts';
import { lazyOf } from '../src/large/lazy-json.ts';
import { isSmallArchive, isSmallFolder, keepReaderReady, readApart } from '../src/large/read-apart.ts';
import { readTarballBytes } from '../src/read-tarball.ts';

let folder: string;
let archive: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writ-apart-'));
  archive = `${folder}.tar.gz`;
  const users = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`user:${i}`, { groups: ['staff', `team-${i % 7}`], limit: i }]),
  );
  await writeFile(join(folder, 'policy.rego'), 'package a\n\nallow if data.users[input.user].limit > 1\n');
  await writeFile(join(folder, 'data.json'), JSON.stringify({ users }, undefined, 1));
  await writeFile(join(folder, '.manifest'), '{"revision":"7","roots":["a","users"]}');
  const built = await buildBundle(folder);
  if (!built.ok) throw new Error('the bundle is not built');
  await writeFile(archive, built.archive);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(archive);
});

describe('a bundle that is read in a thread of its own', () => {
  it('is the same bundle as one that is read here, from a folder and from an archive', async () => {
    expect(await isSmallFolder(folder)).toBe(false);
    const here = await readDirectory(folder, { name: 'large' });
    const apart = await readSource({ kind: 'path', path: folder, name: 'large' });
    const packed = await readSource({ kind: 'path', path: archive, name: 'large' });
    if (!here.ok || !apart.ok || !packed.ok) throw new Error('not read');
    expect(apart.bundle.digest).toBe(here.bundle.digest);
    expect(packed.bundle.digest).toBe(here.bundle.digest);
    expect(apart.bundle.modules).toEqual(here.bundle.modules);
    const users = apart.bundle.data['users'] as Record<string, unknown>;
    expect(lazyOf(users)).toBeDefined();
    expect(users['user:19999']).toEqual({ groups: ['staff', 'team-0'], limit: 19_999 });
    expect(Object.hasOwn(users, 'user:20000')).toBe(false);
  });

  it('tells its problems as it would here', async () => {
    const bad = `${folder}-bad`;
    await mkdir(bad);
    try {
      await writeFile(join(bad, 'data.json'), `{"a":1,${' '.repeat(600_000)}"a":2}`);
      const read = await readSource({ kind: 'path', path: bad, name: 'bad' });
      expect(read).toMatchObject({
        ok: false,
        problems: [{ bundle: 'bad', code: 'data_invalid', file: 'data.json', row: 1, column: 600_008 }],
      });
    } finally {
      await rm(bad, { recursive: true });
    }
  });

  it('can be read by a thread that waits for it, for as long as somebody follows what is published', async () => {
    const ends = [keepReaderReady(), keepReaderReady()];
    try {
      for (let round = 0; round < 2; round++) {
        // Longer than it takes until the next thread is started.
        await sleep(1_200);
        expect((await readApart({ kind: 'folder', path: folder, options: { name: 'large' } })).ok).toBe(true);
      }
      await ends[0]?.();
      expect((await readApart({ kind: 'folder', path: folder, options: { name: 'large' } })).ok).toBe(true);
    } finally {
      for (const end of ends) await end();
    }
    expect((await readApart({ kind: 'folder', path: folder, options: { name: 'large' } })).ok).toBe(true);
  });

  it('[P-BUNDLE-BOUNDED] is refused where the thread breaks down', async () => {
    const request = { kind: 'nothing of the kind', options: { name: 'odd' } };
    expect(await readApart(request as never)).toMatchObject({
      ok: false,
      problems: [{ bundle: 'odd', code: 'bundle_unreadable' }],
    });
  });

  it('an archive that lies about its size is read all the same', async () => {
    const bytes = new Uint8Array(await readFile(archive));
    expect(isSmallArchive(bytes)).toBe(false);
    const lying = bytes.slice();
    new DataView(lying.buffer).setUint32(lying.length - 4, 10, true);
    // The size is part of what gzip checks.
    expect(await readTarballBytes(lying, { name: 'large' })).toMatchObject({
      ok: false,
      problems: [{ code: 'bundle_unreadable' }],
    });
  });
});

describe('a third party', () => {
  it('[P-BUNDLE-BOUNDED] brings no large data, which would be copied to a thread', async () => {
    const read = await readSource({ kind: 'path', path: archive, name: 'large', thirdParty: true });
    expect(read).toMatchObject({ ok: false, problems: [{ code: 'bundle_too_large' }] });
  });
});
