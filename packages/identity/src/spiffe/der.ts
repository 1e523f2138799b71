/** Splits ASN.1 DER values that stand one after another, as the Workload API sends certificates. */
export function splitDer(bytes: Uint8Array): readonly Buffer[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Buffer[] = [];
  for (let at = 0; at < buffer.length; ) {
    const size = sizeAt(buffer, at);
    if (size === undefined || at + size > buffer.length) throw new RangeError('the certificates are cut off');
    values.push(buffer.subarray(at, at + size));
    at += size;
  }
  return values;
}

const LONG_FORM = 0x80;

function sizeAt(buffer: Buffer, at: number): number | undefined {
  const first = buffer[at + 1];
  if (first === undefined) return undefined;
  if (first < LONG_FORM) return 2 + first;
  const count = first - LONG_FORM;
  if (count === 0 || count > 4 || at + 2 + count > buffer.length) return undefined;
  return 2 + count + buffer.readUIntBE(at + 2, count);
}
