import { afterEach, describe, expect, it } from 'vitest';
import { type Api, get, openApi, openWritableApi, post, regoSet, send } from './api-fixture.ts';

const REGO = `package shop

allow if input.identity.sub == "agent:ops"

limits := {"refund": 50000}
`;
const MANIFEST = {
  roots: ['shop'],
  metadata: { writ: { entrypoints: [{ path: 'shop/allow', kind: 'grant', profile: 'tools/v1' }] } },
};
const INPUT = { tool: 'refund', arguments: {}, identity: { sub: 'agent:ops' } };
const OTHER = { ...INPUT, identity: { sub: 'agent:other' } };

let api: Api;
afterEach(() => api.close());

async function acts(): Promise<unknown[]> {
  const entries = await api.fixture.entries();
  return entries.flatMap(({ core }) => (core.kind === 'administrative' ? [core.event] : []));
}

describe("raw evaluation by OPA's REST API", () => {
  it('[P-RAW-IS-ADMIN] queries, partial evaluation and sources of policies are for the operator, on record', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    for (const headers of [{}, api.gateway]) {
      const status = 'authorization' in headers ? 403 : 401;
      expect((await get(`${api.url}/v1/query?q=1`, headers)).status).toBe(status);
      expect((await post(`${api.url}/v1/query`, { query: '1' }, headers)).status).toBe(status);
      expect((await post(`${api.url}/v1/compile`, { query: 'data.shop.allow' }, headers)).status).toBe(
        status,
      );
      expect((await get(`${api.url}/v1/policies/bundle/policy.rego`, headers)).status).toBe(status);
      expect((await get(`${api.url}/v1/policies`, headers)).body).toEqual({
        result: [{ id: 'bundle/policy.rego' }],
      });
      expect((await get(`${api.url}/v1/data`, headers)).status).toBe(status);
      expect(
        (await post(`${api.url}/v1/data/shop/allow?explain=full`, { input: INPUT }, headers)).status,
      ).toBe(status);
    }
    expect(await acts()).toEqual([]);
    const asked = await post(`${api.url}/v1/query`, { query: 'data.shop.limits[x] = y' }, api.operator);
    expect(asked).toEqual({ status: 200, body: { result: [{ x: 'refund', y: 50000 }] } });
    const left = await post(`${api.url}/v1/compile`, { query: 'data.shop.allow == true' }, api.operator);
    expect(left.body).toMatchObject({ result: { queries: [[{ index: 0 }]] } });
    expect(await acts()).toEqual(['query', 'compile']);
  });

  it('explains a decision to the operator, and decides it all the same', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const url = `${api.url}/v1/data/shop/allow?explain=full`;
    const { body } = await post(`${url}&pretty`, { input: INPUT }, api.operator);
    expect(body).toMatchObject({ result: true, decision_id: expect.any(String) });
    expect(body['explanation']).toContainEqual(expect.stringContaining('Enter data.shop.allow'));
    const events = (await post(url, { input: INPUT }, api.operator)).body['explanation'] as object[];
    expect(events).toContainEqual(
      expect.objectContaining({
        op: 'enter',
        type: 'rule',
        node: expect.objectContaining({ head: expect.anything() }),
      }),
    );
  });

  it('gives policies in the form of OPA', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const { body } = await get(`${api.url}/v1/policies`, api.operator);
    expect(body).toMatchObject({
      result: [{ id: 'bundle/policy.rego', raw: REGO, ast: { rules: [{}, {}] } }],
    });
    const one = await get(`${api.url}/v1/policies/bundle/policy.rego`, api.operator);
    expect(one.body).toMatchObject({ result: { raw: REGO } });
  });
});

