import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { EventStream } from '../../src/http/stream/event-stream.ts';

/** More than the buffers of both ends of a connection take. */
const CHUNK = 'x'.repeat(1024 * 1024);
const CHUNKS_MAX = 1_000;

it('drops a client that does not read, with nothing more buffered than one event', async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  const ended = Promise.withResolvers<number>();
  let buffered = 0;
  app.get('/', async (_request, reply) => {
    const stream = new EventStream(reply, {}, 200);
    let sent = 0;
    while (sent < CHUNKS_MAX && (await stream.send({ event: 'e', data: CHUNK }))) sent += 1;
    buffered = reply.raw.writableLength;
    ended.resolve(sent);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  await once(client, 'connect');
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await ended.promise).toBeLessThan(CHUNKS_MAX);
  expect(buffered).toBeLessThan(3 * CHUNK.length);
  client.resume();
  client.on('error', () => undefined);
  if (!client.closed) await once(client, 'close');
});
