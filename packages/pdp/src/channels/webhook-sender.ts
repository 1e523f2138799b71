import type { ChannelAnswer, ChannelSender } from './sender.ts';
import { type SignedReceiver, signedPost } from './signed-post.ts';

export interface WebhookOptions extends SignedReceiver {
  readonly name: string;
}

/** Sends every step, and every alert, as a Standard Webhook. */
export function webhookSender({ name, ...receiver }: WebhookOptions): ChannelSender {
  const { now = Date.now } = receiver;
  const post = (id: string, type: string, data: object, signal: AbortSignal): Promise<ChannelAnswer> => {
    const body = JSON.stringify({ type, timestamp: new Date(now()).toISOString(), data });
    return signedPost(receiver, id, body, signal);
  };
  return {
    name,
    tellsRecent: true,
    send: ({ id, event, approval, pageUrl }, signal) => {
      const data = { approval, ...(pageUrl === undefined ? {} : { page_url: pageUrl }) };
      return post(id, `approval.${event}`, data, signal);
    },
    alert: ({ id, alert: { type, title, remedy, data } }, signal) =>
      post(id, type, { title, remedy, ...data }, signal),
  };
}
