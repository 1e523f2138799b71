import { createPublicKey } from 'node:crypto';
import type { JsonObject } from '@writ/decision';
import { importJWK, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { asRequest, type RuleAt } from '../pipeline/support.ts';
import { type Api, get, openApi, post } from './api-fixture.ts';

let api: Api;
afterEach(() => api.close());

/** Reading is permitted; writing needs a person; deleting is refused, and that can be appealed. */
const RULES: readonly RuleAt[] = [
  {
    path: 'test/records',
    kind: 'grant',
    reads: [['action']],
    rule: (input) => {
      switch (asRequest(input).action.operation) {
        case 'read':
          return true;
        case 'write':
          return { outcome: 'escalate', reason: 'manager_approval' };
        case 'delete':
          return {
            allow: false,
            reason: 'too_dangerous',
            metadata: { appeal_path: 'access_request', alternatives: ['archive it'] },
          };
        default:
          return { allow: false, reason: 'never' };
      }
    },
  },
];

const ask = (name: string, more: JsonObject = {}): JsonObject => ({
  subject: { type: 'user', id: 'user:alice' },
  action: { name },
  resource: { type: 'record', id: 'r-1' },
  ...more,
});
interface Denied {
  readonly reason: string;
  readonly evaluation_id: string;
  readonly access_request: Readonly<Record<'binding_token' | 'expires_at' | 'template', string>>;
}
interface Body {
  readonly context: Denied;
  readonly task: { readonly id: string; readonly links: { readonly cancel: string } };
  readonly result: { readonly approval: JsonObject };
  readonly appeal: JsonObject;
  readonly jwks_uri: string;
}
const evaluate = async (body: JsonObject) =>
  (await post(`${api.url}/access/v1/evaluation`, body, api.gateway)).body as unknown as Body;
const request = async (body: JsonObject, headers = {}) =>
  post(`${api.url}/access/v1/requests`, body, { ...api.gateway, ...headers });
const status = async (id: string) =>
  (await get(`${api.url}/access/v1/requests/${id}`, api.gateway)) as unknown as {
    status: number;
    body: Body;
  };

/** The request that answers a denial, as an enforcement point echoes it. */
function answering(asked: JsonObject, denied: Body, context: JsonObject = {}): JsonObject {
  const { access_request: signal, evaluation_id, reason } = denied.context;
  const { binding_token, expires_at, template } = signal;
  return {
    ...asked,
    context: { ...(asked['context'] as JsonObject | undefined), ...context },
    denial: { evaluation_id, reason, binding_token, expires_at, template },
  };
}

const approve = (id: string) => post(`${api.url}/v1/approvals/${id}/approve`, {}, api.operator);
const URN = 'urn:openid:authzen:access-request:error:';

describe('access requests', () => {
  it.each([
    ['write', 'approval', 'manager_approval'],
    ['delete', 'appeal', 'too_dangerous'],
  ])(
    '[P-ACCESS-REQUEST-BOUND] %s: denied, requested, approved, evaluated again once',
    async (name, template, reason) => {
      api = await openApi(RULES);
      const asked = ask(name, { context: { purpose: 'cleaning' } });
      const denied = await evaluate(asked);
      expect(denied).toMatchObject({
        decision: false,
        context: { reason, access_request: { template, endpoint: `${api.url}/access/v1/requests` } },
      });
      if (template === 'appeal')
        expect(denied).toMatchObject({
          context: { alternatives: ['archive it'], appeal_path: 'access_request' },
        });
      const sent = answering(asked, denied, { business_justification: 'an audit asks for it' });
      const made = await request(sent, { 'idempotency-key': name });
      expect(made.status).toBe(202);
      const { task } = made.body as unknown as Body;
      expect(task).toMatchObject({ status: 'pending', links: { cancel: expect.any(String) } });
      expect((await request(sent, { 'idempotency-key': name })).body).toMatchObject({
        task: { id: task.id },
      });
      expect((await status(task.id)).body).toEqual({ task });
      const shown = (await get(`${api.url}/v1/approvals/${task.id}`, api.operator)).body as unknown as Body;
      if (template === 'appeal') expect(shown.appeal['justification']).toBe('an audit asks for it');
      expect((await approve(task.id)).status).toBe(200);
      const done = (await status(task.id)).body;
      expect(done).toMatchObject({
        task: { status: 'approved' },
        result: { mode: 'reevaluate', approval: { id: task.id, approved_until: expect.any(String) } },
      });
      const { approval } = done.result;
      const again = (more: JsonObject) => evaluate({ ...asked, context: { purpose: 'cleaning', ...more } });
      expect(await evaluate(ask(name, { context: { purpose: 'other', approval } }))).toMatchObject({
        decision: false,
        context: { reason: 'approval_arguments_changed', next_action: 'none' },
      });
      expect(await again({ approval })).toEqual({ decision: true });
      expect(await again({ approval })).toMatchObject({
        decision: false,
        context: { reason: 'approval_used', next_action: 'none' },
      });
    },
  );

  it('[P-ACCESS-REQUEST-BOUND] is taken for nothing but the denied question, from the caller that asked it', async () => {
    api = await openApi(RULES);
    const asked = ask('write');
    const denied = await evaluate(asked);
    const sent = answering(asked, denied);
    const token = denied.context.access_request.binding_token;
    const refused = async (body: JsonObject, problem: string, headers = {}) =>
      expect((await request(body, headers)).body).toMatchObject({ type: `${URN}${problem}` });
    await refused({ ...sent, resource: { type: 'record', id: 'r-2' } }, 'invalid_denial_binding');
    await refused({ ...sent, subject: { type: 'user', id: 'user:bob' } }, 'invalid_denial_binding');
    await refused({ ...sent, denial: {} }, 'invalid_denial_binding');
    await refused({ ...sent, denial: { binding_token: `${token}x` } }, 'invalid_denial_binding');
    await refused({ ...sent, items: [] }, 'not_requestable');
    // Another enforcement point's denial.
    const other = await post(`${api.url}/access/v1/requests`, sent, api.operator);
    expect(other.body).toMatchObject({ type: `${URN}invalid_denial_binding` });
    expect((await get(`${api.url}/v1/approvals?status=denied`, api.operator)).body).toEqual({
      approvals: [],
    });
    expect((await request(sent, { 'idempotency-key': 'one' })).status).toBe(202);
    const deleting = ask('delete');
    await refused(answering(deleting, await evaluate(deleting)), 'duplicate_request', {
      'idempotency-key': 'one',
    });
  });

  it('a denial without a way on says so, and a finished task is not cancelled', async () => {
    api = await openApi(RULES);
    const never = await evaluate(ask('burn'));
    expect(never.context).not.toHaveProperty('access_request');
    expect((await status('apr-none')).body).toMatchObject({ type: `${URN}unknown_task`, status: 404 });
    const asked = ask('write');
    const { task } = (await request(answering(asked, await evaluate(asked)))).body as unknown as Body;
    const cancel = () => post(task.links.cancel, {}, api.gateway);
    expect((await cancel()).body).toMatchObject({ task: { status: 'cancelled' } });
    expect(await cancel()).toMatchObject({ status: 409, body: { type: `${URN}invalid_task_state` } });
  });

  it('publishes the keys that bindings are verified by, and nothing secret', async () => {
    api = await openApi(RULES);
    const metadata = (await get(`${api.url}/.well-known/authzen-configuration`)).body as unknown as Body;
    expect(metadata).toMatchObject({
      access_request_endpoint: `${api.url}/access/v1/requests`,
      capabilities: ['urn:openid:authzen:capability:access-request'],
    });
    const { keys } = (await get(metadata.jwks_uri)).body as { keys: JsonObject[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
    createPublicKey({ key: keys[0] as never, format: 'jwk' });
    const denied = await evaluate(ask('write'));
    const { binding_token } = denied.context.access_request;
    const verified = await jwtVerify(binding_token, await importJWK(keys[0] as never, 'EdDSA'));
    expect(verified.payload).toMatchObject({ iss: 'writ', evaluation_id: denied.context.evaluation_id });
  });
});
