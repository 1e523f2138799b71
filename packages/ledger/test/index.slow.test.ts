import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CursorFault,
  eraseEntries,
  INDEX_FILE_NAME,
  type LogFilter,
  LogIndex,
  openLogQueries,
  type PersonalFields,
  randomSalts,
  readEntry,
  rebuildIndex,
} from '../src/index.ts';
import { spiffePattern } from '../src/indexing/log-filter.ts';
import { TemporaryLog } from './temporary-log.ts';

const SIZE = 600;
let log: TemporaryLog;
let index: LogIndex;

beforeAll(async () => {
  log = await new TemporaryLog().open();
  for (let each = 0; each < SIZE; each++) {
    const denied = each % 4 === 0;
    const fields: PersonalFields = {
      ...{ tenant: `t-${each % 3}`, principal: `user-${each % 7}`, session: `s-${each % 11}` },
      actor: `spiffe://acme/${each % 2 === 0 ? 'ops' : 'sales'}/agent-${each % 5}`,
      ...{ tool: `tool-${each % 6}`, server: 'crm', matched_rules: [`data.main.rule_${each % 3}`] },
      resources: [
        { type: 'customer', id: `cust-${each % 50}` },
        { type: 'order', id: `order-${each}` },
      ],
      ...(each % 10 === 0 ? { data_classes: ['pii'] } : {}),
      args: { note: each === 123 ? 'The Needle' : 'hay' },
    };
    await log.append(
      {
        ...{
          kind: 'decision',
          decision_id: `dec-${each}`,
          phase: 'call',
          latency_ns: 1_000_000 * (1 + (each % 100)),
        },
        ...{ outcome: denied ? 'deny' : 'allow', codes: [denied ? 'no_grant' : 'ok'] },
        bundles: {
          main: { revision: each < 300 ? 'r1' : 'r2', digest: each < 300 ? 'sha256:01' : 'sha256:02' },
        },
      },
      fields,
    );
  }
  index = new LogIndex(log.directory);
  expect(index.catchUp()).toBe(SIZE);
}, 60_000);
afterAll(async () => {
  index.close();
  await log[Symbol.asyncDispose]();
});

/** The same by reading everything. */
async function scanned(matches: (entry: NonNullable<Awaited<ReturnType<typeof all>>[number]>) => boolean) {
  return (await all())
    .filter((entry) => matches(entry))
    .map(({ index: at }) => at)
    .reverse();
}
async function all() {
  return (await log.store.entries(0, SIZE)).map((stored) => {
    const read = readEntry(stored);
    if (!read.ok) throw new Error(read.message);
    return read.value;
  });
}
const found = (filter: LogFilter): number[] =>
  index.query(filter, { limit: 1_000 }).entries.map((entry) => entry.index);

