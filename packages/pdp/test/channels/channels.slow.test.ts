import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createOutbound, type Outbound } from '@writ/outbound';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChannelSender } from '../../src/channels/sender.ts';
import { slackSender } from '../../src/channels/slack-sender.ts';
import { startAlerts } from '../../src/channels/start-alerts.ts';
import { startChannels } from '../../src/channels/start-channels.ts';
import { teamsSender } from '../../src/channels/teams-sender.ts';
import { webhookSender } from '../../src/channels/webhook-sender.ts';
import { webhookSignature } from '../../src/channels/webhook-signature.ts';
import { tokenDigest } from '../../src/http/credentials.ts';
import { type Api, openApi } from '../http/api-fixture.ts';
import { type FixtureOptions, type RuleAt, toolCall } from '../pipeline/support.ts';
import { type Received, type Receiver, startReceiver } from './receiver.ts';

const SECRET = Buffer.alloc(32, 7);
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Closed when the test ends. */
async function receiver(answer: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const started = await startReceiver(answer);
  undo.push(() => started.close());
  return started;
}

function outbound(): Outbound {
  const made = createOutbound({ allowLoopback: true });
  undo.push(() => made.close());
  return made;
}

const RULES: readonly RuleAt[] = [
  {
    path: 'test/pay',
    kind: 'grant',
    rule: () => ({ outcome: 'escalate', reason: 'needs_a_person', message: '<b>&' }),
    reads: [],
  },
];

async function openWith(
  senders: readonly ChannelSender[],
  more: { rules?: readonly RuleAt[]; fixture?: FixtureOptions; slack?: Parameters<typeof openApi>[1] } = {},
): Promise<Api> {
  const api = await openApi(more.rules ?? RULES, {
    ...more.slack,
    fixtureOptions: { channels: senders.map(({ name }) => name), ...more.fixture },
  });
  undo.push(() => api.close());
  const { channels } = api.fixture.point.administration;
  const running = startChannels({
    desk: channels,
    senders,
    pageUrl: 'https://writ.example',
    lookEveryMs: 20,
    retryMs: 20,
    timeoutMs: 2_000,
    endingMs: 100,
  });
  undo.push(() => running.close());
  return api;
}

async function asked(api: Api, n: number): Promise<string> {
  const decision = await api.fixture.point.decide(toolCall('pay', { n, password: 'hunter2' }));
  expect(decision.outcome).toBe('escalate');
  return decision.approval?.id ?? '';
}

const typeOf = ({ text }: Received): string => JSON.parse(text).type;
const ok = (_: Received, response: ServerResponse) => void response.writeHead(204).end();

/** Tests share a store, with what was not told in it: each has channels of its own. */
let names = 0;
const newName = (): string => `channel-${++names}`;

