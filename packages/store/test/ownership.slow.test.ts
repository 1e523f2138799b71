import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../src/frames.ts';
import { Child } from './child.ts';
import { killLoop } from './kill-loop.ts';
import { codeOf, Temporary } from './temporary.ts';

const decoder = new TextDecoder();

describe('one owner and its clients', () => {
  it('[P-ACKNOWLEDGED-SURVIVES-KILL] loses nothing acknowledged when the owner is killed under load', async () => {
    const { kills, acknowledged, entries, missing, gaps, recoveries } = await killLoop(5);
    expect([kills, missing, gaps]).toEqual([5, [], []]);
    expect(acknowledged).toBeGreaterThan(250);
    expect(entries).toBeGreaterThanOrEqual(acknowledged);
    expect(recoveries.some(({ framesRecovered }) => framesRecovered > 0)).toBe(true);
    expect(recoveries.map(({ unclean, check }) => [unclean, check])).toEqual(Array(5).fill([true, 'ok']));
  });

  it('[P-ONE-OWNER] three processes add under load and the sum is exact', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const children = ['a', 'b', 'c'].map((label) => new Child(directory, label, 16, 100));
    await Promise.all(children.map((child) => child.ended));
    expect(children.map(({ done, acknowledged }) => [done, acknowledged.length])).toEqual(
      Array(3).fill([true, 1_600]),
    );
    const store = await temporary.store(directory, ['counter']);
    expect(await store.read('sum')).toBe('4800');
    const marks = (await store.entries(0, 5_000)).map(({ leaf }) => JSON.parse(decoder.decode(leaf)).mark);
    expect(new Set(marks).size).toBe(4_800);
    for (const child of children)
      for (const { index, mark } of child.acknowledged) expect(marks[index]).toBe(mark);
  });

  it('a client takes over when the owner is killed; calls that may be repeated are', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const child = new Child(directory, 'owner', 8);
    await child.until(20);
    expect(child.role).toBe('owner');
    const client = await temporary.store(directory, ['counter', 'once'], { timeoutMs: 30_000 });
    expect([client.role, client.recovery]).toEqual(['client', undefined]);
    const outcomes: Promise<unknown>[] = [];
    let killed: Promise<void> | undefined;
    for (let each = 0; each < 200; each += 1) {
      const request = { key: 'mine', amount: 1, idempotencyKey: `i${each}` };
      outcomes.push(codeOf(client.call('once', request, { idempotent: true })));
      if (each === 100) killed = child.kill();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await killed;
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['resolved']));
    expect(await client.read('mine')).toBe('200');
    expect(client.role).toBe('owner');
    expect(client.recovery?.unclean).toBe(true);
    const marks = (await client.entries(0, 1_000_000)).map(({ leaf }) => decoder.decode(leaf));
    for (const { index, mark } of child.acknowledged)
      expect(JSON.parse(marks[index] ?? '{}').mark).toBe(mark);
  });

  it('a call in flight at the death of the owner is refused unless it may be repeated', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const child = new Child(directory, 'owner', 1, 0);
    await child.ready();
    const client = await temporary.store(directory, ['counter', 'once'], { timeoutMs: 30_000 });
    expect(client.role).toBe('client');
    // The whole of it is sent in this turn and answered in a later one, when the owner is gone.
    const once = client.call('once', { key: 'm', amount: 1, idempotencyKey: 'k' }, { idempotent: true });
    const calls = Array.from({ length: 500 }, () =>
      codeOf(client.call('counter', { key: 'c', amount: 1, padding: 50_000 })),
    );
    await new Promise((resolve) => process.nextTick(resolve));
    await child.kill();
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code !== 'resolved' && code !== 'store_owner_lost')).toEqual([]);
    expect(codes).toContain('store_owner_lost');
    expect(await once).toBe(1);
    // Those refused may be durable, those acknowledged are.
    expect(Number((await client.read('c')) ?? '0')).toBeGreaterThanOrEqual(
      codes.filter((code) => code === 'resolved').length,
    );
  });
});

describe('handles in one process', () => {
  it('lose no call when the owner closes under load', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const owner = await temporary.store(directory, ['counter']);
    const clients = [
      await temporary.store(directory, ['counter']),
      await temporary.store(directory, ['counter']),
    ];
    const load = clients.map(async (client) => {
      for (let each = 0; each < 300; each += 1) await client.call('counter', { key: 'sum', amount: 1 });
    });
    await clients[0]?.call('counter', { key: 'sum', amount: 1 });
    await owner.close();
    await Promise.all(load);
    expect(await clients[1]?.read('sum')).toBe('601');
    expect(clients.map(({ role }) => role).sort()).toEqual(['client', 'owner']);
    expect(clients.find(({ role }) => role === 'owner')?.recovery?.unclean).toBe(false);
  });

  it('[P-OWNER-FENCED] an owner whose files another has taken writes nothing more', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    await store.call('counter', { key: 'a', amount: 1 });
    // What the next owner does first; the lock of this one has been lost, as when a copy of it is closed.
    const other = new DatabaseSync(join(directory, 'store.sqlite'));
    other.exec("update meta set value = value + 1 where name = 'epoch'");
    const before = other.prepare('select max(idx) as last from log').get()?.['last'];
    other.close();
    // It finds that out in its transaction, which it leaves; it reaches for the files anew and runs the call there.
    expect(await store.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: 2, index: 1 });
    expect(before).toBe(0);
    expect([store.role, store.recovery?.unclean]).toEqual(['owner', true]);
  });

  it('let the process end that does not close them, with its last call durable', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const module = fileURLToPath(new URL('./fixtures/unclosed-child.ts', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [module, directory], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([status, stdout]).toEqual([0, 'opened\nsum 7\n']);
    const store = await temporary.store(directory, ['counter']);
    expect([await store.read('a'), store.recovery?.unclean]).toEqual(['7', true]);
  });

  it('meet over a socket elsewhere when the directory has a long name', async () => {
    await using temporary = new Temporary();
    const directory = join(temporary.folder(), 'long'.repeat(40));
    mkdirSync(directory);
    const owner = await temporary.store(directory, ['counter']);
    const client = await temporary.store(directory, ['counter']);
    expect(client.role).toBe('client');
    expect(await client.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: 1 });
    const socket = readFileSync(join(directory, 'owner.path'), 'utf8');
    expect(existsSync(socket)).toBe(true);
    await client.close();
    await owner.close();
    expect([existsSync(dirname(socket)), existsSync(join(directory, 'owner.path'))]).toEqual([false, false]);
  });

  it('a client that speaks nonsense is cut off alone', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const store = await temporary.store(directory, ['counter']);
    const nonsense = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      encodeFrame({ kind: 'calls', count: 1, text: 'not json' }),
      encodeFrame({ kind: 'calls', count: 1, text: '[{"id":1}]' }),
      encodeFrame({ kind: 'calls', count: 1, text: '[[1,"counter",null]]' }),
    ];
    for (const bytes of nonsense) {
      const socket = createConnection(join(directory, 'owner.sock'));
      socket.write(bytes);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await store.call('counter', { key: 'a', amount: 1 })).toMatchObject({ sum: 1 });
  });

  it('says that the owner does not answer when there is a lock and no socket', async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    const lock = new DatabaseSync(join(directory, 'owner.lock'));
    lock.exec('begin exclusive');
    expect(await codeOf(temporary.store(directory, ['counter'], { timeoutMs: 200 }))).toBe('store_busy');
    lock.close();
    expect((await temporary.store(directory, ['counter'])).role).toBe('owner');
  });
});
