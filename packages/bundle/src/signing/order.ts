/** Orders text by code points, which is the order of its UTF-8 bytes; JavaScript's own differs beyond the first plane. */
export function compareCodePoints(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}
