import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarball, readTarballBytes, writeArchive } from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const FILES = [
  { path: 'p.rego', text: POLICY },
  { path: 'data.json', text: '{"limits": {"a": 1}}' },
];

/** An archive with one header changed: its checksum is made right again. */
function forged(change: (header: Buffer) => void, files = FILES): Uint8Array {
  const tar = gunzipSync(writeArchive(files));
  const header = tar.subarray(0, 512);
  change(header);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return gzipSync(tar);
}

const problemOf = async (archive: Uint8Array, limits = {}) =>
  problemsOf(await readTarballBytes(archive, { name: 'b', limits }))[0];

describe('reading an archive', () => {
  it('takes what another program packed, long names and folders included', async () => {
    const long = `${'folder-with-a-long-name/'.repeat(6)}${'p'.repeat(110)}.rego`;
    const folder = makeFolder({
      'p.rego': POLICY,
      [long]: POLICY,
      'limits/data.json': '{"a": 1}',
      'README.md': 'no',
    });
    for (const format of ['ustar', 'pax']) {
      const file = join(makeFolder({}), `${format}.tar.gz`);
      const packed = format === 'ustar' ? ['p.rego', 'limits'] : ['.'];
      execFileSync('tar', ['--format', format, '-czf', file, '-C', folder, ...packed]);
      const bundle = bundleOf(await readTarball(file));
      expect(bundle.name).toBe(format);
      expect(bundle.data).toEqual({ limits: { a: 1 } });
      expect(bundle.modules.map((module) => module.file)).toEqual(
        format === 'ustar' ? ['p.rego'] : [long, 'p.rego'].sort(),
      );
    }
  });

  it('drops the leading slash with which OPA writes paths', async () => {
    const bundle = bundleOf(
      await readTarballBytes(writeArchive(FILES.map(({ path, text }) => ({ path: `/${path}`, text }))), {
        name: 'b',
      }),
    );
    expect(bundle.modules[0]?.file).toBe('p.rego');
  });

  it.each(['../p.rego', 'a/../../p.rego', '..', 'a\\..\\p.rego', 'C:/p.rego', 'a\u0001.rego'])(
    '[P-BUNDLE-SAFE-PATHS] refuses the path %j',
    async (path) => {
      expect(await problemOf(writeArchive([{ path, text: POLICY }]))).toMatchObject({
        code: 'bundle_path_unsafe',
        bundle: 'b',
      });
    },
  );

  it('[P-BUNDLE-SAFE-PATHS] refuses a path that is given twice, in whatever form', async () => {
    expect(await problemOf(writeArchive([...FILES, { path: './p.rego', text: POLICY }]))).toMatchObject({
      code: 'bundle_path_unsafe',
    });
  });

  it.each([
    ['1', 'bundle_link_refused'],
    ['2', 'bundle_link_refused'],
    ['3', 'bundle_unreadable'],
    ['S', 'bundle_unreadable'],
    ['L', 'bundle_unreadable'],
  ])('[P-BUNDLE-NO-LINKS] refuses an entry of type %s', async (type, code) => {
    expect(await problemOf(forged((header) => header.write(type, 156)))).toMatchObject({ code });
  });

  it('refuses damage: a wrong checksum, a cut, no end, no gzip', async () => {
    const tar = gunzipSync(writeArchive(FILES));
    const flipped = Buffer.from(tar);
    flipped[3]! ^= 1;
    expect(await problemOf(gzipSync(flipped))).toMatchObject({ code: 'bundle_unreadable' });
    expect(await problemOf(gzipSync(tar.subarray(0, 700)))).toMatchObject({ code: 'bundle_unreadable' });
    expect(await problemOf(gzipSync(tar.subarray(0, 1024)))).toMatchObject({ code: 'bundle_unreadable' });
    expect(await problemOf(writeArchive(FILES).subarray(0, 60))).toMatchObject({ code: 'bundle_unreadable' });
    expect(await problemOf(Buffer.from('not gzip'))).toMatchObject({ code: 'bundle_unreadable' });
    expect(await problemOf(forged((header) => header.write('77777777777\0', 124)))).toMatchObject({
      code: 'bundle_unreadable',
    });
  });

  it('[P-BUNDLE-BOUNDED] stops decompressing at its limits', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await problemOf(bomb, { totalSizeBytesMax: 1024 * 1024, filesMax: 100 })).toMatchObject({
      code: 'bundle_too_large',
    });
    expect(await problemOf(writeArchive(FILES), { archiveSizeBytesMax: 50 })).toMatchObject({
      code: 'bundle_too_large',
    });
    expect(await problemOf(writeArchive(FILES), { filesMax: 1 })).toMatchObject({ code: 'bundle_too_large' });
    expect(await problemOf(writeArchive(FILES), { fileSizeBytesMax: 30 })).toMatchObject({
      code: 'bundle_too_large',
    });
  });

  it('says what is not there', async () => {
    expect(problemsOf(await readTarball('/nowhere/b.tar.gz'))[0]).toMatchObject({
      code: 'bundle_unreadable',
      bundle: 'b',
    });
  });

  it('never throws and never makes a bundle of changed bytes with the same digest', async () => {
    const archive = gunzipSync(writeArchive(FILES));
    const digest = bundleOf(await readTarballBytes(gzipSync(archive), { name: 'b' })).digest;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: archive.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const changed = Buffer.from(archive);
          changed[at]! ^= change;
          const read = await readTarballBytes(gzipSync(changed), { name: 'b' });
          const isContent = at >= 512 && at < 512 + FILES[1]!.text.length;
          if (read.ok && isContent) expect(read.bundle.digest).not.toBe(digest);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });
});

describe('writing an archive', () => {
  it('gives the same bytes for the same files', () => {
    expect(Buffer.from(writeArchive(FILES)).equals(writeArchive([...FILES].reverse()))).toBe(true);
  });

  it('is read by another program', () => {
    const folder = makeFolder({});
    writeFileSync(
      join(folder, 'b.tar.gz'),
      writeArchive([...FILES, { path: `${'x'.repeat(90)}/${'y'.repeat(90)}.rego`, text: POLICY }]),
    );
    const names = execFileSync('tar', ['-tzf', join(folder, 'b.tar.gz')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(names).toHaveLength(3);
  });

  it('refuses a name that does not fit', () => {
    expect(() => writeArchive([{ path: 'x'.repeat(101), text: '' }])).toThrow(RangeError);
  });
});
