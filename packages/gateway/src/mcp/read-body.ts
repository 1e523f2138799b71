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
export async function readBody(
  request: IncomingMessage,
  { bytesMax, waitMs }: { readonly bytesMax: number; readonly waitMs: number },
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return { kind: 'too_large' };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ReadBody>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'too_slow' }), waitMs);
  });
  try {
    return await Promise.race([collect(request, bytesMax), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function collect(request: IncomingMessage, bytesMax: number): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Leaving the loop must not destroy the socket: the refusal still has to go out.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bytesMax) return { kind: 'too_large' };
      chunks.push(chunk);
    }
    return { kind: 'read', bytes: Buffer.concat(chunks) };
  } catch {
    return { kind: 'gone' };
  }
}
