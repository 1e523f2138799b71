/**
 * Go's strings hold any bytes; ours hold code points. A byte that belongs to no valid UTF-8 sequence is kept as the
 * lone surrogate U+DC00 + byte, so that decoding and encoding again loses nothing. Written as JSON such a byte is
 * U+FFFD, as Go writes it.
 */
const ESCAPE_BASE = 0xdc00;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Text of bytes, exactly reversible. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeLeniently(bytes);
  }
}

function decodeLeniently(bytes: Uint8Array): string {
  let text = '';
  let index = 0;
  while (index < bytes.length) {
    const size = sequenceLength(bytes, index);
    if (size === 0) {
      text += String.fromCharCode(ESCAPE_BASE + bytes[index]!);
      index++;
    } else {
      text += strict.decode(bytes.subarray(index, index + size));
      index += size;
    }
  }
  return text;
}

/** Length of the valid sequence at an index; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const lead = bytes[index]!;
  if (lead < 0x80) return 1;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size === 0 || lead > 0xf4 || index + size > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(index, index + size));
    return size;
  } catch {
    return 0;
  }
}

/** Bytes of text: UTF-8, escaped bytes as themselves. */
export function bytesOfText(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff) parts.push(code - ESCAPE_BASE);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** Bytes in lower-case hexadecimal. */
export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
