import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** A server whose answers are the same each time, so that two clients can be compared. */
export interface TestServer {
  readonly url: string;
  /** What was asked: `GET /path`, oldest first. */
  readonly asked: string[];
  stop(): Promise<void>;
}

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

function text(status: number, headers: Record<string, string | string[]>, body: string): Answer {
  return (_request, _body, response) => response.writeHead(status, headers).end(body);
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/json': text(
    200,
    { 'Content-Type': 'application/json; charset=utf-8' },
    '{"a":[1,2.50,12345678901234567890]}',
  ),
  '/problem': text(400, { 'Content-Type': 'application/problem+json' }, '{"b":null}'),
  '/broken': text(200, JSON_TYPE, '{"a":'),
  '/text': text(200, { 'Content-Type': 'text/plain', 'X-Many': ['1', '2'] }, '{"hidden":true}'),
  '/yaml': text(200, { 'Content-Type': 'application/yaml' }, 'a: [1, x]\nb: {c: true}\n'),
  '/bytes': (_request, _body, response) =>
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end(Buffer.from([0x61, 0xff, 0x62])),
  '/empty': text(204, {}, ''),
  '/missing': text(404, JSON_TYPE, '{"error":"no"}'),
  '/fails': text(500, JSON_TYPE, '{"error":"broken"}'),
  '/teapot': (_request, _body, response) => {
    response.writeHead(418, "I'm a teapot", JSON_TYPE).end('"tea"');
  },
  '/gzip': (_request, _body, response) =>
    response.writeHead(200, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }).end(gzipSync('{"zipped":1}')),
  '/echo': (request, body, response) => {
    const { headers, method } = request;
    const shown = [
      'content-type',
      'x-custom',
      'authorization',
      'content-length',
      'accept',
      'referer',
      'cookie',
    ];
    const given = Object.fromEntries(shown.map((name) => [name, headers[name] ?? null]));
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ method, body, given }));
  },
  '/redirect/302': text(302, { Location: '/echo' }, ''),
  '/redirect/307': text(307, { Location: '/echo' }, ''),
  '/redirect/303': text(303, { Location: '/echo' }, 'see'),
  '/redirect/nowhere': text(302, {}, 'nowhere'),
  '/kept': text(200, { ...JSON_TYPE, 'Cache-Control': 'max-age=290304000, public' }, '{"kept":1}'),
  '/unkept': text(200, { ...JSON_TYPE, 'Cache-Control': 'no-store' }, '{"kept":0}'),
  '/tagged': (request, _body, response) => {
    const headers = { ...JSON_TYPE, ETag: '"v1"', 'Cache-Control': 'max-age=0' };
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end('{"tagged":1}');
  },
  '/slow': (_request, _body, response) => {
    const timer = setTimeout(() => response.writeHead(200).end('late'), 5_000);
    response.on('close', () => clearTimeout(timer));
  },
  '/cut': (request) => request.socket.destroy(),
};

export async function startTestServer(): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      response.setHeader('Date', DATE);
      response.shouldKeepAlive = false;
      const answer = ANSWERS[request.url ?? ''] ?? ANSWERS['/missing']!;
      answer(request, Buffer.concat(chunks).toString('utf8'), response);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    stop: () =>
      new Promise((stopped) => {
        server.closeAllConnections();
        server.close(() => stopped());
      }),
  };
}
