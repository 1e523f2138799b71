import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Store } from '../src/index.ts';
import { PAGE_BYTES } from '../src/limits.ts';
import { codeOf, Temporary } from './temporary.ts';

const decoder = new TextDecoder();

/** A file system of its own, mounted for one test. */
class Mount implements Disposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined where this user may not mount. */
  static make(directory: string, ...options: readonly string[]): Mount | undefined {
    return spawnSync('mount', [...options, directory]).status === 0 ? new Mount(directory) : undefined;
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['--lazy', this.#directory]);
  }
}

/** Adds to the log until a call is refused; gives the refusal's code. */
async function fill(
  store: Store,
  padding: number,
): Promise<{ readonly code: unknown; readonly kept: number }> {
  for (let kept = 0; kept < 10_000; kept += 1) {
    const code = await codeOf(store.call('counter', { key: 'sum', amount: 1, padding }));
    if (code !== 'resolved') return { code, kept };
  }
  return { code: 'never refused', kept: 10_000 };
}

/** Each entry's sum is the one before plus one, and the cell holds the last: nothing half is there. */
async function expectWhole(store: Store, count: number): Promise<void> {
  const entries = await store.entries(0, 20_000);
  expect(entries.map(({ leaf }) => JSON.parse(decoder.decode(leaf)).sum)).toEqual(
    Array.from({ length: count }, (_, index) => index + 1),
  );
  expect(await store.read('sum')).toBe(String(count));
}

describe('a full disk', () => {
  it('[P-STORE-FULL] refuses, keeps nothing half, and goes on when there is room again', async (context) => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    using mount = Mount.make(directory, '-t', 'tmpfs', '-o', 'size=6m', 'tmpfs');
    if (mount === undefined) return context.skip('mounting a small file system needs root');
    writeFileSync(join(directory, 'filler'), Buffer.alloc(3 * 1_024 * 1_024));
    const store = await temporary.store(directory, ['counter']);
    const { code, kept } = await fill(store, 20_000);
    expect(code).toBe('store_full');
    await expectWhole(store, kept);
    const burst = Array.from({ length: 20 }, () =>
      codeOf(store.call('counter', { key: 'sum', amount: 1, padding: 200_000 })),
    );
    expect(new Set(await Promise.all(burst))).toEqual(new Set(['store_full']));
    rmSync(join(directory, 'filler'));
    expect(await codeOf(store.call('counter', { key: 'sum', amount: 1 }))).toBe('resolved');
    await expectWhole(store, kept + 1);
    await store.close();
  });

  it('holds to the size that it was given', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const small = await temporary.store(directory, ['counter'], { sizeBytesMax: 300_000 });
    const { code, kept } = await fill(small, 5_000);
    expect(code).toBe('store_full');
    await expectWhole(small, kept);
    await small.close();
    expect(statSync(join(directory, 'store.sqlite')).size).toBeLessThanOrEqual(300_000);
    const large = await temporary.store(directory, ['counter']);
    expect(await codeOf(large.call('counter', { key: 'sum', amount: 1 }))).toBe('resolved');
    await expectWhole(large, kept + 1);
  });
});

describe('a disk that fails', () => {
  it('[P-STORE-IO] refuses while it fails and goes on afterwards', async (context) => {
    if (spawnSync('prlimit', ['--version']).status !== 0) return context.skip('prlimit is not installed');
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const module = fileURLToPath(new URL('./fixtures/limited-child.ts', import.meta.url));
    const child = spawn(process.execPath, [module, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const limit = (sizeBytes: string): unknown =>
      spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${sizeBytes}:`]).status;
    const told: unknown[] = [(await lines.next()).value];
    expect(limit('100000')).toBe(0);
    told.push((await lines.next()).value);
    expect(limit('unlimited')).toBe(0);
    told.push((await lines.next()).value);
    child.stdin.end();
    expect(told).toEqual(['ok', 'store_io', 'ok']);
    const acknowledged = Number(String((await lines.next()).value).split(' ')[1]);
    await expectWhole(await temporary.store(directory, ['counter']), acknowledged);
  });

  it('refuses files that it may not write', async (context) => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1 });
    await store.close();
    using mount = Mount.make(directory, '--bind', '-o', 'ro', directory);
    if (mount === undefined) return context.skip('mounting read-only needs root');
    expect(await codeOf(temporary.store(directory, ['counter']))).toBe('store_read_only');
  });

  it('opens anew when its thread is lost', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(temporary.folder(), ['counter', 'exiting']);
    await store.call('counter', { key: 'a', amount: 1 });
    expect(await codeOf(store.call('exiting', null))).toBe('store_io');
    expect(await store.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: 2 });
    expect([store.role, store.recovery?.unclean]).toEqual(['owner', true]);
  });
});

/** So long that three hundred cells fill many pages. */
function longKey(each: number): string {
  return `k${each}/`.padEnd(900, 'x');
}

describe('damaged files', () => {
  /** Overwrites leaf pages in the middle of a closed store. */
  async function damaged(temporary: Temporary): Promise<string> {
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    const calls = Array.from({ length: 300 }, (_, each) =>
      store.call('counter', { key: longKey(each), amount: 1, padding: 3_000 }),
    );
    await Promise.all(calls);
    await store.close();
    const path = join(directory, 'store.sqlite');
    const bytes = readFileSync(path);
    // Every page that holds something of one of these cells; what tells where the log ends stays whole.
    for (let page = 0; page < bytes.length; page += PAGE_BYTES) {
      const text = bytes.toString('latin1', page, page + PAGE_BYTES);
      if (/k1\d\d\/x{500}/.test(text) && !text.includes('k299/')) bytes.fill(0x5a, page, page + PAGE_BYTES);
    }
    writeFileSync(path, bytes);
    return directory;
  }

  it('[P-STORE-CORRUPT] refuses calls that meet them', async () => {
    await using temporary = new Temporary();
    const store = await temporary.store(await damaged(temporary), ['counter']);
    const codes = await Promise.all(
      Array.from({ length: 300 }, (_, each) =>
        codeOf(store.call('counter', { key: longKey(each), amount: 1 })),
      ),
    );
    expect(codes).toContain('store_corrupt');
    expect(await codeOf(store.entries(0, 300))).toBe('store_corrupt');
  });

  it('finds them at opening after an unclean end', async () => {
    await using temporary = new Temporary();
    const directory = await damaged(temporary);
    const copy = temporary.folder();
    cpSync(directory, copy, { recursive: true });
    const sqlite = new DatabaseSync(join(copy, 'store.sqlite'));
    sqlite.exec("update meta set value = 1 where name = 'open'");
    sqlite.close();
    expect(await codeOf(temporary.store(copy, ['counter']))).toBe('store_corrupt');
  });

  it('refuses a file that is no database', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    writeFileSync(join(directory, 'store.sqlite'), 'this is no database '.repeat(1_000));
    expect(await codeOf(temporary.store(directory, ['counter']))).toBe('store_corrupt');
  });
});
