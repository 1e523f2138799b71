import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const alice = { type: 'user', id: 'alice' };
const bob = { type: 'user', id: 'bob' };
const admin = { ...bob, properties: { role: 'admin' } };
const first = { type: 'record', id: 'record-1' };
const second = { type: 'record', id: 'record-2' };
const archived = { ...second, properties: { status: 'archived' } };
const [read, write] = [{ name: 'read' }, { name: 'write' }];
const deletion = (soft: boolean) => ({ name: 'delete', properties: { soft } });
const question = { subject: alice, action: read, resource: first };

/**
 * The AuthZEN certification scenario, against a real server with `examples/records`
 * (https://openid.github.io/authzen/authorization-api-1_0-certification-scenario.html).
 */
describe('AuthZEN certification scenario', () => {
  let data: string;
  let writ: RunningWrit;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'writ-authzen-'));
    writ = await startWrit(['serve', '--bundle', 'examples/records/bundle'], data, root);
  });
  afterAll(async () => {
    await writ?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${writ.api}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  it.each([
    ['alice reads', alice, read, first, true],
    ['alice writes', alice, write, first, true],
    ['bob reads', bob, read, first, true],
    ['bob writes', bob, write, first, false],
    ['alice writes what is archived', alice, write, archived, false],
    ['an administrator writes what is archived', admin, write, archived, true],
    ['alice deletes softly', alice, deletion(true), first, true],
    ['alice deletes for good', alice, deletion(false), first, false],
  ])('%s', async (_name, subject, action, resource, decision) => {
    const answer = await post('evaluation', { subject, action, resource });
    expect(answer).toMatchObject({ status: 200, body: { decision } });
    // Answers that have nothing to add are compared as a whole; the record knows more.
    expect(answer.body).toEqual({ decision });
    const id = answer.headers.get('x-writ-decision');
    const logged = await fetch(`${writ.api}/v1/log/${id}`, {
      headers: { authorization: `Bearer ${writ.operatorToken()}` },
    });
    const { entries } = (await logged.json()) as { entries: object[] };
    expect(entries).toMatchObject([{ core: { outcome: decision ? 'allow' : 'deny' } }]);
  });

  it.each([
    ['context', { ...question, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }],
    ['more properties', { ...question, subject: { ...alice, properties: { department: 'Sales' } } }],
    ['fields of versions to come', { ...question, foo: 'bar', futureField: { nested: true } }],
  ])('takes %s', async (_name, body) => {
    expect(await post('evaluation', body)).toMatchObject({ status: 200, body: { decision: true } });
  });

  it.each<[string, unknown]>([
    ['no subject', { action: read, resource: first }],
    ['no action', { subject: alice, resource: first }],
    ['no resource', { subject: alice, action: read }],
    ['a subject without type', { ...question, subject: { id: 'alice' } }],
    ['a subject without id', { ...question, subject: { type: 'user' } }],
    ['an action without name', { ...question, action: {} }],
    ['a resource without type', { ...question, resource: { id: 'record-1' } }],
    ['a resource without id', { ...question, resource: { type: 'record' } }],
    ['a subject that is a text', { ...question, subject: 'alice' }],
    ['a name that is a number', { ...question, action: { name: 123 } }],
    ['what is no JSON', '{"subject"'],
    ['nothing', ''],
    ['too much', `{"a":"${'x'.repeat(1024 * 1024)}"}`],
  ])('[P-AUTHZEN-TRANSPORT] refuses %s', async (_name, body) => {
    expect((await post('evaluation', body)).status).toBe(400);
  });

  it('[P-AUTHZEN-TRANSPORT] refuses another type of content, and tokens that are not known', async () => {
    expect((await post('evaluation', question, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await post('evaluation', question, { authorization: 'Bearer 12345678' })).status).toBe(401);
    expect((await post('evaluation', question, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('gives request ids back, with refusals too', async () => {
    const ids = { 'x-request-id': 'req-17' };
    expect((await post('evaluation', question, ids)).headers.get('x-request-id')).toBe('req-17');
    const refused = await post('evaluation', question, { ...ids, authorization: 'Bearer 12345678' });
    expect(refused.headers.get('x-request-id')).toBe('req-17');
    expect((await post('evaluation', question)).headers.get('x-request-id')).toBeNull();
  });

  const yes = { decision: true };
  const no = { decision: false };
  it.each<[string, object, object[]]>([
    [
      'one subject, two actions',
      { subject: bob, resource: first, evaluations: [{ action: read }, { action: write }] },
      [yes, no],
    ],
    [
      'one action, two subjects',
      { action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] },
      [no, yes],
    ],
    ['no defaults', { evaluations: [question, { subject: bob, action: write, resource: first }] }, [yes, no]],
    [
      'a type that items share',
      {
        subject: alice,
        action: write,
        resource: { type: 'record' },
        evaluations: [{ resource: { id: 'record-1' } }, { resource: archived }],
      },
      [yes, no],
    ],
    [
      'deny_on_first_deny',
      {
        subject: bob,
        resource: first,
        options: { evaluations_semantic: 'deny_on_first_deny' },
        evaluations: [{ action: read }, { action: write }, { action: read }],
      },
      [yes, no],
    ],
    [
      'permit_on_first_permit',
      {
        subject: bob,
        resource: first,
        options: { evaluations_semantic: 'permit_on_first_permit' },
        evaluations: [{ action: write }, { action: read }, { action: read }],
      },
      [no, yes],
    ],
  ])('[P-AUTHZEN-BATCH] evaluations: %s', async (_name, body, evaluations) => {
    expect(await post('evaluations', body)).toMatchObject({ status: 200, body: { evaluations } });
  });

  it('[P-AUTHZEN-BATCH] an item that cannot be read is a no about itself', async () => {
    const body = {
      subject: alice,
      action: read,
      evaluations: [{ resource: first }, {}, { resource: null }, 7],
    };
    const answer = await post('evaluations', body);
    const evaluations = [yes, no, no, no];
    expect(answer).toMatchObject({ status: 200, body: { evaluations } });
    const stopping = { ...body, options: { evaluations_semantic: 'deny_on_first_deny' } };
    expect((await post('evaluations', stopping)).body).toMatchObject({ evaluations: [yes, no] });
  });

  it('no evaluations are one about the request itself; what is asked wrongly is refused', async () => {
    expect((await post('evaluations', question)).body).toEqual(yes);
    expect((await post('evaluations', { ...question, evaluations: [] })).body).toEqual(yes);
    for (const wrong of [{ evaluations: {} }, { options: { evaluations_semantic: 'some' } }, { options: 1 }])
      expect((await post('evaluations', { ...question, ...wrong })).status).toBe(400);
  });

  it('names what is there, and nothing else', async () => {
    const response = await fetch(`${writ.api}/.well-known/authzen-configuration`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      policy_decision_point: writ.api,
      access_evaluation_endpoint: `${writ.api}/access/v1/evaluation`,
      access_evaluations_endpoint: `${writ.api}/access/v1/evaluations`,
      search_subject_endpoint: `${writ.api}/access/v1/search/subject`,
      search_resource_endpoint: `${writ.api}/access/v1/search/resource`,
      search_action_endpoint: `${writ.api}/access/v1/search/action`,
      access_request_endpoint: `${writ.api}/access/v1/requests`,
      jwks_uri: `${writ.api}/access/v1/jwks`,
      capabilities: ['urn:openid:authzen:capability:access-request'],
    });
  });

  const users = { subject: { type: 'user' }, action: read, resource: first };
  const records = { subject: alice, action: read, resource: { type: 'record' } };
  const actions = { subject: alice, resource: first };
  const page = { page: { limit: 1 } };
  const context = { context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } };

  it.each<[string, string, object, object[]]>([
    ['S1', 'subject', users, [alice, bob]],
    ['S1 with context', 'subject', { ...users, ...context }, [alice, bob]],
    ['S1 with an id that is passed over', 'subject', { ...users, subject: alice }, [alice, bob]],
    ['S2', 'resource', records, [first, second]],
    ['S2 with context', 'resource', { ...records, ...context }, [first, second]],
    ['S2 with an id that is passed over', 'resource', { ...records, resource: first }, [first, second]],
    ['S3', 'action', actions, [read, write]],
    ['S3 with context', 'action', { ...actions, ...context }, [read, write]],
    ['S4', 'subject', { ...users, action: write, resource: archived }, [bob]],
    ['S5', 'resource', { ...records, subject: admin, action: write }, [second]],
    ['S6', 'action', { subject: admin, resource: archived }, [write]],
  ])('search %s', async (_name, kind, body, expected) => {
    const answer = await post(`search/${kind}`, body);
    expect(answer).toMatchObject({ status: 200, body: { results: expect.any(Array) } });
    expect(answer.body).not.toHaveProperty('page');
    const { results } = answer.body as { results: object[] };
    for (const each of expected) expect(results).toContainEqual(expect.objectContaining(each));
    // What was found is what an evaluation permits, asked with the result as it is.
    for (const result of results)
      expect((await post('evaluation', { ...body, [kind]: result })).body).toEqual(yes);
  });

  it('[P-AUTHZEN-SEARCH] what nobody may, and what nobody knows, is an empty list', async () => {
    for (const [kind, body] of [
      ['action', { ...actions, subject: { type: 'user', id: 'nonexistent-user' } }],
      ['subject', { ...users, subject: { type: 'spaceship' } }],
      ['resource', { ...records, resource: { type: 'spaceship' } }],
      ['subject', { ...users, resource: { type: 'spaceship', id: 'x' }, action: { name: 'fly' } }],
    ] as const)
      expect(await post(`search/${kind}`, body)).toMatchObject({ status: 200, body: { results: [] } });
  });

  it('searches page by page, by tokens that belong to one search', async () => {
    const start = await post('search/subject', { ...users, ...page });
    expect(start.body).toEqual({ page: { next_token: expect.any(String), count: 1 }, results: [alice] });
    const token = (start.body as { page: { next_token: string } }).page.next_token;
    expect(token).not.toBe('');
    const end = await post('search/subject', { ...users, page: { token } });
    expect(end.body).toMatchObject({ page: { next_token: '', count: 1 }, results: [bob] });
    for (const other of [
      { ...users, action: write, page: { token } },
      { ...users, page: { token, limit: 2 } },
      { ...users, page: { token: 'made-up' } },
      { ...users, page: { limit: -1 } },
      { ...users, page: 7 },
    ])
      expect((await post('search/subject', other)).status).toBe(400);
  });

  it.each<[string, string, object]>([
    ['subject search without action', 'subject', { subject: { type: 'user' }, resource: first }],
    ['resource search without subject', 'resource', { action: read, resource: { type: 'record' } }],
    ['action search without resource', 'action', { subject: alice }],
    ['subject search of no resource', 'subject', { ...users, resource: { type: 'record' } }],
    ['resource search for no subject', 'resource', { ...records, subject: { type: 'user' } }],
    ['action search for no subject', 'action', { ...actions, subject: { type: 'user' } }],
    ['a search without type', 'subject', { ...users, subject: {} }],
    ['a context that is no object', 'action', { ...actions, context: 7 }],
  ])('[P-AUTHZEN-TRANSPORT] refuses %s', async (_name, kind, body) => {
    expect((await post(`search/${kind}`, body)).status).toBe(400);
  });
});
