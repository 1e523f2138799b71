/** Fills as many random bytes as asked for: `(length) => crypto.getRandomValues(new Uint8Array(length))`. */
export type RandomBytes = (length: number) => Uint8Array;

/** The two digits of each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, then 74 random bits. Sorts by time
 * as text.
 */
export function uuidV7(nowMs: number, randomBytes: RandomBytes): string {
  const bytes = new Uint8Array(16);
  bytes.set(randomBytes(10), 6);
  let time = Math.max(0, Math.floor(nowMs));
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  let hex = '';
  for (const byte of bytes) hex += HEX[byte];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `dec-<UUID version 7>`. */
export function newDecisionId(nowMs: number, randomBytes: RandomBytes): string {
  return `dec-${uuidV7(nowMs, randomBytes)}`;
}

/** `apr-<UUID version 7>`. */
export function newApprovalId(nowMs: number, randomBytes: RandomBytes): string {
  return `apr-${uuidV7(nowMs, randomBytes)}`;
}

const ID = /^(?:dec|apr)-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Is this the form of a decision's id. */
export function isDecisionId(text: string): boolean {
  return text.startsWith('dec-') && ID.test(text);
}

/** Is this the form of an approval's id. */
export function isApprovalId(text: string): boolean {
  return text.startsWith('apr-') && ID.test(text);
}
