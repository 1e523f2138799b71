import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Outbound } from '@writ/outbound';
import type { ChannelAnswer, ChannelNotice, ChannelSender } from './sender.ts';

export interface WebhookOptions {
  readonly name: string;
  readonly url: string;
  /** The key: 24 to 64 bytes, as Standard Webhooks has it. */
  readonly secret: Uint8Array;
  readonly outbound: Pick<Outbound, 'fetch'>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Sends every step as a Standard Webhook: `webhook-id` is the same at every attempt, `webhook-signature` is
 * `v1,` and the HMAC-SHA256 of `id.timestamp.body`. Any 2xx is told; 410 ends the deliveries of this notice.
 */
export function webhookSender({
  name,
  url,
  secret,
  outbound,
  now = Date.now,
}: WebhookOptions): ChannelSender {
  return {
    name,
    tellsRecent: true,
    send: async (notice, signal) => {
      const timestamp = Math.floor(now() / 1000);
      const body = bodyOf(notice, now());
      const headers = {
        'content-type': 'application/json',
        'webhook-id': notice.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${webhookSignature(secret, notice.id, timestamp, body)}`,
      };
      const { status } = await outbound.fetch(url, { method: 'POST', headers, body, signal });
      return answerOf(status);
    },
  };
}

function bodyOf({ event, approval, pageUrl }: ChannelNotice, nowMs: number): string {
  return JSON.stringify({
    type: `approval.${event}`,
    timestamp: new Date(nowMs).toISOString(),
    data: { approval, ...(pageUrl === undefined ? {} : { page_url: pageUrl }) },
  });
}

/** What an HTTP status says about a delivery. */
export function answerOf(status: number): ChannelAnswer {
  if (status >= 200 && status < 300) return { ok: true };
  return { ok: false, message: `the receiver answered ${status}`, ...(status === 410 ? { gone: true } : {}) };
}

/** The signature without its version: HMAC-SHA256 in base64. */
export function webhookSignature(secret: Uint8Array, id: string, timestamp: number, body: string): string {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`, 'utf8').digest('base64');
}

/** The key of a secret as it is written: `whsec_` and base64; undefined where it is none of 24 to 64 bytes. */
export function webhookSecret(text: string): Uint8Array | undefined {
  const encoded = text.trim().replace(/^whsec_/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/** Compares two texts in constant time. */
export function sameText(first: string, second: string): boolean {
  const left = Buffer.from(first);
  const right = Buffer.from(second);
  return left.length === right.length && timingSafeEqual(left, right);
}
