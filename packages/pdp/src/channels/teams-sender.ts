import type { Outbound } from '@writ/outbound';
import { fitted, type TextForm } from './fitted-text.ts';
import {
  alertText,
  type ChannelAlert,
  type ChannelAnswer,
  type ChannelNotice,
  type ChannelSender,
  CUT_ARGUMENTS,
  outcomeText,
  summaryOf,
} from './sender.ts';
import { answerOf } from './signed-post.ts';

/** Steps that a card is posted for: the question, what is asked again, and what became of it. */
const TOLD: ReadonlySet<string> = new Set([
  'requested',
  'reminder',
  'escalated',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'revoked',
]);

/**
 * Posts adaptive cards to a Teams workflow. A card cannot be changed afterwards and carries no verdict: it links to the
 * page, and a second card says what became of the first.
 */
export function teamsSender(options: {
  readonly name: string;
  readonly url: string;
  readonly outbound: Pick<Outbound, 'fetch'>;
}): ChannelSender {
  const post = async (message: object, signal: AbortSignal): Promise<ChannelAnswer> => {
    const { status } = await options.outbound.fetch(options.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      signal,
    });
    return answerOf(status);
  };
  return {
    name: options.name,
    send: async (notice, signal) => (TOLD.has(notice.event) ? post(messageOf(notice), signal) : { ok: true }),
    alert: ({ alert }, signal) => post(alertMessage(alert), signal),
  };
}

/** Of one line among many. */
const LINE_MAX = 400;

function alertMessage(alert: ChannelAlert): object {
  const { title, lines, remedy } = alertText(alert);
  return cardMessage([
    headingBlock(marked(title, SHORT_MAX)),
    ...[...lines, remedy].map((line) => ({ type: 'TextBlock', wrap: true, text: marked(line, LINE_MAX) })),
  ]);
}

function headingBlock(text: string): object {
  return { type: 'TextBlock', size: 'Medium', weight: 'Bolder', wrap: true, text };
}

function cardMessage(body: readonly object[], more: object = {}): object {
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body,
    ...more,
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  };
}

/** Bytes of JSON of a card's texts: Teams drops a card of more than 28 KB, and nobody would be asked. */
const SHORT_MAX = 1_500;
const LONG_MAX = 4_000;

function messageOf({ approval, event, pageUrl }: ChannelNotice): object {
  const { title, who, why, args } = summaryOf(approval);
  const open = approval.status === 'pending';
  const facts = [
    { title: 'Who', value: marked(who, SHORT_MAX) },
    // One each, so that nothing that is long hides another.
    ...why.map((line) => ({ title: 'Why', value: marked(line, LONG_MAX) })),
    { title: 'State', value: marked(outcomeText(approval), SHORT_MAX) },
    { title: 'Until', value: marked(approval.expires_at, SHORT_MAX) },
  ];
  const heading = open ? (event === 'requested' ? 'Approval needed' : 'Still waiting') : 'Decided';
  return cardMessage(
    [
      headingBlock(`${heading}: ${marked(title, SHORT_MAX)}`),
      { type: 'FactSet', facts },
      ...(open
        ? [
            {
              type: 'TextBlock',
              fontType: 'Monospace',
              wrap: true,
              text: marked(args, LONG_MAX, CUT_ARGUMENTS),
            },
          ]
        : []),
    ],
    open && pageUrl !== undefined
      ? { actions: [{ type: 'Action.OpenUrl', title: 'Look and decide', url: pageUrl }] }
      : {},
  );
}

/** As much of a text as fits, as Markdown that says just this: what an agent wrote must not become a link. */
function marked(text: string, bytesMax: number, ending?: string): string {
  return fitted(text, bytesMax, TEAMS_FORM, ending);
}

const MARKS = new Set('\\`*_[]()<>#|~');
const TEAMS_FORM: TextForm = {
  written: (character) => (MARKS.has(character) ? `\\${character}` : character),
  size: (written) => Buffer.byteLength(JSON.stringify(written)) - 2,
};
