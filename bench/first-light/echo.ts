import { Server } from '@modelcontextprotocol/server';

/** A server with one tool that gives its arguments back. */
export function echoServer(): Server {
  const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: [{ name: 'db.read', description: 'Reads a row', inputSchema: { type: 'object' as const } }],
  }));
  server.setRequestHandler('tools/call', ({ params }) => ({
    content: [{ type: 'text' as const, text: JSON.stringify(params.arguments) }],
  }));
  return server;
}
