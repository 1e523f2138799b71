/** The conformance fixture on stdio, in one era: `fixture-stdio.ts legacy|modern`. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { createFixture } from './fixture-server.ts';

if (process.argv[2] === 'modern') serveStdio(() => createFixture(), { legacy: 'reject' });
else {
  // Wired by hand, a server knows the older era only.
  const server: Server = createFixture();
  await server.connect(new StdioServerTransport());
}
