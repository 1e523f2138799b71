import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { operatorProof, tokenDigest } from '../../src/http/credentials.ts';
import { ALLOW_ALL, asRequest, type RuleAt, toolCall } from '../pipeline/support.ts';
import { type Api, get, openApi, post } from './api-fixture.ts';

let api: Api;
afterEach(() => api.close());

const HUMAN: RuleAt = {
  path: 'test/human',
  kind: 'guard',
  layer: 'workflow',
  rule: () => 'escalate',
  reads: [],
};

/** A request with a Host of its own choice, which `fetch` does not allow. */
function withHeaders(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(toolCall('a')));
  });
}

describe('decide over HTTP', () => {
  it('is the same contract as in process', async () => {
    api = await openApi([ALLOW_ALL]);
    const decided = await post(`${api.url}/v1/decide`, toolCall('search', { q: 1 }), api.gateway);
    expect(decided).toMatchObject({
      status: 200,
      body: { outcome: 'allow', effect: 'proceed', forwarded_args: { q: 1 } },
    });
    const completed = await post(
      `${api.url}/v1/complete`,
      { decision_id: decided.body['decision_id'], status: 'succeeded', result: { content: 'x' } },
      api.gateway,
    );
    expect(completed.body).toMatchObject({ effect: 'proceed', result: { content: 'x' } });
    const listed = await post(
      `${api.url}/v1/list`,
      { request: toolCall('a').request, items: [{ tool: 'a' }] },
      api.gateway,
    );
    expect(listed.body['visible']).toEqual([true]);
    expect((await post(`${api.url}/v1/report`, { kind: 'note', code: 'seen' }, api.gateway)).status).toBe(
      202,
    );
    expect((await post(`${api.url}/v1/explain`, toolCall('a'), api.gateway)).body).toMatchObject({
      outcome: 'allow',
    });
  });

  it('decides a batch in order, and each resource of one call for itself', async () => {
    const rule: RuleAt = {
      path: 'test/allow',
      kind: 'grant',
      rule: (input) => {
        const ids = (asRequest(input).action.resources ?? []).map(({ id }) => id);
        return ids.includes('secret') ? { allow: false, reason: `not_${ids[0]}` } : true;
      },
      reads: [['action']],
    };
    api = await openApi([rule]);
    const batch = await post(`${api.url}/v1/decide`, { requests: [toolCall('a'), toolCall('b')] });
    expect(batch.body['decisions']).toMatchObject([{ outcome: 'allow' }, { outcome: 'allow' }]);
    const call = toolCall('read', {}, { idempotency_key: 'k' });
    const resources = ['public', 'secret', 'other'].map((id) => ({ type: 'file', id }));
    const each = {
      ...call,
      each_resource: true,
      request: { ...call.request, action: { ...call.request.action, resources } },
    };
    const split = await post(`${api.url}/v1/decide`, each);
    expect(split.body['decisions']).toMatchObject([
      { resource: { id: 'public' }, decision: { outcome: 'allow' } },
      { resource: { id: 'secret' }, decision: { outcome: 'deny', reason: 'not_secret' } },
      { resource: { id: 'other' }, decision: { outcome: 'allow' } },
    ]);
    const { each_resource: _split, ...whole } = each;
    expect((await post(`${api.url}/v1/decide`, { ...whole, idempotency_key: 'w' })).body).toMatchObject({
      outcome: 'deny',
    });
  });

  it('[P-STRICT-READING] refuses bodies that two readers could read differently, on record', async () => {
    api = await openApi([ALLOW_ALL]);
    const bodies: readonly [string, string, number][] = [
      ['{"request": {}, "request": {}}', 'json_duplicate_key', 400],
      ['{"n": 9007199254740993}', 'number_not_exact', 400],
      ['{"__proto__": 1}', 'json_forbidden_key', 400],
      ['{} {}', 'json_trailing', 400],
      ['{', 'json_syntax', 400],
      [`"${'x'.repeat(1024 * 1024)}"`, 'json_size', 413],
    ];
    for (const [body, code, status] of bodies) {
      expect(await post(`${api.url}/v1/decide`, body)).toMatchObject({ status, body: { code } });
    }
    const entries = await api.fixture.entries();
    expect(entries.map(({ core }) => [core.kind, core.codes?.[0]])).toEqual(
      bodies.map(([, code]) => ['malformed', code]),
    );
  });

  it('answers what it does not know with a code, and never a stack', async () => {
    api = await openApi([ALLOW_ALL]);
    expect(await get(`${api.url}/v1/nothing`)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await post(`${api.url}/v1/decide`, '[]')).toMatchObject({
      status: 400,
      body: { code: 'request_invalid' },
    });
    expect(await get(`${api.url}/health`)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('who may ask', () => {
  it('[P-OPERATOR-ONLY] approving, halting and reading the record need the operator', async () => {
    api = await openApi([ALLOW_ALL, HUMAN]);
    const asked = await post(`${api.url}/v1/decide`, toolCall('pay'));
    const id = (asked.body['approval'] as { id: string }).id;
    const guarded = [
      () => post(`${api.url}/v1/approvals/${id}/approve`, {}, caller),
      () => post(`${api.url}/v1/approvals/${id}/deny`, {}, caller),
      () => get(`${api.url}/v1/approvals`, caller),
      () => post(`${api.url}/v1/halt`, { all: true }, caller),
      () => post(`${api.url}/v1/resume`, { all: true }, caller),
      () => get(`${api.url}/v1/log`, caller),
      () => get(`${api.url}/v1/log/dec-1`, caller),
    ];
    let caller: Readonly<Record<string, string>> = {};
    for (const ask of guarded)
      expect(await ask()).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    caller = api.gateway;
    for (const ask of guarded)
      expect(await ask()).toMatchObject({ status: 403, body: { code: 'operator_required' } });
    caller = { authorization: 'Bearer writ_op_wrongwrongwrongwrong' };
    for (const ask of guarded)
      expect(await ask()).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect((await api.fixture.point.approval.get(id))?.status).toBe('pending');
    caller = api.operator;
    expect(await guarded[0]!()).toMatchObject({
      status: 200,
      body: { status: 'approved', decided_by: 'operator' },
    });
    expect(await guarded[1]!()).toMatchObject({ status: 409, body: { code: 'approval_not_pending' } });
  });

  it('lets the point that asked look, wait and cancel, without the operator', async () => {
    api = await openApi([ALLOW_ALL, HUMAN]);
    const asked = await post(`${api.url}/v1/decide`, toolCall('pay'), api.gateway);
    const id = (asked.body['approval'] as { id: string }).id;
    expect((await get(`${api.url}/v1/approvals/${id}`, api.gateway)).body['status']).toBe('pending');
    expect((await get(`${api.url}/v1/approvals/${id}/wait?timeout_ms=5`, api.gateway)).body['status']).toBe(
      'pending',
    );
    expect((await post(`${api.url}/v1/approvals/${id}/cancel`, {}, api.gateway)).body['status']).toBe(
      'cancelled',
    );
    expect((await get(`${api.url}/v1/approvals/apr-none`, api.gateway)).status).toBe(404);
  });

  it('[P-POINT-CLAIMS] holds a point to the principals, actors and tenants of its credential', async () => {
    api = await openApi([ALLOW_ALL]);
    const call = toolCall('search');
    const other = { ...call, request: { ...call.request, principal: { id: 'service:root' } } };
    expect((await post(`${api.url}/v1/decide`, other, api.gateway)).body).toMatchObject({
      outcome: 'deny',
      reason: 'assertion_not_permitted',
    });
    expect((await post(`${api.url}/v1/decide`, call, api.gateway)).body).toMatchObject({ outcome: 'allow' });
  });

  it('[P-POINT-CLAIMS] records what a point reports, but under no name that it may not speak for', async () => {
    api = await openApi([ALLOW_ALL]);
    const report = (request: object) =>
      post(`${api.url}/v1/report`, { kind: 'note', code: 'c', message: 'm', request }, api.gateway);
    await report({ principal: { id: 'operator', tenant: 'victim' }, actor: { id: 'agent:1' } });
    await report({ principal: { id: 'user:1' }, actor: { id: 'agent:1' } });
    const [posed, own] = await api.fixture.entries();
    expect(posed).toMatchObject({ core: { codes: ['c', 'assertion_not_permitted'] } });
    expect(posed?.fields).toEqual({ point: 'gateway', message: 'm' });
    expect(own).toMatchObject({ core: { codes: ['c'] }, fields: { principal: 'user:1', actor: 'agent:1' } });
  });

  it('does not wait for ever for what is sent slowly', async () => {
    api = await openApi([ALLOW_ALL]);
    const { requestTimeout, headersTimeout, maxConnections } = api.http.app.server;
    for (const limit of [requestTimeout, headersTimeout, maxConnections]) expect(limit).toBeGreaterThan(0);
  });

  it('[P-LOOPBACK-ONLY] decides for callers without a credential in development on loopback alone', async () => {
    api = await openApi([ALLOW_ALL], { development: false });
    expect(await post(`${api.url}/v1/decide`, toolCall('a'))).toMatchObject({ status: 401 });
    expect(await api.fixture.entries()).toEqual([]);
    await api.close();
    api = await openApi([ALLOW_ALL], { credentials: { points: [] } });
    expect(await api.http.listen({ host: '0.0.0.0' })).toMatchObject({
      ok: false,
      code: 'authentication_required',
    });
  });

  it('[P-HOST-ORIGIN] refuses other hosts and pages of other sites, before the body is read', async () => {
    api = await openApi([ALLOW_ALL]);
    const url = `${api.url}/v1/decide`;
    const own = new URL(api.url).host;
    expect(await withHeaders(url, { host: own })).toBe(200);
    expect(await withHeaders(url, { host: own, origin: `http://${own}` })).toBe(200);
    expect(await withHeaders(url, { host: 'evil.example' })).toBe(403);
    expect(await withHeaders(url, { host: `localhost.evil.example` })).toBe(403);
    expect(await withHeaders(url, { host: own, origin: 'https://evil.example' })).toBe(403);
    expect(await withHeaders(url, { host: own, origin: 'null' })).toBe(403);
    // A picture in a page asks without an Origin; the browser says where it stands.
    expect(await withHeaders(url, { host: own, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await withHeaders(url, { host: own, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await api.fixture.entries()).toHaveLength(2);
  });
});

describe('the operator', () => {
  it('[P-OPERATOR-TOKEN-KEPT] is shown that the service knows the token before it is sent', async () => {
    api = await openApi([ALLOW_ALL], { development: false });
    const nonce = 'ab'.repeat(32);
    const token = (api.operator['authorization'] ?? '').slice('Bearer '.length);
    const proof = operatorProof(tokenDigest(token), nonce);
    expect(await get(`${api.url}/v1/operator-proof/${nonce}`)).toEqual({ status: 200, body: { proof } });
    expect(proof).not.toBe(operatorProof(tokenDigest(`${token}x`), nonce));
    expect(proof).not.toBe(operatorProof(tokenDigest(token), 'cd'.repeat(32)));
    for (const bad of ['', 'short', '..%2flog', 'AB'.repeat(32)])
      expect((await get(`${api.url}/v1/operator-proof/${bad}`)).status).toBe(404);
    expect((await post(`${api.url}/v1/operator-proof/${nonce}`, {})).status).toBe(401);
  });

  it('halts, resumes, reads the record and sees what is active', async () => {
    api = await openApi([ALLOW_ALL]);
    expect(await post(`${api.url}/v1/halt`, {}, api.operator)).toMatchObject({ status: 400 });
    expect(await post(`${api.url}/v1/halt`, { actor: 'a', all: true }, api.operator)).toMatchObject({
      status: 400,
    });
    expect(
      await post(`${api.url}/v1/halt`, { actor: 'agent:helper', reason: 'test' }, api.operator),
    ).toMatchObject({ status: 200 });
    const halted = await post(`${api.url}/v1/decide`, toolCall('a'));
    expect(halted.body).toMatchObject({ reason: 'halted' });
    await post(`${api.url}/v1/resume`, { actor: 'agent:helper' }, api.operator);
    const log = await get(`${api.url}/v1/log?count=3`, api.operator);
    expect((log.body['entries'] as { core: { kind: string } }[]).map(({ core }) => core.kind)).toEqual([
      'halt',
      'decision',
      'halt',
    ]);
    const shown = await get(`${api.url}/v1/log/${halted.body['decision_id']}`, api.operator);
    expect(shown.body['entries']).toMatchObject([
      { core: { codes: ['halted', 'granted'] }, fields: { tool: 'a' } },
    ]);
    const policies = await get(`${api.url}/v1/active`, api.operator);
    expect(policies.body).toMatchObject({ engine: 'rego', bundles: [{ name: 'test', revision: 'r1' }] });
    expect(JSON.stringify(policies.body)).not.toContain('"data"');
  });
});