describe('queries find what a scan finds', () => {
  it('by each member, and by several', async () => {
    const cases: readonly (readonly [LogFilter, Parameters<typeof scanned>[0]])[] = [
      [{}, () => true],
      [{ tenant: 't-1' }, ({ fields }) => fields.tenant === 't-1'],
      [
        { principal: 'user-3', outcome: 'deny' },
        ({ core, fields }) => fields.principal === 'user-3' && core.outcome === 'deny',
      ],
      [
        { session: 's-4', tool: 'tool-2' },
        ({ fields }) => fields.session === 's-4' && fields.tool === 'tool-2',
      ],
      [{ server: 'crm', kind: 'result' }, () => false],
      [{ decision_id: 'dec-77' }, ({ core }) => core.decision_id === 'dec-77'],
      [{ resource: 'cust-7' }, ({ index: at }) => at % 50 === 7],
      [{ resource: 'order-8', tenant: 't-2' }, ({ index: at }) => at === 8],
      [{ reason: 'no_grant' }, ({ core }) => core.codes?.includes('no_grant') === true],
      [{ rule: 'data.main.rule_2', data_class: 'pii' }, ({ index: at }) => at % 3 === 2 && at % 10 === 0],
      [{ bundle: 'r2' }, ({ index: at }) => at >= 300],
      [{ bundle: 'sha256:01', tool: 'tool-0' }, ({ index: at }) => at < 300 && at % 6 === 0],
      [{ spiffe: 'spiffe://acme/ops/*' }, ({ index: at }) => at % 2 === 0],
      [{ spiffe: 'spiffe://*/*/agent-1' }, ({ index: at }) => at % 5 === 1],
      [{ spiffe: 'spiffe://**', principal: 'user-0' }, ({ index: at }) => at % 7 === 0],
      [{ spiffe: 'spiffe://acme/*' }, () => false],
      [{ text: 'the needle' }, ({ index: at }) => at === 123],
      [{ text: 'needle', tenant: 't-1' }, () => false],
    ];
    for (const [filter, matches] of cases)
      expect(found(filter), JSON.stringify(filter)).toEqual(await scanned(matches));
  });

  it('by time', async () => {
    const entries = await all();
    const [from, to] = [entries[200]!.time, entries[400]!.time];
    expect(found({ from, to })).toEqual(await scanned(({ time }) => time >= from && time < to));
    expect(found({ from: '2999-01-01T00:00:00.000Z' })).toEqual([]);
    expect(found({ to, principal: 'user-1' })).toEqual(
      await scanned(({ time, fields }) => time < to && fields.principal === 'user-1'),
    );
  });

  it('page by page, also while the log grows, and with no cursor of another query', async () => {
    const seen: number[] = [];
    const filter = { tenant: 't-0' };
    let cursor: string | undefined;
    do {
      const page = index.query(filter, { limit: 37, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.entries.map((entry) => entry.index));
      cursor = page.cursor;
      await log.append({ kind: 'decision', outcome: 'allow' }, { tenant: 't-0' });
      index.catchUp();
    } while (cursor !== undefined);
    expect(seen).toEqual(await scanned(({ fields }) => fields.tenant === 't-0'));
    const other = index.query({ tenant: 't-1' }, { limit: 1 }).cursor!;
    expect(() => index.query(filter, { cursor: other })).toThrow(CursorFault);
    expect(() => index.query(filter, { cursor: 'nonsense' })).toThrow(CursorFault);
  });
});

describe('rollups', () => {
  it('count decisions, denials, reasons and latency in each span', async () => {
    for (const span of ['minute', 'hour'] as const) {
      const rollups = index.rollups(span, '2000-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z');
      const sum = (of: (rollup: (typeof rollups)[number]) => number) =>
        rollups.reduce((total, each) => total + of(each), 0);
      expect(sum(({ reasons }) => reasons['no_grant'] ?? 0)).toBe(150);
      expect(sum(({ outcomes }) => outcomes['deny'] ?? 0)).toBe(150);
      expect(
        rollups.every(
          ({ decisions, outcomes, denial_rate }) => denial_rate === (outcomes['deny'] ?? 0) / decisions,
        ),
      ).toBe(true);
    }
    // The entries of a run that crosses an hour stand in two spans; the slowest of all stands in one of them.
    const hours = index.rollups('hour', '2000-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z');
    const latencies = hours.map(({ latency_ns: latency }) => latency!);
    expect(Math.max(...latencies.map(({ p99 }) => p99))).toBeGreaterThanOrEqual(95e6);
    for (const { p50, p99 } of latencies) expect(p50).toBeLessThan(p99);
    expect(Math.min(...latencies.map(({ p50 }) => p50))).toBeLessThanOrEqual(65e6);
    expect(Math.max(...latencies.map(({ p50 }) => p50))).toBeGreaterThanOrEqual(40e6);
  });
});

describe('the index', () => {
  it('is made anew with the same answers, and of another log not mixed with this one', async () => {
    const before = found({ principal: 'user-2' });
    const progress: number[] = [];
    rebuildIndex(log.directory, (done) => void progress.push(done));
    expect(progress.at(-1)).toBe(await log.store.logSize());
    const again = new LogIndex(log.directory);
    expect(
      again.query({ principal: 'user-2' }, { limit: 1_000 }).entries.map((entry) => entry.index),
    ).toEqual(before);
    again.close();
    await using other = await new TemporaryLog().open();
    await other.decide(0, 20);
    const copied = log.copy();
    rmSync(join(copied, 'store.sqlite'));
    await other.close();
    cpSync(join(other.directory, 'store.sqlite'), join(copied, 'store.sqlite'));
    rmSync(join(copied, 'store.sqlite-wal'), { force: true });
    rmSync(join(copied, 'store.sqlite-shm'), { force: true });
    const mixed = new LogIndex(copied);
    mixed.catchUp();
    expect(mixed.size).toBe(20);
    expect(mixed.query({ tenant: 't-0' }).entries).toEqual([]);
    mixed.close();
  });

  it('forgets what was erased, in its file too', async () => {
    await using own = await new TemporaryLog().open();
    await own.decide(0, 20);
    const fresh = new LogIndex(own.directory);
    fresh.catchUp();
    expect(fresh.query({ principal: 'user-3' }).entries).toHaveLength(4);
    await eraseEntries(
      own.store,
      { principal: 'user-3' },
      { by: 'op', trust: 'enforced', salts: randomSalts() },
    );
    fresh.catchUp();
    expect(fresh.query({ principal: 'user-3' }).entries).toEqual([]);
    expect(fresh.query({ decision_id: 'dec-3' }).entries).toHaveLength(1);
    fresh.close();
    expect(readFileSync(join(own.directory, INDEX_FILE_NAME)).includes('user-3')).toBe(false);
  });

  it('answers from a thread of its own while it is fed', async () => {
    await using own = await new TemporaryLog().open();
    const faults: string[] = [];
    const queries = openLogQueries(own.directory, {
      intervalMs: 20,
      onFault: (message) => void faults.push(message),
    });
    await own.decide(0, 50);
    expect((await queries.query({ principal: 'user-1' })).entries).toHaveLength(10);
    await own.decide(50, 100);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => queries.query({ principal: 'user-1' }, { limit: 5 })),
    );
    expect(answers.every(({ entries, cursor }) => entries.length === 5 && cursor !== undefined)).toBe(true);
    expect(await queries.rollups('hour', '2000-01-01T00:00:00Z', '2999-01-01T00:00:00Z')).not.toEqual([]);
    await expect(queries.query({ tool: 'x' }, { cursor: answers[0]!.cursor! })).rejects.toMatchObject({
      wrongCursor: true,
    });
    await queries.close();
    await expect(queries.query({})).rejects.toThrow('closed');
    expect(faults).toEqual([]);
  });
});

describe('a SPIFFE glob', () => {
  it('takes one segment for a star and anything for two', () => {
    expect(spiffePattern('spiffe://a/*/c').test('spiffe://a/b/c')).toBe(true);
    expect(spiffePattern('spiffe://a/*/c').test('spiffe://a/b/b/c')).toBe(false);
    expect(spiffePattern('spiffe://a/**').test('spiffe://a/b/c')).toBe(true);
    expect(spiffePattern('spiffe://a.b/+').test('spiffe://aXb/+')).toBe(false);
  });
});
