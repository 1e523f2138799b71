import { afterEach, describe, expect, it } from 'vitest';
import { metricsText } from '../../src/http/metrics-routes.ts';
import { LATENCY_BOUNDS_S, Meters } from '../../src/pipeline/meters.ts';
import { ALLOW_ALL, type RuleAt, toolCall } from '../pipeline/support.ts';
import { type Api, openApi, post } from './api-fixture.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const JUDGED: RuleAt = {
  path: 'test/judged',
  kind: 'guard',
  layer: 'workflow',
  rule: (input) => (JSON.stringify(input).includes('"ask"') ? 'escalate' : 'deny'),
  reads: [],
};

async function scrape(running: Api, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${running.url}/metrics`, { headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('/metrics', () => {
  it('counts decisions, refusals by reason and layer, and what waits for people', async () => {
    api = await openApi([ALLOW_ALL, JUDGED]);
    const asked = await post(`${api.url}/v1/decide`, toolCall('ask'));
    expect(asked.body).toMatchObject({ outcome: 'escalate' });
    const refused = await post(`${api.url}/v1/decide`, toolCall('other'));
    const { status, type, text } = await scrape(api);
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    const lines = text.split('\n');
    expect(lines).toContain('writ_decisions_total{outcome="escalate",effect="refuse"} 1');
    expect(lines).toContain('writ_decisions_total{outcome="deny",effect="refuse"} 1');
    const reason = JSON.stringify(refused.body['reason']);
    expect(lines).toContain(`writ_refusals_total{reason=${reason},layer="workflow"} 1`);
    expect(lines).toContain('writ_approvals_pending 1');
    expect(lines).toContain('writ_decision_seconds_bucket{le="+Inf"} 2');
    expect(lines).toContain('writ_decision_seconds_count 2');
    for (const line of lines.filter((each) => each !== '' && !each.startsWith('#')))
      expect(line).toMatch(/^writ_[a-z_]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})? [0-9.e+-]+$/);
  });

  it('[P-METRICS-ADMIN] is for the operator, and in development on loopback for anybody', async () => {
    api = await openApi([ALLOW_ALL], { development: false });
    expect((await scrape(api)).status).toBe(401);
    expect((await scrape(api, api.gateway)).status).toBe(403);
    expect((await scrape(api, api.operator)).status).toBe(200);
    await api.close();
    api = await openApi([ALLOW_ALL]);
    expect((await scrape(api, api.gateway)).status).toBe(403);
    expect((await scrape(api)).status).toBe(200);
  });
});

describe('meters', () => {
  const decision = (code: string) =>
    ({ outcome: 'deny', effect: 'refuse', reason: code, reasons: [{ code, layer: 'resource' }] }) as never;

  it('keep a bounded number of reasons', async () => {
    const meters = new Meters();
    for (let index = 0; index < 600; index += 1)
      await meters.counted(Promise.resolve(decision(`reason_${index}`)));
    const { refusals, latencyCounts } = meters.read();
    expect(refusals).toHaveLength(501);
    expect(refusals.at(-1)).toEqual({ reason: 'other', layer: '', count: 100 });
    expect(latencyCounts).toHaveLength(LATENCY_BOUNDS_S.length + 1);
    expect(latencyCounts.reduce((sum, count) => sum + count, 0)).toBe(600);
  });

  it('are written so that no reason can end its line', async () => {
    const meters = new Meters();
    await meters.counted(Promise.resolve(decision('a"b\\c\nd')));
    const text = metricsText({
      meters: meters.read(),
      approvalsPending: 0,
      sessionsBusy: 0,
      storeWaiting: 7,
      logSize: 0,
      store: { batches: 0, calls: 0, failed: 0 },
    });
    expect(text).toContain('writ_refusals_total{reason="a\\"b\\\\c\\nd",layer="resource"} 1\n');
    expect(text).toContain('\nwrit_store_queue_depth 7\n');
  });
});
