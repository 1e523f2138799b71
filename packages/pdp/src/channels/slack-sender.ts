import type { Approval } from '@writ/decision';
import type { Outbound } from '@writ/outbound';
import { fitted, PLAIN_FORM, type TextForm } from './fitted-text.ts';
import {
  alertText,
  type ChannelAnswer,
  type ChannelNotice,
  type ChannelSender,
  CUT_ARGUMENTS,
  outcomeText,
  summaryOf,
} from './sender.ts';

export interface SlackOptions {
  readonly name: string;
  /** Bot token, `xoxb-…`, with `chat:write`. */
  readonly token: string;
  /** Conversation that is asked. */
  readonly channel: string;
  readonly outbound: Pick<Outbound, 'fetch'>;
  /** Where Slack's API is. Default `https://slack.com/api`. */
  readonly apiUrl?: string;
}

/** Ids of the buttons, as they come back in interactions. */
export const SLACK_ACTIONS = { approve: 'writ_approve', deny: 'writ_deny' } as const;

/**
 * One message per approval, with buttons while it waits. Every later step, wherever it happened, changes that message;
 * reminders and escalations answer in its thread.
 */
export function slackSender(options: SlackOptions): ChannelSender {
  return {
    name: options.name,
    send: async (notice, signal) => {
      const place = placeOf(notice.memo);
      const again = notice.event === 'reminder' || notice.event === 'escalated';
      const message = messageOf(notice);
      if (place === undefined) {
        if (notice.approval.status !== 'pending') return { ok: true };
        return call(options, 'chat.postMessage', { channel: options.channel, ...message }, signal);
      }
      const updated = await call(options, 'chat.update', { ...place, ...message }, signal);
      if (!updated.ok || !again) return updated;
      const text = `<!channel> still waiting: ${marked(summaryOf(notice.approval).title, SHORT_MAX)}`;
      const told = await call(
        options,
        'chat.postMessage',
        { channel: place.channel, thread_ts: place.ts, text },
        signal,
      );
      return told.ok ? { ok: true } : told;
    },
    alert: async ({ alert }, signal) => {
      const { title, lines, remedy } = alertText(alert);
      const shown = [...lines, remedy].map((line) => marked(line, SHORT_MAX));
      const text = [`*${marked(title, SHORT_MAX)}*`, ...shown].join('\n');
      const told = await call(options, 'chat.postMessage', { channel: options.channel, text }, signal);
      return told.ok ? { ok: true } : told;
    },
  };
}

interface Place {
  readonly channel: string;
  readonly ts: string;
}

function placeOf(memo: string | undefined): Place | undefined {
  return memo === undefined ? undefined : (JSON.parse(memo) as Place);
}

async function call(
  { outbound, token, apiUrl = 'https://slack.com/api' }: SlackOptions,
  method: string,
  body: object,
  signal: AbortSignal,
): Promise<ChannelAnswer> {
  const answer = await outbound.fetch(`${apiUrl}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.status !== 200) return { ok: false, message: `Slack answered ${answer.status}` };
  const said = JSON.parse(Buffer.from(answer.body).toString('utf8')) as {
    ok?: boolean;
    error?: string;
    channel?: string;
    ts?: string;
  };
  if (said.ok !== true) return { ok: false, message: `Slack: ${said.error ?? 'not ok'}` };
  if (method !== 'chat.postMessage' || said.channel === undefined || said.ts === undefined)
    return { ok: true };
  return { ok: true, memo: JSON.stringify({ channel: said.channel, ts: said.ts }) };
}

/** Characters of one section's text: with more Slack refuses the whole message, and nobody would be asked. */
const SECTION_MAX = 3_000;
/** Of what stands in one section with others. */
const SHORT_MAX = 800;
/** Longest address of a button. */
const URL_MAX = 3_000;

function messageOf({ approval, pageUrl }: ChannelNotice): object {
  const { title, who, why, args } = summaryOf(approval);
  const heading = approval.status === 'pending' ? 'Approval needed' : 'Decided';
  const text = `${heading}: ${marked(title, SHORT_MAX)}`;
  const lines = [
    `*${text}*`,
    `Who: ${marked(who, SHORT_MAX)}`,
    `State: ${marked(outcomeText(approval), SHORT_MAX)}`,
  ];
  return {
    text,
    blocks: [
      section(lines.join('\n')),
      // One each, so that nothing that is long hides another.
      ...why.map((line) => section(marked(`Why: ${line}`, SECTION_MAX))),
      {
        type: 'section',
        text: {
          type: 'plain_text',
          text: fitted(args, SECTION_MAX, PLAIN_FORM, CUT_ARGUMENTS),
          emoji: false,
        },
      },
      ...(approval.status === 'pending' ? [{ type: 'actions', elements: buttons(approval, pageUrl) }] : []),
    ],
  };
}

function buttons({ id }: Approval, pageUrl: string | undefined): readonly object[] {
  const button = (text: string, more: object) => ({
    type: 'button',
    text: { type: 'plain_text', text },
    ...more,
  });
  return [
    button('Approve', { action_id: SLACK_ACTIONS.approve, style: 'primary', value: id }),
    button('Deny', { action_id: SLACK_ACTIONS.deny, style: 'danger', value: id }),
    ...(pageUrl === undefined || pageUrl.length > URL_MAX
      ? []
      : [button('All of it', { action_id: 'writ_open', url: pageUrl })]),
  ];
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** Text beside markup: as much of it as fits. */
function marked(text: string, max: number): string {
  return fitted(text, max, SLACK_FORM);
}

/** The three characters that Slack reads as markup. */
const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const SLACK_FORM: TextForm = { ...PLAIN_FORM, written: (character) => ESCAPED[character] ?? character };

/** A text that is shown as it is, and no markup. */
export function slackText(text: string): string {
  return marked(text, SECTION_MAX);
}
