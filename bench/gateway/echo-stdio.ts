/** The echo server of the bench on stdio. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { echoServer } from '../first-light/echo.ts';

const server: Server = echoServer();
await server.connect(new StdioServerTransport());
