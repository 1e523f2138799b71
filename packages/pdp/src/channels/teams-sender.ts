import type { Outbound } from '@writ/outbound';
import { type ChannelNotice, type ChannelSender, outcomeText, summaryOf } from './sender.ts';
import { answerOf } from './webhook-sender.ts';

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
  return {
    name: options.name,
    send: async (notice, signal) => {
      if (!TOLD.has(notice.event)) return { ok: true };
      const { status } = await options.outbound.fetch(options.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(messageOf(notice)),
        signal,
      });
      return answerOf(status);
    },
  };
}

function messageOf({ approval, event, pageUrl }: ChannelNotice): object {
  const { title, who, why, args } = summaryOf(approval);
  const open = approval.status === 'pending';
  const facts = [
    { title: 'Who', value: who },
    { title: 'Why', value: why },
    { title: 'State', value: outcomeText(approval) },
    { title: 'Until', value: approval.expires_at },
  ];
  const heading = open ? (event === 'requested' ? 'Approval needed' : 'Still waiting') : 'Decided';
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      {
        type: 'TextBlock',
        size: 'Medium',
        weight: 'Bolder',
        wrap: true,
        text: `${heading}: ${escapeMarkdown(title)}`,
      },
      { type: 'FactSet', facts: facts.map((fact) => ({ ...fact, value: escapeMarkdown(fact.value) })) },
      ...(open ? [{ type: 'TextBlock', fontType: 'Monospace', wrap: true, text: escapeMarkdown(args) }] : []),
    ],
    ...(open && pageUrl !== undefined
      ? { actions: [{ type: 'Action.OpenUrl', title: 'Look and decide', url: pageUrl }] }
      : {}),
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  };
}

/** Texts of cards are Markdown: what an agent wrote must not become a link. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]()<>#|~]/g, (mark) => `\\${mark}`);
}
