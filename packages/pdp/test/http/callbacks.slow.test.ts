import type { JsonObject } from '@writ/decision';
import { createOutbound } from '@writ/outbound';
import { afterEach, describe, expect, it } from 'vitest';
import { callbackSender } from '../../src/channels/callback-sender.ts';
import { startChannels } from '../../src/channels/start-channels.ts';
import { webhookSignature } from '../../src/channels/webhook-signature.ts';
import { type Received, startReceiver } from '../channels/receiver.ts';
import type { RuleAt } from '../pipeline/support.ts';
import { type Api, get, openApi, post } from './api-fixture.ts';

const SECRET = Buffer.alloc(32, 7);
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const RULES: readonly RuleAt[] = [
  {
    path: 'test/records',
    kind: 'grant',
    rule: () => ({ outcome: 'escalate', reason: 'manager' }),
    reads: [],
  },
];

let names = 0;

/** A service whose point `gateway` may be told at a receiver that checks who sends. */
async function openCalledBack(points?: readonly string[]) {
  let failing = 0;
  const receiver = await startReceiver((_, response) => {
    response.writeHead(failing-- > 0 ? 500 : 204).end();
  });
  undo.push(() => receiver.close());
  const { received } = receiver;
  const url = `${receiver.url}/told`;
  const outbound = createOutbound({ allowLoopback: true });
  undo.push(() => outbound.close());
  const name = `agents-${++names}`;
  const sender = callbackSender({ name, url, secret: SECRET, outbound });
  const api = await openApi(RULES, {
    fixtureOptions: { channels: [sender.name] },
    callbacks: [{ name, url, ...(points === undefined ? {} : { points }) }],
  });
  undo.push(() => api.close());
  const desk = api.fixture.point.administration.channels;
  const channels = startChannels({ desk, senders: [sender], lookEveryMs: 20, retryMs: 20 });
  undo.push(() => channels.close());
  return { api, url, received, failNext: (count: number) => (failing = count) };
}

let records = 0;

/** A denied evaluation and the request that answers it. */
async function answering(api: Api, callback: JsonObject): Promise<JsonObject> {
  const asked = {
    subject: { type: 'user', id: 'user:alice' },
    action: { name: 'write' },
    resource: { type: 'record', id: `r-${++records}` },
  };
  const denied = (await post(`${api.url}/access/v1/evaluation`, asked, api.gateway)).body as unknown as {
    context: { access_request: { binding_token: string } };
  };
  const { binding_token } = denied.context.access_request;
  return { ...asked, denial: { binding_token }, callback };
}

const request = async (api: Api, body: JsonObject) => {
  const made = await post(`${api.url}/access/v1/requests`, body, api.gateway);
  return made as unknown as { status: number; body: JsonObject & { task: { id: string } } };
};
const judge = (api: Api, id: string, verb: 'approve' | 'deny') =>
  post(`${api.url}/v1/approvals/${id}/${verb}`, {}, api.operator);

/** As a receiver reads it: the signature first. */
function verified({ headers, text }: Received): JsonObject {
  const id = String(headers['webhook-id']);
  const own = webhookSignature(SECRET, id, Number(headers['webhook-timestamp']), text);
  expect(headers['webhook-signature']).toBe(`v1,${own}`);
  return JSON.parse(text) as JsonObject;
}

describe('callbacks of access requests', () => {
  it('[P-CALLBACK-AGREED] tell once, signed, what status_endpoint tells, with the state as it came', async () => {
    const { api, url, received, failNext } = await openCalledBack(['gateway']);
    const state = { flow: ['a', 1, null] };
    const sent = await answering(api, { endpoint: url, state });
    const made = await request(api, sent);
    expect(made.status).toBe(202);
    const { id } = made.body.task;
    // The same once more is the same subscription.
    expect((await request(api, sent)).body.task.id).toBe(id);
    failNext(1);
    await judge(api, id, 'approve');
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id']);
    const told = verified(received[1] as Received);
    const shown = (await get(`${api.url}/access/v1/requests/${id}`, api.gateway)).body;
    expect(told).toEqual({ state, ...shown });
    expect(told).toMatchObject({ task: { id, status: 'approved' }, result: { mode: 'reevaluate' } });
    const { approval } = told['result'] as JsonObject;
    const { denial: _denial, callback: _callback, ...asked } = sent;
    const again = await post(
      `${api.url}/access/v1/evaluation`,
      { ...asked, context: { approval } } as JsonObject,
      api.gateway,
    );
    expect(again.body).toEqual({ decision: true });
  });

  it('tell each that asked of what it asked for, and none of anything else', async () => {
    const { api, url, received } = await openCalledBack();
    const sent = await answering(api, { endpoint: url, state: 'one', events: ['approved', 'failed'] });
    const { id } = (await request(api, sent)).body.task;
    await request(api, { ...sent, callback: { endpoint: url, state: 'two' } });
    await judge(api, id, 'deny');
    const other = (await request(api, await answering(api, { endpoint: url }))).body.task.id;
    await post(`${api.url}/access/v1/requests/${other}/cancel`, {}, api.gateway);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    const told = received.map((each) => verified(each));
    expect(told).toContainEqual(
      expect.objectContaining({ state: 'two', task: expect.objectContaining({ id, status: 'denied' }) }),
    );
    expect(told).toContainEqual({ task: expect.objectContaining({ id: other, status: 'cancelled' }) });
  });

  it('[P-CALLBACK-AGREED] go nowhere that is not agreed with this very point', async () => {
    const { api, url } = await openCalledBack(['another']);
    const refused = async (callback: JsonObject, detail: RegExp) => {
      const made = await request(api, await answering(api, callback));
      expect(made.status).toBe(400);
      expect(made.body).toMatchObject({
        type: 'urn:writ:access-request:error:invalid_callback',
        detail: expect.stringMatching(detail),
      });
    };
    await refused({ endpoint: url }, /agreed/);
    await refused({ endpoint: `${url}/` }, /agreed/);
    await refused({ endpoint: 'http://169.254.169.254/latest' }, /agreed/);
    await refused({}, /endpoint/);
    await refused({ endpoint: url, events: ['granted'] }, /events/);
    await refused({ endpoint: url, state: 'x'.repeat(5_000) }, /state/);
    await refused({ endpoint: url, headers: {} }, /no `headers`/);
  });

  it('bounds how many are told of one request, and names no callback as a way to people', async () => {
    const { api, url } = await openCalledBack();
    const sent = await answering(api, { endpoint: url });
    for (let turn = 0; turn < 16; turn += 1)
      expect((await request(api, { ...sent, callback: { endpoint: url, state: turn } })).status).toBe(202);
    expect((await request(api, { ...sent, callback: { endpoint: url, state: 'more' } })).status).toBe(400);
    const decided = await post(
      `${api.url}/v1/decide`,
      {
        request: {
          principal: { id: 'user:bob' },
          actor: { id: 'agent:a' },
          action: { type: 'tool_call', phase: 'call', tool: 'x' },
        },
      },
      api.gateway,
    );
    expect(decided.body).toMatchObject({ outcome: 'escalate', approval: { status: 'pending' } });
    expect(decided.body['approval']).not.toHaveProperty('approver_channel');
  });
});
