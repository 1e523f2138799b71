import { createGunzip, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { HttpError } from './error-body.ts';

/** Smaller answers gain nothing; OPA's own limit. */
const COMPRESS_BYTES_MIN = 1024;
/** Where OPA compresses its answers. */
const COMPRESSED_PATHS = ['/v0/data/', '/v1/data/'];

/**
 * Bodies may come compressed (`Content-Encoding: gzip`), and answers of the data API are where the caller takes it.
 * The limit on bodies counts what they unpack to, so that a small body cannot become a large one.
 */
export function acceptGzip(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
    if (encoding === 'identity') return done(null, payload);
    if (encoding !== 'gzip')
      return done(new HttpError(400, 'request_invalid', 'the `Content-Encoding` is not `gzip`', {}, true));
    // The length that was announced is of what is sent, and is compared with that.
    const unpacked = Object.assign(createGunzip(), { receivedEncodedLength: 0 });
    payload.on('data', (chunk: Buffer) => {
      unpacked.receivedEncodedLength += chunk.length;
    });
    payload.once('error', (error) => unpacked.destroy(error));
    payload.pipe(unpacked);
    done(null, unpacked);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    // Most answers are small: nothing is awaited for them.
    if (typeof payload !== 'string' || payload.length < COMPRESS_BYTES_MIN) return done(null, payload);
    if (!COMPRESSED_PATHS.some((path) => request.url.startsWith(path))) return done(null, payload);
    reply.header('vary', 'accept-encoding');
    if (!takesGzip(request.headers['accept-encoding'])) return done(null, payload);
    gzip(payload, (error, packed) => {
      if (error !== null) return done(error);
      reply.header('content-encoding', 'gzip').removeHeader('content-length');
      done(null, packed);
    });
  });
}

/** Whether `Accept-Encoding` names gzip, and not with a weight of zero. */
function takesGzip(header: string | string[] | undefined): boolean {
  return [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .some((each) => /^\s*(?:gzip|x-gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(each));
}
