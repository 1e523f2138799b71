import { afterEach, describe, expect, it } from 'vitest';
import { type Api, get, openApi, post, regoSet } from './api-fixture.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const POLICY = `package system.authz

default allow := {"allowed": false, "reason": "not for you"}

allow if {
	input.identity == "gateway"
	input.path == ["v1", "data", "shop", "allow"]
	input.method == "POST"
	not input.body.input.item == "gun"
}

allow if {
	input.role == "operator"
	input.path[1] == "log"
	input.params.count == ["1"]
}
`;
const SHOP = 'package shop\n\nallow := true\n';
const manifest = {
  roots: [''],
  metadata: {
    writ: { entrypoints: [{ path: 'shop/allow', kind: 'grant', layer: 'resource', profile: 'tools/v1' }] },
  },
};
const input = { tool: 'buy', arguments: {}, identity: { sub: 'user:1' } };

async function open(policy: string): Promise<Api> {
  api = await openApi(await regoSet({ 'authz.rego': policy, 'shop.rego': SHOP }, manifest), {
    authorization: true,
    development: false,
  });
  return api;
}

describe('[P-API-AUTHORIZATION] `system.authz`', () => {
  it('decides by path, method, parameters, body and who asks', async () => {
    const { url, gateway, operator } = await open(POLICY);
    expect((await post(`${url}/v1/data/shop/allow`, { input }, gateway)).status).toBe(200);
    expect(await post(`${url}/v1/data/shop/allow`, { input: { item: 'gun' } }, gateway)).toMatchObject({
      status: 401,
      body: { code: 'unauthorized', reason: 'not for you' },
    });
    expect(await post(`${url}/v1/data/shop/allow`, { input }, operator)).toMatchObject({ status: 401 });
    expect((await get(`${url}/v1/log?count=1`, operator)).status).toBe(200);
    expect(await get(`${url}/v1/log?count=2`, operator)).toMatchObject({
      status: 403,
      body: { code: 'request_not_permitted' },
    });
  });

  it('adds no right: whom credentials refuse is refused whatever it says', async () => {
    const { url, gateway } = await open('package system.authz\n\nallow := true\n');
    expect((await get(`${url}/v1/log`)).status).toBe(401);
    expect((await get(`${url}/v1/log`, gateway)).status).toBe(403);
  });

  it.each([
    ['undefined', 'package system.authz\n\nallow if false\n'],
    ['no boolean', 'package system.authz\n\nallow := "yes"\n'],
    ['a fault', 'package system.authz\n\nallow := true if input.method\n\nallow := false if input.path\n'],
    ['absent', 'package other\n\nallow := true\n'],
  ])('refuses where the answer is %s, but for health', async (_name, policy) => {
    const { url, operator } = await open(policy);
    expect((await get(`${url}/v1/log`, operator)).status).toBe(403);
    expect((await get(`${url}/health`)).status).toBe(200);
  });

  it('is shown no token and no cookie', async () => {
    const { url, operator } = await open(
      'package system.authz\n\nallow := {"allowed": false, "reason": json.marshal(input)}\n',
    );
    const { body } = await get(`${url}/v1/log?a=1&a=2`, { ...operator, cookie: 'c=1', 'x-tag': 't' });
    const shown = JSON.parse(String(body['message']).replace(/^[^{]*/, '')) as Record<string, unknown>;
    expect(shown).toMatchObject({
      path: ['v1', 'log'],
      method: 'GET',
      params: { a: ['1', '2'] },
      headers: { 'X-Tag': ['t'] },
      identity: 'operator',
      role: 'operator',
      client_certificates: [],
    });
    expect(JSON.stringify(shown)).not.toMatch(/writ_op_|c=1/);
  });
});
