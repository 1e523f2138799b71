import { describe, expect, it } from 'vitest';
import { LoadGuard } from '../../src/http/load-guard.ts';
import { RefusalRecord } from '../../src/http/refusal-record.ts';
import type { RefusedLoad } from '../../src/pipeline/service.ts';
import { ALLOW_ALL, toolCall } from '../pipeline/support.ts';
import { openApi, post } from './api-fixture.ts';

describe('[P-LOAD-REFUSES] the load that is taken', () => {
  it('is bounded over all callers, with places left for the operator', () => {
    const guard = new LoadGuard({ inFlightMax: 2 });
    guard.enter('a', false);
    guard.enter('b', false);
    expect(() => guard.enter('c', false)).toThrow(
      expect.objectContaining({ status: 503, code: 'overloaded' }),
    );
    guard.enter('operator', true);
    guard.leave();
    guard.leave();
    guard.enter('c', false);
    expect(guard.read()).toEqual({ inFlight: 2, shed: { overloaded: 1, rate_limited: 0 } });
  });

  it('is limited for each credential by itself', () => {
    let nowMs = 0;
    const guard = new LoadGuard({ perCallerPerSecond: 2 }, () => nowMs);
    guard.enter('a', false);
    guard.enter('a', false);
    expect(() => guard.enter('a', false)).toThrow(
      expect.objectContaining({ status: 429, code: 'rate_limited' }),
    );
    guard.enter('b', false);
    nowMs = 500;
    guard.enter('a', false);
    expect(() => guard.enter('a', false)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    for (let n = 0; n < 10; n++) guard.enter('operator', true);
  });

  it('is none once the service closes', () => {
    const guard = new LoadGuard();
    guard.close();
    expect(() => guard.enter('a', false)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  });

  it('refuses over HTTP with a code and when to ask again; nothing of it is decided', async () => {
    const api = await openApi([ALLOW_ALL], { load: { perCallerPerSecond: 1 } });
    try {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => post(`${api.url}/v1/decide`, toolCall('a'), api.gateway)),
      );
      const limited = answers.filter(({ status }) => status === 429);
      expect(limited.length).toBeGreaterThanOrEqual(3);
      expect(limited[0]?.body).toMatchObject({ code: 'rate_limited', retry_after: 1 });
      const decided = answers.filter(({ status }) => status === 200);
      expect(await api.fixture.entries()).toHaveLength(decided.length);
      // What was refused is on record when the service ends at the latest: one entry, that counts.
      await api.http.close();
      const entries = await api.fixture.entries();
      expect(entries).toHaveLength(decided.length + 1);
      const { core, fields } = entries.at(-1) as (typeof entries)[number];
      expect(core).toMatchObject({ kind: 'administrative', event: 'load_refused', codes: ['rate_limited'] });
      const note = { why: 'too many of one credential', count: limited.length };
      expect(fields['note']).toMatchObject({ ...note, callers: { gateway: limited.length } });
    } finally {
      await api.close();
    }
  });

  it('is on record once a second and reason, whatever was refused, and counted on where the record fails', async () => {
    const written: RefusedLoad[] = [];
    let failing = true;
    const refused = new RefusalRecord(async (load) => {
      if (failing) return { ok: false };
      written.push(load);
      return { ok: true };
    }, 60_000);
    const guard = new LoadGuard({ inFlightMax: 0, perCallerPerSecond: 1 }, () => 0, refused);
    const tried = (caller: string) => expect(() => guard.enter(caller, false)).toThrow();
    for (let n = 0; n < 1_000; n++) tried(`point-${n % 40}`);
    await refused.flush();
    expect(written).toEqual([]);
    failing = false;
    tried('');
    guard.close();
    tried('point-1');
    await refused.flush();
    expect(written).toMatchObject([
      { code: 'overloaded', why: 'too many at once', count: 1_001 },
      { code: 'overloaded', why: 'closing', count: 1, callers: { 'point-1': 1 } },
    ]);
    expect(Object.keys(written[0]?.callers ?? {})).toHaveLength(16);
    await refused.flush();
    expect(written).toHaveLength(2);
  });
});
