import type { ChannelNotice, ChannelSender } from './sender.ts';
import { type SignedReceiver, signedPost } from './signed-post.ts';

export interface WebhookOptions extends SignedReceiver {
  readonly name: string;
}

/** Sends every step as a Standard Webhook. */
export function webhookSender({ name, ...receiver }: WebhookOptions): ChannelSender {
  const { now = Date.now } = receiver;
  return {
    name,
    tellsRecent: true,
    send: (notice, signal) => signedPost(receiver, notice.id, bodyOf(notice, now()), signal),
  };
}

function bodyOf({ event, approval, pageUrl }: ChannelNotice, nowMs: number): string {
  return JSON.stringify({
    type: `approval.${event}`,
    timestamp: new Date(nowMs).toISOString(),
    data: { approval, ...(pageUrl === undefined ? {} : { page_url: pageUrl }) },
  });
}
