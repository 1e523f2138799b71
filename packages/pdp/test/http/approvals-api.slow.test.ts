import { afterEach, describe, expect, it } from 'vitest';
import { createToken, tokenDigest } from '../../src/http/credentials.ts';
import type { RuleAt } from '../pipeline/support.ts';
import { tenantNow, toolCall } from '../pipeline/support.ts';
import { type Api, get, openApi, post } from './api-fixture.ts';

let api: Api;
afterEach(() => api.close());

const RULES: readonly RuleAt[] = [
  {
    path: 'test/pay',
    kind: 'grant',
    rule: () => ({ outcome: 'escalate', reason: 'needs_a_person' }),
    reads: [],
  },
  { path: 'test/approvers', kind: 'approvers', rule: () => ({ groups: ['finance'] }) },
];

function credential(id: string, groups: readonly string[], tenants?: readonly string[]) {
  const token = createToken('writ_ap');
  const approver = { id, groups, channel: 'api', ...(tenants === undefined ? {} : { tenants }) };
  return {
    headers: { authorization: `Bearer ${token}` },
    known: { tokenSha256: tokenDigest(token), approver },
  };
}

const carol = credential('user:carol', ['finance']);
const erin = credential('user:erin', ['security']);
const other = credential('user:olga', ['finance'], ['globex']);

async function open(): Promise<void> {
  api = await openApi(RULES, {
    credentials: {
      operatorSha256: tokenDigest('operator-token'),
      points: [],
      approvers: [carol.known, erin.known, other.known],
    },
  });
}

async function asked(n: number): Promise<string> {
  const { body } = await post(`${api.url}/v1/decide`, toolCall('pay', { n }));
  return (body['approval'] as { id: string }).id;
}

describe('approvers over HTTP', () => {
  it('see and judge what they may, decide nothing, and administer nothing', async () => {
    await open();
    const id = await asked(1);
    expect(await get(`${api.url}/v1/approvals/${id}`, carol.headers)).toMatchObject({
      body: { id, status: 'pending' },
    });
    expect((await get(`${api.url}/v1/approvals/${id}`, other.headers)).status).toBe(404);
    expect(await get(`${api.url}/v1/approvals/pending`, other.headers)).toMatchObject({ body: { total: 0 } });
    expect(await post(`${api.url}/v1/approvals/${id}/approve`, {}, erin.headers)).toMatchObject({
      status: 403,
      body: { code: 'approver_not_permitted' },
    });
    for (const path of ['/v1/decide', '/v1/halt', '/v1/log/erase', '/v1/explain']) {
      expect((await post(`${api.url}${path}`, {}, carol.headers)).status, path).toBe(403);
    }
    expect((await get(`${api.url}/v1/log`, carol.headers)).status).toBe(403);
    expect(
      await post(`${api.url}/v1/approvals/${id}/approve`, { comment: 'ok' }, carol.headers),
    ).toMatchObject({
      status: 200,
      body: { status: 'approved', decided_by: 'user:carol' },
    });
    expect(await post(`${api.url}/v1/approvals/${id}/revoke`, {}, carol.headers)).toMatchObject({
      body: { status: 'cancelled' },
    });
  });

  it('judge a listed set at once, each told by itself', async () => {
    await open();
    const ids = [await asked(1), await asked(2)];
    const body = { ids: [...ids, 'apr-none'], verdict: 'approve' };
    expect(await post(`${api.url}/v1/approvals/batch`, body, carol.headers)).toMatchObject({
      body: {
        results: [
          { ok: true, status: 'approved' },
          { ok: true, status: 'approved' },
          { ok: false, code: 'approval_unknown' },
        ],
      },
    });
    for (const bad of [
      { ids: [], verdict: 'approve' },
      { ids, verdict: 'maybe' },
      { ids: [1], verdict: 'deny' },
    ]) {
      expect((await post(`${api.url}/v1/approvals/batch`, bad, carol.headers)).status).toBe(400);
    }
  });

  it('name who stands in for them, and no one for others', async () => {
    await open();
    const until = new Date(Date.now() + 60_000).toISOString();
    const away = (body: object) => post(`${api.url}/v1/approvers/away`, body, carol.headers);
    expect((await away({ delegate: 'user:carol', until })).status).toBe(400);
    expect((await away({ delegate: 'user:erin', until: 'soon' })).status).toBe(400);
    expect((await away({ delegate: 'user:erin', until })).status).toBe(200);
    const id = await asked(3);
    expect(await post(`${api.url}/v1/approvals/${id}/approve`, {}, erin.headers)).toMatchObject({
      body: { status: 'approved', votes: [{ by: 'user:erin', on_behalf_of: 'user:carol' }] },
    });
    expect((await away({})).status).toBe(200);
  });

  it('are told of every change by a stream of events', async () => {
    await open();
    const gone = new AbortController();
    const response = await fetch(`${api.url}/v1/approvals/stream`, {
      headers: carol.headers,
      signal: gone.signal,
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (found: string): Promise<void> => {
      while (!text.includes(found)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${found}`);
        text += value;
      }
    };
    const id = await asked(4);
    await until(`event: added\ndata: {"id":"${id}"`);
    expect(text).toContain(`"tenant":"${tenantNow()}"`);
    await post(`${api.url}/v1/approvals/${id}/approve`, {}, carol.headers);
    await until(`event: removed\ndata: {"id":"${id}"}`);
    gone.abort();
    expect((await fetch(`${api.url}/v1/approvals/stream`)).status).toBe(401);
  });
});
