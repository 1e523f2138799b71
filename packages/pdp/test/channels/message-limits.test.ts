import type { Approval } from '@writ/decision';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitted, PLAIN_FORM } from '../../src/channels/fitted-text.ts';
import type { ChannelNotice, ChannelSender } from '../../src/channels/sender.ts';
import { slackSender } from '../../src/channels/slack-sender.ts';
import { teamsSender } from '../../src/channels/teams-sender.ts';

const HASH = `sha256:${'0'.repeat(64)}`;

/** What a sender would send, in order. */
async function sentBy(make: (outbound: never) => ChannelSender, notice: ChannelNotice): Promise<string[]> {
  const sent: string[] = [];
  const fetch = async (_url: string, { body }: { body: string }) => {
    sent.push(body);
    return { status: 200, body: Buffer.from(JSON.stringify({ ok: true, channel: 'C1', ts: '1.1' })) };
  };
  const told = await make({ fetch } as never).send(notice, AbortSignal.timeout(60_000));
  expect(told.ok).toBe(true);
  return sent;
}

const slack = (notice: ChannelNotice) =>
  sentBy((outbound) => slackSender({ name: 'slack', token: 't', channel: 'C1', outbound }), notice);
const teams = (notice: ChannelNotice) =>
  sentBy((outbound) => teamsSender({ name: 'teams', url: 'https://teams.example', outbound }), notice);

interface SlackText {
  readonly type: string;
  readonly text: string;
}
interface SlackBlock {
  readonly type: string;
  readonly text?: SlackText;
  readonly elements?: readonly { text: SlackText; action_id: string; value?: string; url?: string }[];
}

/** What Slack would refuse: the limits of its reference of blocks and of `chat.postMessage`. */
function slackFaults(body: string): readonly string[] {
  const { text, blocks = [] } = JSON.parse(body) as { text: string; blocks?: readonly SlackBlock[] };
  const within = (what: string, value: string | undefined, max: number, min = 1) =>
    value === undefined || (value.length >= min && value.length <= max) ? [] : [`${what}: ${value.length}`];
  return [
    ...within('text', text, 4_000),
    ...(blocks.length > 50 ? ['blocks'] : []),
    ...blocks.flatMap(({ type, text: shown, elements = [] }) => [
      ...within(type, shown?.text, 3_000),
      ...(elements.length > 25 ? ['elements'] : []),
      ...elements.flatMap((button) => [
        ...within('label', button.text.text, 75),
        ...within('action_id', button.action_id, 255),
        ...within('value', button.value, 2_000),
        ...within('url', button.url, 3_000),
      ]),
    ]),
  ];
}

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom('&', '<@U1>', '\\', '*', '\u{1f600}', '\u4f60', '"', '\ud800', '\n'),
      fc.nat(6_000),
    )
    .map(([text, count]) => text.repeat(count)),
);
const approvals: fc.Arbitrary<Approval> = fc
  .record({
    server: hostile,
    tool: hostile,
    actor: hostile,
    principal: hostile,
    message: hostile,
    justification: hostile,
    comment: hostile,
    argument: hostile,
    starts: hostile,
    status: fc.constantFrom('pending', 'denied'),
    reasons: fc.nat(20),
  })
  .map((drawn) => ({
    id: 'apr-01890000-0000-7000-8000-000000000000',
    status: drawn.status as Approval['status'],
    created_at: '2026-06-01T12:00:00Z',
    expires_at: '2026-06-01T13:00:00Z',
    decision_id: 'dec-1',
    principal: { id: drawn.principal, tenant: drawn.principal },
    actor: { id: drawn.actor },
    action: { type: 'tool_call', tool: drawn.tool, server: drawn.server, args: { a: drawn.argument } },
    arg_hash: HASH,
    forwarded_hash: HASH,
    reasons: Array.from({ length: drawn.reasons }, () => ({ code: 'large', message: drawn.message })),
    standing: { uses: 1, seconds: 60, arguments: [{ at: '/a', starts_with: drawn.starts }] },
    appeal: { justification: drawn.justification },
    comment: drawn.comment,
    decided_by: drawn.actor,
  }));
