import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, REPOSITORY, runWrit, writArguments } from './support/run-writ.ts';
import { starterProject } from './support/starter.ts';

const SERVER = join(REPOSITORY, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');
const POLICY = `package main

default decision := {"outcome": "deny", "reason": "not_for_agents"}

decision := {"outcome": "allow", "reason": "ok"} if input.action.tool in {"read_text_file", "list_allowed_directories"}
`;

describe('writ mcp run', () => {
  it('[P-STDIO-SAME-DECISIONS] stands between a client and its server on stdio, and ends with the client', async () => {
    const { folder, data, policy } = starterProject();
    writeFileSync(policy, POLICY);
    writeFileSync(join(folder, 'note.txt'), 'hello\n');
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: writArguments(['mcp', 'run', '--id', 'files', '--', process.execPath, SERVER, folder]),
      cwd: folder,
      stderr: 'pipe',
    });
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    onTestFinished(() => client.close());
    await client.connect(transport);
    const tools = (await client.listTools()).tools.map(({ name }) => name);
    expect(tools).toContain('read_text_file');

    const read = await client.callTool({
      name: 'read_text_file',
      arguments: { path: join(folder, 'note.txt') },
    });
    expect(JSON.stringify(read.content)).toContain('hello');
    const write = { name: 'write_file', arguments: { path: join(folder, 'new.txt'), content: 'x' } };
    const denied = await client
      .callTool(write)
      .catch((error: unknown) => ({ content: String(error), isError: true }));
    expect(JSON.stringify(denied)).toMatch(/not_for_agents|tool_unknown/);
    expect(existsSync(join(folder, 'new.txt'))).toBe(false);

    const tail = await runWrit(['log', 'tail', '--data', data, '--format', 'json']);
    expect(tail.stdout).toContain('read_text_file');
    const { pid } = JSON.parse(readFileSync(join(data, 'service.json'), 'utf8')) as { pid: number };
    await client.close();
    await eventually('the process has ended', () => {
      try {
        process.kill(pid, 0);
        return undefined;
      } catch {
        return true;
      }
    });
    expect(existsSync(join(data, 'service.json'))).toBe(false);
  });

  it('[P-STDIO-SAME-DECISIONS] writes nothing but the protocol to standard output, also for what its server does not have', async () => {
    const { folder } = starterProject();
    const child = spawn(
      process.execPath,
      writArguments(['mcp', 'run', '--id', 'files', '--', process.execPath, SERVER, folder]),
      { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let written = '';
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.toString();
    });
    const ask = async (id: number, method: string, params: object = {}) => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      await eventually(`the answer to ${method}`, () => (written.includes(`"id":${id}`) ? true : undefined));
    };
    const clientInfo = { name: 'test', version: '1' };
    await ask(1001, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    await ask(1002, 'prompts/list');
    await ask(1003, 'resources/list');
    await ask(1004, 'resources/templates/list');
    const lines = written.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([1001, 1002, 1003, 1004]);
  });
});
