/** Bytes of one response that a server may send at once. */
const BURST_BYTES = 16 * 1024 * 1024;
/** Bytes a second that it may send beyond that, for streams that stay open. */
const RATE_BYTES_PER_SECOND = 256 * 1024;

/** Lets a response through as long as it is not a flood; then the stream ends with an error. */
export function floodLimit(
  burstBytes: number = BURST_BYTES,
  bytesPerSecond: number = RATE_BYTES_PER_SECOND,
): TransformStream<Uint8Array, Uint8Array> {
  let left = burstBytes;
  let atMs = performance.now();
  return new TransformStream({
    transform(chunk, controller) {
      const nowMs = performance.now();
      left = Math.min(burstBytes, left + ((nowMs - atMs) / 1000) * bytesPerSecond) - chunk.byteLength;
      atMs = nowMs;
      if (left < 0) controller.error(new Error('the server sends more than it may'));
      else controller.enqueue(chunk);
    },
  });
}
