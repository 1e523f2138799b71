import { FRAME_BYTES_MAX } from './limits.ts';

/**
 * Messages on the owner's socket: length of the rest (4 bytes, big endian), kind (1 byte), number of calls or
 * replies inside (4 bytes), then calls (`joinCalls`) or JSON in UTF-8. The number is there so that the owner need not open the text.
 */
export interface Frame {
  readonly kind: 'hello' | 'calls' | 'replies' | 'bye';
  readonly count: number;
  readonly text: string;
}

/** Version of the conversation, told in the owner's `hello`. */
export const PROTOCOL_VERSION = 2;

const KINDS = ['hello', 'calls', 'replies', 'bye'] as const;
const HEADER_BYTES = 9;

export function encodeFrame({ kind, count, text }: Frame): Buffer {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + size);
  frame.writeUInt32BE(size + HEADER_BYTES - 4, 0);
  frame.writeUInt8(KINDS.indexOf(kind), 4);
  frame.writeUInt32BE(count, 5);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/** Collects bytes into frames. `push` gives undefined when the bytes are no frames: the connection is to be dropped. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): readonly Frame[] | undefined {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    while (this.#size >= HEADER_BYTES) {
      const header = this.#first(HEADER_BYTES);
      const sizeBytes = header.readUInt32BE(0) + 4;
      const kind = KINDS[header.readUInt8(4)];
      if (kind === undefined || sizeBytes < HEADER_BYTES || sizeBytes > FRAME_BYTES_MAX) return undefined;
      if (this.#size < sizeBytes) break;
      const whole = this.#first(sizeBytes);
      frames.push({
        kind,
        count: whole.readUInt32BE(5),
        text: whole.toString('utf8', HEADER_BYTES, sizeBytes),
      });
      this.#drop(sizeBytes);
    }
    return frames;
  }

  /** The first chunk, made long enough by joining only when it is too short. */
  #first(sizeBytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= sizeBytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #drop(sizeBytes: number): void {
    const rest = this.#chunks[0]?.subarray(sizeBytes);
    this.#chunks.shift();
    if (rest !== undefined && rest.length > 0) this.#chunks.unshift(rest);
    this.#size -= sizeBytes;
  }
}
