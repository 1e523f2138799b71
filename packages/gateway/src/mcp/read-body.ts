import type { IncomingMessage } from 'node:http';

/** The body of a request, or why it was not read to its end. */
export type ReadBody =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  /** Found out before it is all there. */
  | { readonly kind: 'too_large' }
  /** A client that keeps a request open by sending it bit by bit. */
  | { readonly kind: 'too_slow' }
  /** The client left. */
  | { readonly kind: 'gone' };

/** Reads a body of at most `bytesMax`, for at most `waitMs`. */
export function readBody(
  request: IncomingMessage,
  { bytesMax, waitMs }: { readonly bytesMax: number; readonly waitMs: number },
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax)
    return Promise.resolve({ kind: 'too_large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (body: ReadBody) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      // The socket stays: a refusal still has to go out.
      if (body.kind !== 'read') request.pause();
      resolve(body);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) settle({ kind: 'too_large' });
      else chunks.push(chunk);
    };
    const onEnd = () => {
      const [only] = chunks;
      settle({
        kind: 'read',
        bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks),
      });
    };
    const onGone = () => settle({ kind: 'gone' });
    const timer = setTimeout(() => settle({ kind: 'too_slow' }), waitMs);
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}
