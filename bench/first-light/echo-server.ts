/** An MCP server on the official SDK over streamable HTTP with one tool that gives its arguments back; prints its URL. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { echoServer } from './echo.ts';

const handler = createMcpHandler(() => echoServer());
const node = toNodeHandler(handler);
const server = createServer((request, response) => {
  void node(request as NodeIncomingMessageLike, response);
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