describe('webhooks', () => {
  it('[P-CHANNEL-SIGNED] tell every step, signed as Standard Webhooks has it, without what is masked', async () => {
    const { url, received } = await receiver(ok);
    const api = await openWith([
      webhookSender({ name: newName(), url, secret: SECRET, outbound: outbound() }),
    ]);
    const id = await asked(api, 1);
    await expect.poll(() => received.map(typeOf), { timeout: 10_000 }).toEqual(['approval.requested']);
    await api.fixture.point.administration.approvals.approve(id, 'operator');
    await expect
      .poll(() => received.map(typeOf), { timeout: 10_000 })
      .toEqual(['approval.requested', 'approval.approved']);
    await api.fixture.point.decide(toolCall('pay', { n: 1, password: 'hunter2' }, { approval_id: id }));
    await expect.poll(() => received.map(typeOf).at(-1), { timeout: 10_000 }).toBe('approval.used');
    for (const { headers, text } of received) {
      const stamp = Number(headers['webhook-timestamp']);
      const own = webhookSignature(SECRET, String(headers['webhook-id']), stamp, text);
      expect(headers['webhook-signature']).toBe(`v1,${own}`);
      expect(Math.abs(Date.now() / 1000 - stamp)).toBeLessThan(60);
      expect(text).not.toContain('hunter2');
      expect(JSON.parse(text).data).toMatchObject({
        approval: { id },
        page_url: `https://writ.example/approvals/${id}`,
      });
    }
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  });

  it('[P-CHANNEL-LOSES-NOTHING] are told again with the same id until they took it, across restarts', async () => {
    let failing = true;
    const { url, received } = await receiver(
      (_, response) => void response.writeHead(failing ? 500 : 200).end(),
    );
    const name = newName();
    const sender = webhookSender({ name, url, secret: SECRET, outbound: outbound() });
    const api = await openApi(RULES, { fixtureOptions: { channels: [name] } });
    undo.push(() => api.close());
    const desk = api.fixture.point.administration.channels;
    // Nobody tells yet: the notice waits in the state.
    await asked(api, 1);
    expect(await desk.due(name)).toHaveLength(1);
    const first = startChannels({ desk, senders: [sender], lookEveryMs: 10, retryMs: 10 });
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    await first.close();
    failing = false;
    const second = startChannels({ desk, senders: [sender], lookEveryMs: 10, retryMs: 10 });
    undo.push(() => second.close());
    // What is being sent is not due, and not told either: the cell goes when the receiver took it.
    const waiting = () => api.fixture.store.scan(`outbox/${name}/`);
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('[P-CHANNEL-HOLDS-NOTHING-UP] a receiver that never answers delays neither decisions nor other channels', async () => {
    const dead = await receiver(() => {});
    const live = await receiver(ok);
    const client = outbound();
    const api = await openWith([
      webhookSender({ name: newName(), url: dead.url, secret: SECRET, outbound: client }),
      webhookSender({ name: newName(), url: live.url, secret: SECRET, outbound: client }),
    ]);
    const ids = await Promise.all(Array.from({ length: 8 }, (_, n) => asked(api, n)));
    await expect.poll(() => live.received.length, { timeout: 10_000 }).toBe(8);
    const approved = await api.fixture.point.administration.approvals.approve(ids[0] ?? '', 'operator');
    expect(approved.ok).toBe(true);
  });

  it('two processes tell a notice once', async () => {
    const { url, received } = await receiver(ok);
    const sender = webhookSender({ name: newName(), url, secret: SECRET, outbound: outbound() });
    const api = await openWith([sender]);
    const second = startChannels({
      desk: api.fixture.point.administration.channels,
      senders: [sender],
      lookEveryMs: 15,
    });
    undo.push(() => second.close());
    await Promise.all(Array.from({ length: 10 }, (_, n) => asked(api, n)));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(10);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(10);
  });
});

describe('ending', () => {
  it('[P-CHANNEL-LOSES-NOTHING] what is being told when a process ends is told to its end, and not again by the next', async () => {
    let answer = (): void => {};
    const { url, received } = await receiver((_, response) => {
      answer = () => void response.writeHead(204).end();
    });
    const name = newName();
    const sender = webhookSender({ name, url, secret: SECRET, outbound: outbound() });
    const api = await openApi(RULES, { fixtureOptions: { channels: [name] } });
    undo.push(() => api.close());
    const desk = api.fixture.point.administration.channels;
    const first = startChannels({ desk, senders: [sender], lookEveryMs: 10 });
    await asked(api, 1);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
    const closed = first.close();
    answer();
    await closed;
    expect(await api.fixture.store.scan(`outbox/${name}/`)).toEqual([]);
    // One that does not answer is left, to be told by whoever comes next.
    const second = startChannels({ desk, senders: [sender], lookEveryMs: 10, endingMs: 50 });
    await asked(api, 2);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    await second.close();
    expect(await api.fixture.store.scan(`outbox/${name}/`)).toHaveLength(1);
  });
});

describe('time', () => {
  it('ends what nobody decided, reminds, and asks further people, each told once', async () => {
    const { url, received } = await receiver(ok);
    const rule = () => ({
      groups: ['finance'],
      ttl_seconds: 8,
      remind_after_seconds: 1000,
      escalate: [{ after_seconds: 0.2, groups: ['on-call'] }],
    });
    const hook = webhookSender({ name: newName(), url, secret: SECRET, outbound: outbound() });
    const api = await openWith([hook], {
      rules: [...RULES, { path: 'test/approvers', kind: 'approvers', rule }],
    });
    const id = await asked(api, 1);
    const { approvals } = api.fixture.point.administration;
    const late = { id: 'user:olga', groups: ['on-call'] };
    await expect
      .poll(() => received.map(typeOf), { timeout: 15_000 })
      .toEqual(['approval.requested', 'approval.escalated']);
    expect((await approvals.get(id))?.asked).toEqual(['finance', 'on-call']);
    const other = await asked(api, 2);
    await expect.poll(async () => (await approvals.approve(other, late)).ok, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => received.map(typeOf), { timeout: 20_000 }).toContain('approval.expired');
    expect((await approvals.get(id))?.status).toBe('expired');
    expect(received.map(typeOf).filter((type) => type === 'approval.expired')).toHaveLength(1);
  }, 40_000);
});

describe('Slack', () => {
  const signing = 'slack-signing-secret';
  const carol = { id: 'user:carol', groups: [] };

  async function openSlack() {
    const slack = await receiver(({ path }, response) => {
      const answer = path.endsWith('postMessage') ? { ok: true, channel: 'C1', ts: '1.1' } : { ok: true };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    const client = outbound();
    const sender = slackSender({
      name: newName(),
      token: 'xoxb-1',
      channel: 'C1',
      outbound: client,
      apiUrl: `${slack.url}/api`,
    });
    const interactions = {
      signingSecret: signing,
      people: new Map([['U1', carol]]),
      outbound: client,
      responseOrigin: slack.url,
    };
    const api = await openWith([sender], { slack: { slack: interactions } });
    return { api, slack };
  }

  const press = (
    api: Api,
    slackUrl: string,
    value: string,
    more: { user?: string; age?: number; secret?: string; action?: string } = {},
  ) => {
    const payload = {
      type: 'block_actions',
      user: { id: more.user ?? 'U1' },
      actions: [{ action_id: more.action ?? 'writ_approve', value }],
      response_url: `${slackUrl}/respond`,
    };
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const timestamp = String(Math.floor(Date.now() / 1000) - (more.age ?? 0));
    const signature = `v0=${createHmac('sha256', more.secret ?? signing)
      .update(`v0:${timestamp}:${body}`)
      .digest('hex')}`;
    const send = () =>
      fetch(`${api.url}/v1/channels/slack`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': signature,
        },
      });
    return send;
  };

  it('[P-CHANNEL-CLOSED] asks with buttons, and its message changes when somebody decides elsewhere', async () => {
    const { api, slack } = await openSlack();
    const id = await asked(api, 1);
    await expect.poll(() => slack.received.length, { timeout: 10_000 }).toBe(1);
    expect(slack.received[0]).toMatchObject({
      path: '/api/chat.postMessage',
      headers: { authorization: 'Bearer xoxb-1' },
    });
    expect(slack.received[0]?.text).toContain('writ_approve');
    expect(slack.received[0]?.text).toContain('&lt;b&gt;&amp;');
    await api.fixture.point.administration.approvals.deny(id, 'operator');
    await expect.poll(() => slack.received.at(-1)?.path, { timeout: 10_000 }).toBe('/api/chat.update');
    const update = slack.received.at(-1)?.text ?? '';
    expect(JSON.parse(update)).toMatchObject({ channel: 'C1', ts: '1.1' });
    expect(update).toContain('denied by operator');
    expect(update).not.toContain('writ_approve');
  });

  it('[P-CHANNEL-FORGED] takes a verdict only of Slack, of these five minutes, once, and of people it knows', async () => {
    const { api, slack } = await openSlack();
    const id = await asked(api, 1);
    const status = async () => (await api.fixture.point.approval.get(id))?.status;
    expect((await press(api, slack.url, id, { secret: 'other' })()).status).toBe(401);
    expect((await press(api, slack.url, id, { age: 301 })()).status).toBe(401);
    expect((await press(api, slack.url, id, { age: -301 })()).status).toBe(401);
    expect((await press(api, slack.url, id, { user: 'U9' })()).status).toBe(200);
    expect((await press(api, slack.url, id, { action: 'constructor' })()).status).toBe(200);
    expect(await status()).toBe('pending');
    const send = press(api, slack.url, id);
    expect((await send()).status).toBe(200);
    expect(await api.fixture.point.administration.approvals.get(id)).toMatchObject({
      status: 'approved',
      decided_by: 'user:carol',
    });
    expect((await send()).status).toBe(401);
    await expect
      .poll(() => slack.received.some(({ path }) => path === '/respond'), { timeout: 10_000 })
      .toBe(true);
  });
});

describe('Teams', () => {
  it('gets a card that links to the page, and another one that says what became of it', async () => {
    const { url, received } = await receiver(ok);
    const api = await openWith([teamsSender({ name: newName(), url, outbound: outbound() })]);
    const id = await asked(api, 1);
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
    const card = JSON.parse(received[0]?.text ?? '').attachments[0];
    expect(card).toMatchObject({
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        type: 'AdaptiveCard',
        actions: [{ type: 'Action.OpenUrl', url: `https://writ.example/approvals/${id}` }],
      },
    });
    await api.fixture.point.administration.approvals.approve(id, 'operator');
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    expect(received[1]?.text).toContain('approved by operator');
    expect(received[1]?.text).not.toContain('Action.OpenUrl');
  });
});

describe('alerts', () => {
  const ALERT = {
    type: 'mcp.definitions_changed',
    title: 'MCP server a: 1 new or changed definition is quarantined',
    lines: ['tool "<!channel> [here](https://evil.example)\u202e"'],
    remedy: 'Look at it: writ mcp diff',
    data: { server: 'a' },
  };

  it('[P-CHANNEL-SIGNED] reach every kind of channel, again until one takes it, and nothing in them is markup', async () => {
    let refusals = 2;
    const hook = await receiver((_, response) => void response.writeHead(refusals-- > 0 ? 500 : 204).end());
    const slack = await receiver((_, response) => void response.end('{"ok":true}'));
    const teams = await receiver(ok);
    const given = outbound();
    const alerts = startAlerts({
      senders: [
        webhookSender({ name: 'hook', url: hook.url, secret: SECRET, outbound: given }),
        slackSender({ name: 'slack', token: 'xoxb', channel: 'C1', outbound: given, apiUrl: slack.url }),
        teamsSender({ name: 'teams', url: teams.url, outbound: given }),
      ],
      retryMs: 5,
    });
    alerts.tell(ALERT);
    await expect.poll(() => hook.received.length, { timeout: 10_000 }).toBe(3);
    const [first, , last] = hook.received;
    expect(first?.headers['webhook-id']).toBe(last?.headers['webhook-id']);
    const stamp = Number(last?.headers['webhook-timestamp']);
    const own = webhookSignature(SECRET, String(last?.headers['webhook-id']), stamp, last?.text ?? '');
    expect(last?.headers['webhook-signature']).toBe(`v1,${own}`);
    expect(JSON.parse(last?.text ?? '')).toMatchObject({ type: ALERT.type, data: { server: 'a' } });
    await expect.poll(() => [slack.received.length, teams.received.length]).toEqual([1, 1]);
    const { text } = JSON.parse(slack.received[0]?.text ?? '');
    expect(text).toContain('&lt;!channel&gt;');
    expect(text).not.toMatch(/<!channel>|\u202e/);
    const card = JSON.stringify(JSON.parse(teams.received[0]?.text ?? '').attachments[0].content.body);
    expect(card).toContain('\\\\[here\\\\]');
    await alerts.close();
  });

  it('are given up where nobody takes them, and do not hold up the end', async () => {
    const hook = await receiver((_, response) => void response.writeHead(410).end());
    const faults: string[] = [];
    const alerts = startAlerts({
      senders: [webhookSender({ name: 'hook', url: hook.url, secret: SECRET, outbound: outbound() })],
      onFault: (what) => void faults.push(what),
    });
    alerts.tell(ALERT);
    await expect.poll(() => faults, { timeout: 10_000 }).toEqual(['telling hook, given up']);
    await alerts.close();
  });
});

describe('the page', () => {
  const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const form = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers });

  it('[P-PAGE-SAFE] judges only with the session and its own form, shows names as text, and runs no script', async () => {
    const token = 'a-token-of-the-operator';
    const api = await openApi(RULES, { credentials: { operatorSha256: tokenDigest(token), points: [] } });
    undo.push(() => api.close());
    const call = toolCall('pay', { n: '<script>alert(1)</script>' });
    const decision = await api.fixture.point.decide(call);
    const id = decision.approval?.id ?? '';
    const page = `${api.url}/approvals/${id}`;
    const closed = await fetch(page);
    expect(await closed.text()).not.toContain('alert');
    expect((await form(`${api.url}/approvals/login`, { token: 'wrong-token', next: '/' })).status).toBe(401);
    const login = await form(`${api.url}/approvals/login`, { token, next: '//evil.example' });
    expect(login).toMatchObject({ status: 303 });
    expect(login.headers.get('location')).toBe('/approvals');
    expect(login.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
    const cookie = cookieOf(login);
    // `fetch` of Node sets these headers itself, so browsers are imitated without it.
    const navigated = { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const open = await api.http.app.inject({ url: `/approvals/${id}`, headers: navigated });
    const html = open.body;
    expect(open.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<script|javascript:|onclick/i);
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const verdict = { verdict: 'approve', comment: 'seen' };
    expect((await form(page, { ...verdict, csrf })).status).toBe(403);
    expect((await form(page, { ...verdict, csrf: 'other' }, { cookie })).status).toBe(403);
    const foreign = { cookie, origin: 'https://evil.example' };
    expect((await form(page, { ...verdict, csrf }, foreign)).status).toBe(403);
    const payload = new URLSearchParams({ ...verdict, csrf }).toString();
    const sneaked = await api.http.app.inject({
      method: 'POST',
      url: `/approvals/${id}`,
      headers: navigated,
      payload,
    });
    expect(sneaked.statusCode).toBe(403);
    expect((await api.fixture.point.approval.get(id))?.status).toBe('pending');
    expect((await form(page, { ...verdict, csrf }, { cookie })).status).toBe(200);
    expect(await api.fixture.point.approval.get(id)).toMatchObject({ status: 'approved', comment: 'seen' });
    expect((await form(page, { ...verdict, csrf }, { cookie })).status).toBe(409);
    await form(`${api.url}/approvals/logout`, { csrf }, { cookie });
    expect(await (await fetch(page, { headers: { cookie } })).text()).toContain('Your token');
  });

  it('judges the chosen ones of the list', async () => {
    const token = 'a-token-of-the-operator';
    const api = await openApi(RULES, { credentials: { operatorSha256: tokenDigest(token), points: [] } });
    undo.push(() => api.close());
    const [first, second] = [await asked(api, 1), await asked(api, 2)];
    const cookie = cookieOf(await form(`${api.url}/approvals/login`, { token }));
    const html = await (await fetch(`${api.url}/approvals`, { headers: { cookie } })).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const body = new URLSearchParams([
      ['csrf', csrf],
      ['verdict', 'deny'],
      ['id', first],
      ['id', second],
    ]);
    const answer = await fetch(`${api.url}/approvals`, {
      method: 'POST',
      redirect: 'manual',
      body,
      headers: { cookie },
    });
    expect(answer.status).toBe(303);
    expect((await api.fixture.point.approval.get(second))?.status).toBe('denied');
  });
});
