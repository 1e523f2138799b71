/**
 * The least that a service on Node can do: `node:http` alone, the body parsed as JSON, a constant answered. Nothing is decided,
 * checked or recorded: what a service on this runtime cannot be faster than. Its argument is a Unix socket, beside which
 * it listens on a free port; prints its URL.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER = '{"result":{"outcome":"deny","reason":"unknown_tool","policy":"agent.tools"}}';
const HEADERS = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(ANSWER)) };

function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, HEADERS);
    response.end(ANSWER);
  });
}

const tcp = createServer(serve);
createServer(serve).listen(process.argv[2], () => {
  tcp.listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(tcp.address() as AddressInfo).port}`);
  });
});
