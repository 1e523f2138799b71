/**
 * The least that a proxy in Node can do: `node:http` in front, undici behind, the JSON of requests and answers parsed
 * and written again, nothing decided and nothing recorded. Its argument is the upstream's URL; prints its own.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const upstream = new URL(process.argv[2] ?? '');
const pool = new Pool(upstream.origin);
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']);

function passed(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !HOP_BY_HOP.has(name),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

/** Parses the text as JSON and writes it again; an event stream event by event. */
function reread(text: string, type: string): string {
  if (text === '') return text;
  if (!type.startsWith('text/event-stream')) return JSON.stringify(JSON.parse(text));
  return text.replaceAll(
    /^data: (\{.*\})$/gm,
    (_, data: string) => `data: ${JSON.stringify(JSON.parse(data))}`,
  );
}

const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const answer = await pool.request({
    method: request.method === 'GET' ? 'GET' : 'POST',
    path: request.url ?? '/',
    headers: passed(request.headers),
    ...(text === '' ? {} : { body: reread(text, 'application/json') }),
  });
  const type = String(answer.headers['content-type'] ?? '');
  const body = reread(await answer.body.text(), type);
  response.writeHead(answer.statusCode, {
    ...passed(answer.headers),
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}${upstream.pathname}`);
});
