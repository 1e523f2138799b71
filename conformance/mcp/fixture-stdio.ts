/** The conformance fixture on stdio, in one era: `fixture-stdio.ts legacy|modern [FOLDER]`; the folder is shared by several. */
import type { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { awayInFolder, awayInMemory } from './fixture-away.ts';
import { createFixture } from './fixture-server.ts';

const [, , era, folder] = process.argv;
const away = folder === undefined ? awayInMemory() : awayInFolder(folder);
if (era === 'modern') serveStdio(() => createFixture(away), { legacy: 'reject' });
else {
  // Wired by hand, a server knows the older era only.
  const server: Server = createFixture(away);
  await server.connect(new StdioServerTransport());
}
