import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type Api, get, openApi, post, regoSet } from './api-fixture.ts';

const REGO = `package shop

allow if input.identity.sub == "agent:ops"

limits := {"refund": 50000}

big := [concat("", ["item-", format_int(i, 10)]) | some i in numbers.range(1, 400)]
`;
const MANIFEST = {
  roots: ['shop'],
  metadata: { writ: { entrypoints: [{ path: 'shop/allow', kind: 'grant', profile: 'tools/v1' }] } },
};
const MAIN = `package system.main\n\nallow if input.identity.sub == "agent:ops"\n`;
const INPUT = { tool: 'refund', arguments: {}, identity: { sub: 'agent:ops' } };

let api: Api;
afterEach(() => api.close());

describe("OPA's REST API around the data API", () => {
  it('v0: the body is the input, the answer the bare value, on record', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    expect(await post(`${api.url}/v0/data/shop/allow`, INPUT)).toMatchObject({ status: 200, body: true });
    const other = { ...INPUT, identity: { sub: 'agent:other' } };
    expect(await post(`${api.url}/v0/data/shop/allow`, other)).toMatchObject({ status: 404 });
    const kinds = (await api.fixture.entries()).map(({ core }) => core.kind);
    expect(kinds).toEqual(['decision', 'decision']);
  });

  it('[P-RAW-IS-ADMIN] v0 and POST / evaluate what is no entrypoint for the operator only', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const limits = `${api.url}/v0/data/shop/limits`;
    expect((await post(limits, {})).status).toBe(401);
    expect((await post(limits, {}, api.gateway)).status).toBe(403);
    expect((await post(limits, {}, api.operator)).body).toEqual({ refund: 50000 });
    expect((await post(`${api.url}/`, {}, api.gateway)).status).toBe(403);
    expect(await post(`${api.url}/v0/data/shop/none`, {}, api.operator)).toMatchObject({
      status: 404,
      body: { code: 'undefined_document', message: 'document missing: data.shop.none' },
    });
  });

  it('POST / asks data.system.main', async () => {
    const entrypoints = [{ path: 'system/main/allow', kind: 'grant', profile: 'tools/v1' }];
    const manifest = { roots: ['system/main'], metadata: { writ: { entrypoints } } };
    api = await openApi(await regoSet(MAIN, manifest));
    expect(await post(`${api.url}/`, INPUT, api.operator)).toEqual({ status: 200, body: { allow: true } });
  });

  it('warns where `input` is missing, and times where it is asked to', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const limits = `${api.url}/v1/data/shop/limits`;
    expect((await post(limits, {}, api.operator)).body).toEqual({
      result: { refund: 50000 },
      warning: { code: 'api_usage_warning', message: "'input' key missing from the request" },
    });
    const timed = await post(`${limits}?instrument=TRUE&provenance=yes`, { input: {} }, api.operator);
    expect(timed.body).toEqual({
      result: { refund: 50000 },
      metrics: {
        timer_rego_query_compile_ns: expect.any(Number),
        timer_rego_query_eval_ns: expect.any(Number),
        timer_server_handler_ns: expect.any(Number),
      },
    });
  });

  it('takes compressed bodies, and compresses long answers for who takes them', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const ask = (path: string, body: Buffer, headers: object) =>
      fetch(`${api.url}${path}`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { ...api.operator, 'content-encoding': 'gzip', ...headers },
      });
    const packed = gzipSync(JSON.stringify({ input: INPUT }));
    const allowed = await ask('/v1/data/shop/allow', packed, {});
    expect(await allowed.json()).toMatchObject({ result: true });
    const long = await ask('/v1/data/shop/big', packed, { 'accept-encoding': 'gzip' });
    expect(long.headers.get('content-encoding')).toBe('gzip');
    expect(((await long.json()) as { result: string[] }).result).toHaveLength(400);
    for (const none of ['identity', 'gzip;q=0']) {
      const plain = await ask('/v1/data/shop/big', packed, { 'accept-encoding': none });
      expect(plain.headers.get('content-encoding')).toBeNull();
    }
    expect((await ask('/v1/data/shop/allow', Buffer.from('no gzip'), {})).status).toBe(400);
    expect((await ask('/v1/data/shop/allow', packed, { 'content-encoding': 'br' })).status).toBe(400);
  });

  it('[P-GZIP-BOUNDED] counts what a compressed body unpacks to', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const bomb = gzipSync(JSON.stringify({ input: 'x'.repeat(4 * 1024 * 1024) }));
    expect(bomb.length).toBeLessThan(16 * 1024);
    expect(gunzipSync(bomb).length).toBeGreaterThan(4 * 1024 * 1024);
    const refused = await fetch(`${api.url}/v1/data/shop/allow`, {
      method: 'POST',
      body: new Uint8Array(bomb),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(refused.status).toBe(413);
  });

  it('says whether it is there and can decide, to anybody; what is active to the operator', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST), { development: false });
    expect(await get(`${api.url}/health?bundles`)).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get(`${api.url}/readyz`)).toEqual({ status: 200, body: { status: 'ready' } });
    for (const path of ['/v1/config', '/v1/status']) {
      expect((await get(`${api.url}${path}`, api.gateway)).status).toBe(403);
      expect((await get(`${api.url}${path}`)).status).toBe(401);
    }
    expect((await get(`${api.url}/v1/config`, api.operator)).body).toEqual({
      result: { default_decision: '/system/main' },
    });
    expect((await get(`${api.url}/v1/status`, api.operator)).body).toMatchObject({
      result: { bundles: { bundle: { name: 'bundle' } } },
    });
    await api.close();
    api = await openApi(await regoSet(REGO, MANIFEST), { policies: () => undefined });
    expect((await get(`${api.url}/health`)).status).toBe(200);
    expect(await get(`${api.url}/health?bundles=true`)).toMatchObject({
      status: 500,
      body: { error: 'no policies are active' },
    });
    expect((await get(`${api.url}/readyz`)).status).toBe(503);
  });
});
