import { describe, expect, it } from 'vitest';
import { dueNotices, outboxKeys, type SweptStore, standingOf, sweepStep } from '../src/index.ts';
import { SWEEP_PAGE, type SweepRequest, sweepCells } from '../src/sweep.ts';
import { SWEPT } from '../src/swept-kinds.ts';
import { MemoryState } from './memory-transaction.ts';

const NOW_MS = Date.UTC(2026, 2, 14);
const DAY_MS = 24 * 60 * 60_000;

/** The store's part that sweeping needs, over a map: what it does with tens of thousands of cells, in no time. */
class Cells implements SweptStore {
  readonly state = new MemoryState();
  scans = 0;

  constructor(cells: Iterable<readonly [string, object]>) {
    this.state.nowMs = NOW_MS;
    for (const [key, value] of cells) this.state.cells.set(key, JSON.stringify({ v: 1, ...value }));
  }

  scan: SweptStore['scan'] = async (prefix, limit = 1_000, after) => {
    this.scans += 1;
    return [...this.state.cells]
      .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit);
  };

  call: SweptStore['call'] = async (_procedure, request) => {
    const { cells } = request as SweepRequest;
    return this.state.run(cells, (transaction) => sweepCells(transaction, cells)) as never;
  };
}

const numbered = (prefix: string, count: number, value: (index: number) => object) =>
  Array.from({ length: count }, (_, index) => {
    const key = `${prefix}${String(index).padStart(6, '0')}`;
    return [key, value(index)] as const;
  });
const grant = (endMs: number) => ({ grant: { uses: 1, expires_at: new Date(endMs).toISOString() }, used: 0 });
const dead = { expires_ms: NOW_MS - 90 * DAY_MS };
const alive = { expires_ms: NOW_MS + DAY_MS };

describe('sweeping a store that has grown', () => {
  it('goes through all of a shard, however many live cells stand before what expired', async () => {
    const store = new Cells(
      numbered('counter/00/', 12_000, (index) => ({ hits: [], ...(index === 11_900 ? dead : alive) })),
    );
    expect(await sweepStep(store, 0, NOW_MS)).toBe(1);
    expect(store.state.cells.size).toBe(11_999);
  });

  it('comes round to what expired behind ten thousand that live longer', async () => {
    const store = new Cells([
      ...numbered('standing/acme/', 11_000, (index) =>
        grant(index === 10_900 ? NOW_MS - 60 * DAY_MS : NOW_MS + DAY_MS),
      ),
      ...numbered('approval/', 11_000, (index) => (index === 10_900 ? dead : alive)),
    ]);
    const places = new Map<string, string>();
    expect(await sweepStep(store, 0, NOW_MS, places)).toBe(0);
    expect(await sweepStep(store, 0, NOW_MS, places)).toBe(2);
    // And begins anew.
    expect([await sweepStep(store, 0, NOW_MS, places), places.size]).toEqual([0, 2]);
  });

  it('takes all that lies first and has expired, in one step', async () => {
    const store = new Cells(
      numbered('decision/', 15_000, (index) => ({
        opened_ms: index < 14_990 ? NOW_MS - 40 * DAY_MS : NOW_MS,
      })),
    );
    expect(await sweepStep(store, 0, NOW_MS)).toBe(14_990);
  });

  it('removes notices of channels that are gone, once nobody would send them any more', async () => {
    const [old = '', fresh = ''] = [
      outboxKeys('apr-1', ['gone'], 'a'),
      outboxKeys('apr-2', ['gone'], 'a'),
    ].flat();
    const store = new Cells([
      [old, { created_ms: NOW_MS - 8 * DAY_MS }],
      [fresh, { created_ms: NOW_MS - 2 * DAY_MS }],
    ]);
    expect(await sweepStep(store, 0, NOW_MS)).toBe(1);
    expect([...store.state.cells.keys()]).toEqual([fresh]);
  });

  it('leaves a cell that it cannot read, and goes on', async () => {
    const store = new Cells([
      ['standing/acme/a', { v: 2 }],
      ['standing/acme/b', grant(NOW_MS - 60 * DAY_MS)],
    ]);
    store.state.cells.set('standing/acme/c', 'not JSON');
    expect(await sweepStep(store, 0, NOW_MS)).toBe(1);
    expect([...store.state.cells.keys()]).toEqual(['standing/acme/a', 'standing/acme/c']);
  });

  it('visits each kind that expires', async () => {
    const dying = { ...dead, last_ms: 0, opened_ms: 0, created_ms: 0, kept_ms: 0, ...grant(0) };
    const kinds = Object.entries(SWEPT).filter(([kind]) => !/^approval-(for|group)$/.test(kind));
    const store = new Cells(
      kinds.map(([kind, { layout }]) => [`${kind}/${layout === 'shards' ? '07/' : ''}x`, dying]),
    );
    expect(await sweepStep(store, 7, NOW_MS)).toBe(kinds.length);
  });
});

describe('lists that have grown', () => {
  it('hold every standing permission of a tenant, also behind the first thousand', async () => {
    const store = new Cells([
      ...numbered('standing/acme/', 2_500, () => grant(NOW_MS + DAY_MS)),
      ['standing/other/1', grant(NOW_MS + DAY_MS)],
    ]);
    expect((await standingOf(store, 'acme')).length).toBe(2_500);
  });

  it('show notices that are due behind thousands that wait to be tried again', async () => {
    const store = new Cells(
      numbered('outbox/hook/', 3_000, (index) => ({
        created_ms: index,
        next_ms: index === 2_900 ? NOW_MS : NOW_MS + 1,
      })),
    );
    const due = await dueNotices(store, 'hook', NOW_MS);
    expect(due.map(([key]) => key)).toEqual(['outbox/hook/002900']);
  });

  it('pass over a notice that another version wrote', async () => {
    const store = new Cells(numbered('outbox/hook/', 2, () => ({ created_ms: 1, next_ms: 0 })));
    store.state.cells.set('outbox/hook/000000', '{"v":2}');
    expect((await dueNotices(store, 'hook', NOW_MS)).map(([key]) => key)).toEqual(['outbox/hook/000001']);
  });

  it('stop reading where enough is due', async () => {
    const store = new Cells(numbered('outbox/hook/', 3_000, (index) => ({ created_ms: index, next_ms: 0 })));
    expect((await dueNotices(store, 'hook', NOW_MS)).length).toBeGreaterThanOrEqual(100);
    expect([store.scans, SWEEP_PAGE]).toEqual([1, 500]);
  });
});