describe('batches', () => {
  it('are one decision for each input, on record', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const url = `${api.url}/v1/batch/data/shop/allow`;
    const inputs = { a: INPUT, b: OTHER };
    expect(await post(url, { inputs })).toMatchObject({
      status: 200,
      body: { batch_decision_id: expect.any(String), responses: { a: { result: true }, b: {} } },
    });
    expect((await api.fixture.entries()).map(({ core }) => core.kind)).toEqual(['decision', 'decision']);
    const common = await post(url, { inputs: { a: { tool: 'refund' } }, common_input: INPUT });
    expect(common.body).toMatchObject({ responses: { a: { result: true } } });
  });

  it('say which of their answers failed', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    const url = `${api.url}/v1/batch/data/shop/allow`;
    expect(await post(url, { inputs: { a: INPUT, b: { wrong: 1 } } })).toMatchObject({
      status: 207,
      body: {
        responses: {
          a: { http_status_code: '200', result: true },
          b: { http_status_code: '500', code: 'invalid_parameter' },
        },
      },
    });
    expect(await post(url, { inputs: { b: {} } })).toMatchObject({ status: 500 });
    expect(await post(url, { input: INPUT })).toMatchObject({
      status: 400,
      body: { code: 'invalid_parameter' },
    });
    expect(
      (await post(`${api.url}/v1/batch/data/shop/limits`, { inputs: { a: {} } }, api.gateway)).status,
    ).toBe(403);
  });
});

describe('writes of policies and data', () => {
  const WRITES = [
    ['PUT', '/v1/policies/x', 'package x\np := 1'],
    ['DELETE', '/v1/policies/x', ''],
    ['PUT', '/v1/data/x', '1'],
    ['PATCH', '/v1/data', '[]'],
    ['DELETE', '/v1/data/x', ''],
  ] as const;

  it('[P-WRITES-ARE-OFF] are refused for the operator too where nothing turns them on', async () => {
    api = await openApi(await regoSet(REGO, MANIFEST));
    for (const [method, path, body] of WRITES) {
      const refused = await send(method, `${api.url}${path}`, body, api.operator);
      expect(refused).toMatchObject({ status: 403, body: { code: 'writes_disabled' } });
    }
  });

  it('[P-WRITES-ARE-OFF] are for the operator alone, and on record before they take effect', async () => {
    api = await openWritableApi(REGO);
    for (const [method, path, body] of WRITES) {
      expect((await send(method, `${api.url}${path}`, body)).status).toBe(401);
      expect((await send(method, `${api.url}${path}`, body, api.gateway)).status).toBe(403);
    }
    expect(await acts()).toEqual([]);
    expect(
      (await send('PUT', `${api.url}/v1/policies/x`, 'package x\np := data.lim.a', api.operator)).status,
    ).toBe(200);
    expect((await send('PUT', `${api.url}/v1/data/lim/a`, '7', api.operator)).status).toBe(204);
    expect((await post(`${api.url}/v1/data/x/p`, { input: {} }, api.operator)).body).toEqual({ result: 7 });
    expect(await acts()).toEqual(['policy_write', 'policy_write', 'evaluate']);
    const kinds = (await api.fixture.entries()).map(({ core }) => core.kind);
    expect(kinds.slice(0, 2)).toEqual(['administrative', 'policy_activation']);
  });

  it('do not reach what a bundle owns, and leave what is active where they do not compile', async () => {
    api = await openWritableApi(REGO);
    const owned = await send('PUT', `${api.url}/v1/policies/x`, 'package shop\nallow := true', api.operator);
    expect(owned).toMatchObject({ status: 400, body: { errors: [{ code: 'roots_overlap' }] } });
    const broken = await send('PUT', `${api.url}/v1/policies/x`, 'package x\np := q', api.operator);
    expect(broken).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'rego_unsafe_var_error', location: { file: 'x', row: 2 } }] },
    });
    expect(await acts()).toEqual([]);
    const question = { input: INPUT };
    expect((await post(`${api.url}/v1/data/shop/allow`, question)).body).toMatchObject({ result: true });
  });

  it('keep names of every kind apart, one after another', async () => {
    api = await openWritableApi(REGO);
    const ids = ['a/b.rego', 'a%2Fb', '../x', 'x_test', 'x_test.rego', 'ä ö', '.hidden'];
    const statuses = await Promise.all(
      ids.map(async (id, at) => {
        const url = `${api.url}/v1/policies/${encodeURIComponent(id).replaceAll('.', '%2E')}`;
        return (await send('PUT', url, `package n${at}\np := ${at}`, api.operator)).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { body } = await get(`${api.url}/v1/policies`, api.operator);
    const shown = (body['result'] as { id: string }[]).map(({ id }) => id);
    for (const [at] of ids.entries())
      expect((await post(`${api.url}/v1/data/n${at}/p`, { input: {} }, api.operator)).body).toEqual({
        result: at,
      });
    expect(shown).toHaveLength(ids.length + 1);
  });
});
