import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStoreReader } from '../src/index.ts';
import { Child } from './child.ts';
import { Temporary } from './temporary.ts';

const IMAGE_BYTES = 96 * 1_024 * 1_024;
const CUTS = 3;
const decoder = new TextDecoder();

/** A file system in a file, mounted: what its page cache holds and nobody has synced is not in the file. */
class Disk implements Disposable {
  readonly #place: string;

  private constructor(place: string) {
    this.#place = place;
  }

  static make(image: string): boolean {
    writeFileSync(image, '');
    truncateSync(image, IMAGE_BYTES);
    return spawnSync('mkfs.ext4', ['-q', '-F', image]).status === 0;
  }

  static mount(image: string, place: string): Disk | undefined {
    mkdirSync(place);
    return spawnSync('mount', ['-o', 'loop', image, place]).status === 0 ? new Disk(place) : undefined;
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['--lazy', this.#place]);
  }
}

/**
 * Loses power at some moment under load: the process stands still, the disk is copied as it is at that moment, without
 * what only the page cache knows, and the copy starts anew.
 */
it('[P-STORE-POWER-CUT] loses nothing that was acknowledged when the power goes, and keeps nothing half', async (context) => {
  await using temporary = new Temporary();
  for (let cut = 0; cut < CUTS; cut += 1) {
    const folder = temporary.folder();
    const [image, copy] = [join(folder, 'disk'), join(folder, 'disk-after')];
    if (!Disk.make(image)) return context.skip('mkfs.ext4 is not installed');
    using disk = Disk.mount(image, join(folder, 'before'));
    if (disk === undefined) return context.skip('mounting a file system of its own needs root');
    const child = new Child(join(folder, 'before', 'data'), `cut${cut}`, 16);
    await child.until(100 + cut * 700);
    await child.freeze();
    const { acknowledged } = child;
    copyFileSync(image, copy);
    await child.kill();
    using after = Disk.mount(copy, join(folder, 'after'));
    if (after === undefined) throw new Error('the disk cannot be mounted after the cut');
    const directory = join(folder, 'after', 'data');
    const store = await temporary.store(directory, ['counter'], { timeoutMs: 30_000 });
    expect(store.recovery).toMatchObject({ unclean: true, check: 'ok' });
    await store.close();
    const reader = openStoreReader(directory);
    const entries = [...reader.entries(0, reader.logSize())].map(({ leaf }) =>
      JSON.parse(decoder.decode(leaf)),
    );
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter(({ index, mark }) => entries[index]?.mark !== mark)).toEqual([]);
    expect(entries.map(({ sum }) => sum)).toEqual(entries.map((_, index) => index + 1));
    expect(reader.read('sum')).toBe(String(entries.length));
    reader.close();
  }
});
