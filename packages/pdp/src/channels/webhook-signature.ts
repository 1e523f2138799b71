import { createHmac, timingSafeEqual } from 'node:crypto';

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
