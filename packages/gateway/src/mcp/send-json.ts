import type { ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';

/** Answers with a JSON-RPC error that belongs to no request. */
export function sendError(response: ServerResponse, status: number, code: number, message: string): void {
  sendJson(response, status, { jsonrpc: '2.0', id: null, error: { code, message } });
}

/** Answers, and ends the connection: the rest of a refused body is not read. */
export function sendJson(response: ServerResponse, status: number, answer: JsonObject): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(answer));
}
