import type { Outbound } from '@writ/outbound';
import type { ChannelAnswer } from './sender.ts';
import { webhookSignature } from './webhook-signature.ts';

/** A receiver that checks who sends, by Standard Webhooks. */
export interface SignedReceiver {
  readonly url: string;
  /** The key: 24 to 64 bytes, as Standard Webhooks has it. */
  readonly secret: Uint8Array;
  readonly outbound: Pick<Outbound, 'fetch'>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Sends one message: `webhook-id` is the same at every attempt, `webhook-signature` is `v1,` and the HMAC-SHA256 of
 * `id.timestamp.body`. Any 2xx is told; 410 ends the deliveries of this message.
 */
export async function signedPost(
  { url, secret, outbound, now = Date.now }: SignedReceiver,
  id: string,
  body: string,
  signal: AbortSignal,
): Promise<ChannelAnswer> {
  const timestamp = Math.floor(now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${webhookSignature(secret, id, timestamp, body)}`,
  };
  const { status } = await outbound.fetch(url, { method: 'POST', headers, body, signal });
  return answerOf(status);
}

/** What an HTTP status says about a delivery. */
export function answerOf(status: number): ChannelAnswer {
  if (status >= 200 && status < 300) return { ok: true };
  return { ok: false, message: `the receiver answered ${status}`, ...(status === 410 ? { gone: true } : {}) };
}
