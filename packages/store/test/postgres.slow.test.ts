import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type PostgresServer, postgresMissing, startPostgres } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../src/index.ts';
import { PostgresConnection } from '../src/postgres/connection.ts';
import { type StoreWorld, storeContract } from './store-contract.ts';
import { codeOf, fixture } from './temporary.ts';

const missing = postgresMissing();
const why = missing === undefined ? '' : ` (skipped: ${missing})`;
const decoder = new TextDecoder();
let server: PostgresServer;
let databases = 0;

/** An empty database, and the handles on it. */
class World implements StoreWorld {
  readonly url: string;
  readonly #stores: Store[] = [];

  constructor() {
    databases += 1;
    this.url = server.url(`writ_${databases}`);
  }

  async store(procedures: readonly string[], options = {}): Promise<Store> {
    const store = await openStore({
      directory: '/nonexistent',
      postgres: this.url,
      procedures: procedures.map(fixture),
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  async placed(store: Store, size: number): Promise<void> {
    await expect.poll(() => store.logSize(), { timeout: 10_000, interval: 50 }).toBe(size);
  }

  async query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const connection = await PostgresConnection.open(this.url, () => undefined);
    const [answer] = await connection.run([text]);
    await connection.close();
    return answer?.rows ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close().catch(() => undefined);
  }
}

/** A process of its own that adds one to a cell again and again; tells the sums that were acknowledged. */
function startCounting(
  url: string,
  calls: number,
): { readonly process: ReturnType<typeof spawn>; readonly sums: Promise<number[]> } {
  const module = fileURLToPath(new URL('./fixtures/postgres-child.ts', import.meta.url));
  const child = spawn(process.execPath, [module, url, String(calls)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const sums = once(child, 'close').then(() => text.split('\n').filter(Boolean).map(Number));
  return { process: child, sums };
}

describe.skipIf(missing !== undefined)(`PostgreSQL${why}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  storeContract('PostgreSQL', async () => new World());

  it('[P-CLUSTER-NO-LOST-UPDATE] loses no update of several processes, and gives each entry one place', async () => {
    await using world = new World();
    const store = await world.store(['counter']);
    const counting = Array.from({ length: 3 }, () => startCounting(world.url, 150));
    const sums = (await Promise.all(counting.map(({ sums: told }) => told))).flat();
    expect(sums.sort((one, other) => one - other)).toEqual(
      Array.from({ length: 450 }, (_, each) => each + 1),
    );
    await world.placed(store, 450);
    const entries = await store.entries(0, 1_000);
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: 450 }, (_, each) => each));
    expect(new Set(entries.map(({ leaf }) => JSON.parse(decoder.decode(leaf)).sum)).size).toBe(450);
  });

  it('[P-CLUSTER-LEADER-LOST] loses nothing and repeats nothing when its leader is killed or cut off', async () => {
    await using world = new World();
    const first = startCounting(world.url, 100_000);
    await expect
      .poll(
        () =>
          world.query("select 1 from pg_tables where tablename = 'writ_log'").then(({ length }) => length),
        { timeout: 15_000 },
      )
      .toBe(1);
    const store = await world.store(['closing', 'counter']);
    await expect.poll(() => store.logSize(), { timeout: 15_000 }).toBeGreaterThan(20);
    expect(store.role).toBe('client');
    first.process.kill('SIGKILL');
    const acknowledged = await first.sums;
    await expect.poll(() => store.role, { timeout: 10_000 }).toBe('owner');
    // It is the leader now; a third node stands by while this one's session is ended by the server.
    const third = await world.store(['closing', 'counter']);
    await store.call('counter', { key: 'b', amount: 1 });
    await world.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    );
    await expect
      .poll(() => codeOf(third.call('counter', { key: 'b', amount: 1 })), { timeout: 10_000 })
      .toBe('resolved');
    await expect.poll(() => [store.role, third.role].includes('owner'), { timeout: 10_000 }).toBe(true);
    await expect
      .poll(() => world.query('select 1 from writ_pending').then(({ length }) => length), { timeout: 10_000 })
      .toBe(0);
    const entries = await third.entries(0, 200_000);
    const leaves = entries.map(({ leaf }) => JSON.parse(decoder.decode(leaf)));
    const sums = leaves.filter(({ key }) => key === 'a').map(({ sum }) => sum);
    expect(new Set(sums).size).toBe(sums.length);
    expect(new Set(sums)).toEqual(new Set(Array.from({ length: sums.length }, (_, each) => each + 1)));
    for (const sum of acknowledged) expect(sums).toContain(sum);
  });

  it('[P-CLUSTER-LEADER-SPLIT] loses nothing and repeats nothing when its leader stands still and comes back', async () => {
    await using world = new World();
    const stopped = startCounting(world.url, 1_000_000);
    const tables = "select 1 from pg_tables where tablename = 'writ_log'";
    await expect.poll(() => world.query(tables).then(({ length }) => length), { timeout: 15_000 }).toBe(1);
    const store = await world.store(['closing', 'counter']);
    await expect.poll(() => store.logSize(), { timeout: 15_000 }).toBeGreaterThan(20);
    stopped.process.kill('SIGSTOP');
    // The server ends the sessions of a node that stands still; then this one leads.
    await expect.poll(() => store.role, { timeout: 30_000 }).toBe('owner');
    for (let each = 0; each < 20; each++)
      expect(await codeOf(store.call('counter', { key: 'b', amount: 1 }))).toBe('resolved');
    const before = Number(await store.read('a'));
    stopped.process.kill('SIGCONT');
    await expect
      .poll(async () => Number(await store.read('a')), { timeout: 30_000 })
      .toBeGreaterThan(before + 20);
    stopped.process.kill('SIGKILL');
    const acknowledged = await stopped.sums;
    await expect
      .poll(() => world.query('select 1 from writ_pending').then(({ length }) => length), { timeout: 10_000 })
      .toBe(0);
    const entries = await store.entries(0, 1_000_000);
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: entries.length }, (_, at) => at));
    const leaves = entries.map(({ leaf }) => JSON.parse(decoder.decode(leaf)));
    const sums = leaves.filter(({ key }) => key === 'a').map(({ sum }) => sum);
    expect([...sums].sort((one, other) => one - other)).toEqual(
      Array.from({ length: sums.length }, (_, each) => each + 1),
    );
    for (const sum of acknowledged) expect(sums).toContain(sum);
  });

  it('[P-CLUSTER-VANISHES] refuses while the database is away, and goes on when it is back', async () => {
    await using world = new World();
    const store = await world.store(['counter'], { timeoutMs: 2_000 });
    await store.call('counter', { key: 'a', amount: 1 });
    server.kill();
    try {
      const codes = [await codeOf(store.call('counter', { key: 'a', amount: 1 }))];
      codes.push(await codeOf(store.call('counter', { key: 'a', amount: 1 })));
      for (const code of codes) expect(['store_owner_lost', 'store_io', 'store_timeout']).toContain(code);
    } finally {
      server.start();
    }
    await expect
      .poll(() => codeOf(store.call('counter', { key: 'b', amount: 1 })), { timeout: 15_000 })
      .toBe('resolved');
    expect(await store.read('a')).toBe('1');
  });

  it('clamps a clock that stepped back and says by how much', async () => {
    await using world = new World();
    const first = await world.store(['counter']);
    const before = await first.call<unknown, { nowMs: number }>('counter', { key: 'a', amount: 1 });
    await first.close();
    const aheadMs = before.nowMs + 3_600_000;
    await world.query(`update writ_meta set value = ${aheadMs} where name = 'clock_ms'`);
    const second = await world.store(['counter']);
    const after = await second.call<unknown, { nowMs: number; steppedBackMs: number }>('counter', {
      key: 'a',
      amount: 1,
    });
    expect(after.nowMs).toBe(aheadMs);
    expect(after.steppedBackMs).toBeGreaterThan(3_500_000);
    await world.placed(second, 2);
  });

  it('[P-STORE-MIGRATES] makes its tables once, however many nodes start, and refuses those of a newer version', async () => {
    await using world = new World();
    await Promise.all(Array.from({ length: 5 }, () => world.store(['counter'])));
    expect(await world.query("select value from writ_meta where name = 'schema'")).toEqual([{ value: '2' }]);
    await world.query("update writ_meta set value = 99 where name = 'schema'");
    expect(await codeOf(world.store(['counter']))).toBe('store_schema_newer');
  });

  it('says that it cannot reach the database', async () => {
    const store = openStore({
      directory: '/nonexistent',
      postgres: 'postgres://postgres@127.0.0.1:1/x',
      procedures: [],
    });
    expect(await codeOf(store)).toBe('store_io');
    await sleep(0);
  });
});
