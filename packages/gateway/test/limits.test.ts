import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GATEWAY_CHAIN } from '../src/index.ts';
import { createEventStore } from '../src/mcp/event-store.ts';
import { floodLimit } from '../src/mcp/flood-limit.ts';
import { gatewayLimits, largestOf, upstreamLimits } from '../src/mcp/limits.ts';
import { Patience } from '../src/mcp/patience.ts';
import { createStateSealer } from '../src/mcp/sealed-state.ts';
import { createTurns } from '../src/mcp/turns.ts';

describe('limits', () => {
  it('are the defaults, unless others are given', () => {
    expect(gatewayLimits({ rounds: 3 })).toEqual({ ...gatewayLimits(), rounds: 3 });
    expect(upstreamLimits({ timeoutMs: 7 })).toMatchObject({ timeoutMs: 7, timeoutTotalMs: 70 });
    expect(upstreamLimits({ timeoutMs: 7, timeoutTotalMs: 8 })).toMatchObject({ timeoutTotalMs: 8 });
    // What a timer cannot count would run out at once.
    expect(upstreamLimits({ timeoutMs: 2_000_000_000 }).timeoutTotalMs).toBe(largestOf('timeoutTotalMs'));
  });

  it('are never unlimited, and never nonsense', () => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])
      expect(() => gatewayLimits({ decisionWaitMs: value })).toThrow('limit decisionWaitMs');
    expect(gatewayLimits({ definitionsTtlMs: 0 }).definitionsTtlMs).toBe(0);
  });
});

describe('the chain', () => {
  it('[P-GATEWAY-CHAIN] no step needs what no earlier one added', () => {
    const known = new Set(['message', 'caller']);
    const edge = GATEWAY_CHAIN.filter(({ on }) => on === 'http');
    const carried = new Set<string>();
    for (const { name, needs, adds } of edge) {
      expect([name, needs.filter((each) => !carried.has(each))]).toEqual([name, []]);
      for (const each of adds) carried.add(each);
    }
    for (const { name, needs, adds, on } of GATEWAY_CHAIN) {
      if (on === 'http') continue;
      expect([name, needs.filter((each) => !known.has(each))]).toEqual([name, []]);
      for (const each of adds) known.add(each);
    }
    const names = GATEWAY_CHAIN.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('turns', () => {
  it('[P-GATEWAY-BOUNDED] are as many as a caller may have at once, whatever order they come back in', () => {
    const step = fc.record({ caller: fc.constantFrom('a', 'b'), gives: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, most) => {
        const turns = createTurns(most);
        const held: Record<string, (() => void)[]> = { a: [], b: [] };
        for (const { caller, gives } of steps) {
          const own = held[caller] ?? [];
          if (gives) {
            const give = own.pop();
            // Giving back twice gives nothing more.
            give?.();
            give?.();
            continue;
          }
          const turn = turns.take(caller);
          expect(turn === undefined).toBe(own.length === most);
          if (turn !== undefined) own.push(turn);
        }
      }),
    );
  });
});

describe('what a server may send', () => {
  const sent = async (chunks: readonly number[], burst: number): Promise<number> => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const size of chunks) controller.enqueue(new Uint8Array(size));
        controller.close();
      },
    }).pipeThrough(floodLimit(burst, 1));
    let passed = 0;
    for await (const chunk of stream) passed += chunk.byteLength;
    return passed;
  };

  it('[P-GATEWAY-BOUNDED] passes whole up to the limit, and ends with an error beyond it', async () => {
    expect(await sent([40, 40, 20], 100)).toBe(100);
    await expect(sent([40, 40, 40], 100)).rejects.toThrow('more than it may');
  });
});

describe('the events of a session', () => {
  it('are kept up to a number and a size, and only those of one stream come back', async () => {
    const message = (text: string) => ({ jsonrpc: '2.0' as const, method: text });
    const store = createEventStore(3, 1_000);
    const ids: string[] = [];
    for (const [stream, text] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['a', '4'],
    ] as const)
      ids.push(await store.storeEvent(stream, message(text)));
    const replayed = async (id: string) => {
      const seen: string[] = [];
      await store.replayEventsAfter(id, {
        send: async (_id, each) => void seen.push((each as { method: string }).method),
      });
      return seen;
    };
    await expect(replayed(ids[0] ?? '')).rejects.toThrow('not kept');
    expect(await replayed(ids[1] ?? '')).toEqual([]);
    expect(await replayed(ids[2] ?? '')).toEqual(['4']);
    const small = createEventStore(100, 60);
    const first = await small.storeEvent('a', message('x'.repeat(20)));
    await small.storeEvent('a', message('y'.repeat(20)));
    expect(await small.getStreamIdForEventId?.(first)).toBeUndefined();
  });
});

describe('the state that a client carries', () => {
  const state = { binding: 'alice asks', asked: { q: 'dec-1' }, upstream: 'theirs' };

  it('[P-GATEWAY-STATE-SEALED] opens once, for what it was sealed for, as long as it is good', () => {
    let now = 0;
    const sealer = createStateSealer(1_000, () => now);
    const sealed = sealer.seal(state);
    expect(sealed).not.toContain('theirs');
    expect(sealer.open(sealed, 'bob asks')).toBeUndefined();
    expect(sealer.open(sealed, 'alice asks')).toMatchObject(state);
    expect(sealer.open(sealed, 'alice asks')).toBeUndefined();
    const late = sealer.seal(state);
    now = 1_000;
    expect(sealer.open(late, 'alice asks')).toBeUndefined();
    expect(createStateSealer(1_000).open(sealer.seal(state), 'alice asks')).toBeUndefined();
  });

  it('[P-GATEWAY-STATE-SEALED] no change of one character opens', () => {
    const sealer = createStateSealer(60_000);
    const sealed = sealer.seal(state);
    const other = fc.stringMatching(/^[A-Za-z0-9_=+/ -]$/);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), other, (at, character) => {
        const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
        if (changed !== sealed) expect(sealer.open(changed, 'alice asks')).toBeUndefined();
        expect(sealer.open(sealed.slice(0, at), 'alice asks')).toBeUndefined();
      }),
    );
    expect(sealer.open(`${sealed} `, 'alice asks')).toBeUndefined();
  });
});

describe('patience', () => {
  it('runs out, begins anew with a sign, and stands still while somebody is asked', async () => {
    const patience = new Patience();
    const ended = (wait: { readonly signal: AbortSignal }) =>
      new Promise<void>((resolve) => wait.signal.addEventListener('abort', () => resolve()));
    const wait = patience.begin(1);
    await ended(wait);
    let answer: () => void = () => {};
    const asking = patience.during(() => new Promise<void>((resolve) => (answer = resolve)));
    const second = patience.begin(1);
    const other = new Patience().begin(1);
    await ended(other);
    expect(second.signal.aborted).toBe(false);
    answer();
    await asking;
    await ended(second);
    second.end();
  });
});
