/** Lets a response through as long as it is not a flood; then the stream ends with an error. */
export function floodLimit(
  burstBytes: number,
  bytesPerSecond: number,
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
