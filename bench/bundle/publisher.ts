import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ground } from '../first-light/section.ts';

/** A bundle server: one archive at a time at one address, by ETag. */
export interface Publisher {
  readonly url: string;
  /** Puts another archive in place; resolves once the first client has all of it, at that moment. */
  publish(archive: Uint8Array): Promise<number>;
}

/** Starts it; it ends with the bench. */
export async function startPublisher(ground: Ground, first: Uint8Array): Promise<Publisher> {
  let archive = first;
  let tag = tagOf(first);
  let onSent: ((at: number) => void) | undefined;
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, { etag: tag }).end();
      return;
    }
    response.writeHead(200, {
      etag: tag,
      'content-type': 'application/gzip',
      'content-length': archive.length,
    });
    const sent = tag;
    response.end(archive, () => {
      if (sent === tag) onSent?.(performance.now());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ground.cleanup.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/bundle.tar.gz`,
    publish(next) {
      archive = next;
      tag = tagOf(next);
      return new Promise((resolve) => {
        onSent = (at) => {
          onSent = undefined;
          resolve(at);
        };
      });
    },
  };
}

function tagOf(archive: Uint8Array): string {
  return `"${createHash('sha256').update(archive).digest('hex')}"`;
}
