import { describe, expect, it } from 'vitest';
import { serverIdOf } from '../src/compose/server-id.ts';

describe('the name of a wrapped server', () => {
  it.each([
    ['npx -y @modelcontextprotocol/server-filesystem@2026.8.31 ./files', 'server-filesystem'],
    ['uvx mcp-server-git --repository .', 'mcp-server-git'],
    ['node ./build/My_Server.mjs', 'my-server'],
    ['/usr/local/bin/weather.exe', 'weather'],
    ['npx -y', 'stdio'],
    ['---', 'stdio'],
  ])('of `%s` is `%s`', (command, id) => {
    expect(serverIdOf(command.split(' '))).toBe(id);
  });
});