const notices: fc.Arbitrary<ChannelNotice> = fc
  .record({
    approval: approvals,
    event: fc.constantFrom('requested', 'reminder'),
    page: fc.constantFrom(100, 2_990, 5_000),
    told: fc.boolean(),
  })
  .map(({ approval, event, page, told }) => ({
    id: 'msg_1',
    event,
    approval,
    pageUrl: `https://writ.example/${'p'.repeat(page)}`,
    ...(told ? { memo: JSON.stringify({ channel: 'C1', ts: '1.1' }) } : {}),
  }));

it('[P-CHANNEL-LOSES-NOTHING] Slack refuses no message for what stands in the call', async () => {
  await fc.assert(
    fc.asyncProperty(notices, async (notice) => {
      for (const body of await slack(notice)) expect(slackFaults(body)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it('[P-CHANNEL-LOSES-NOTHING] Teams takes every card: none is larger than 28 KB', async () => {
  await fc.assert(
    fc.asyncProperty(notices, async (notice) => {
      for (const body of await teams(notice)) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(28_000);
    }),
    { numRuns: 60 },
  );
});

it('[P-CHANNEL-LOSES-NOTHING] also where every text of a call is as long as can be', async () => {
  for (const text of ['&', '\\', '\u4f60', '\u{1f600}', '\u0001'].map((one) => one.repeat(50_000))) {
    const [drawn] = fc.sample(approvals, { numRuns: 1, seed: 1 });
    const reasons = [{ code: 'large', message: text }];
    const approval: Approval = {
      ...(drawn as Approval),
      status: 'pending',
      principal: { id: text },
      actor: { id: text },
      action: { type: 'tool_call', tool: text, server: text, args: { text } },
      standing: { uses: 1, seconds: 60, arguments: [{ at: '/a', starts_with: text }] },
      appeal: { justification: text },
      reasons,
    };
    const decided = { status: 'denied', decided_by: text, comment: text } as const;
    for (const each of [approval, { ...approval, ...decided }]) {
      const pageUrl = `https://writ.example/${'p'.repeat(5_000)}`;
      const notice = { id: 'msg_1', event: 'requested', approval: each, pageUrl };
      for (const memo of [{}, { memo: '{"channel":"C1","ts":"1"}' }])
        for (const body of await slack({ ...notice, ...memo })) expect(slackFaults(body)).toEqual([]);
      for (const body of await teams(notice)) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(28_000);
    }
  }
});

it('a message says where arguments were cut off, and cuts nothing else away', async () => {
  const [drawn] = fc.sample(approvals, { numRuns: 1, seed: 1 });
  const approval: Approval = {
    ...(drawn as Approval),
    status: 'pending',
    action: { type: 'tool_call', tool: 'pay', args: { note: 'x'.repeat(20_000) } },
    reasons: [{ code: 'large', message: '&'.repeat(5_000) }],
    standing: { uses: 7, seconds: 60 },
    appeal: { justification: 'it is due' },
  };
  const notice = { id: 'msg_1', event: 'requested', approval, pageUrl: 'https://writ.example/a' };
  for (const [body = ''] of [await slack(notice), await teams(notice)]) {
    expect(body).toMatch(/x\u2026 .{0,2}cut off here: look at all of it before you decide/);
    expect(body).toContain('Appeal: it is due');
    expect(body).toMatch(/uses.{1,3}:7/);
  }
});

it('a text is cut between characters, and before they are escaped', () => {
  const form = { ...PLAIN_FORM, written: (mark: string) => (mark === '&' ? '&amp;' : mark) };
  expect([fitted('abc', 3), fitted('abcd', 3)]).toEqual(['abc', 'ab\u2026']);
  expect(fitted('\u{1f600}\u{1f600}', 3)).toBe('\u{1f600}\u2026');
  expect(fitted('a&b', 6, form)).toBe('a\u2026');
  expect(fitted('a&b', 7, form)).toBe('a&amp;b');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 30 }), (text, max) => {
      const cut = fitted(text, max, form);
      expect(cut.length).toBeLessThanOrEqual(max);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut.replace(/&amp;/g, '')).not.toContain('&');
    }),
  );
});
