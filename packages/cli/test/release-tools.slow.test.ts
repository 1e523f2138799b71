import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder, writArguments } from './support/run-writ.ts';

// Its tool `echo` has a title, beside name, description and schema.
const SERVER = join(REPOSITORY, 'packages/gateway/test/fixtures/raw-server.ts');
const MANIFEST = {
  roots: ['main'],
  metadata: { writ: { entrypoints: [{ path: 'main/decision', kind: 'grant' }] } },
};

it('[P-RELEASE-VERSIONS] the digest that `writ mcp pin` prints is the one that a release takes', async () => {
  const folder = temporaryFolder();
  const upstream = { command: process.execPath, args: [SERVER] };
  writeFileSync(join(folder, 'writ.yaml'), JSON.stringify({ upstreams: { raw: upstream } }));
  mkdirSync(join(folder, 'policy'));
  writeFileSync(join(folder, 'policy/.manifest'), JSON.stringify(MANIFEST));
  writeFileSync(join(folder, 'policy/main.rego'), 'package main\n\ndecision := "allow"\n');
  const writ = async (...words: string[]) => {
    const ran = await runWrit(words, { cwd: folder });
    expect(ran.status, ran.stderr).toBe(EXIT.ok);
    return ran.stdout;
  };
  const digestIn = (printed: string) => /raw\/echo\n\s+(sha256:[0-9a-f]{64})/.exec(printed)?.[1] ?? '';
  const digest = digestIn(await writ('mcp', 'pin'));
  expect(digest).not.toBe('');
  expect(digestIn(await writ('mcp', 'diff', '--all'))).toBe(digest);

  const release = async (version: string, echo: string) => {
    const file = `release-${version}.json`;
    writeFileSync(join(folder, file), JSON.stringify({ name: 'r', version, tools: { 'raw/echo': echo } }));
    const archive = `policy-${version}.tar.gz`;
    await writ('build', 'policy', '-o', archive, '--revision', version, '--release', file);
    return archive;
  };
  const called = async (bundle: string) => {
    const words = ['mcp', 'run', '--id', 'raw', '--bundle', bundle, '--', process.execPath, SERVER];
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: writArguments(words),
      cwd: folder,
      stderr: 'pipe',
    });
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    onTestFinished(() => client.close());
    await client.connect(transport);
    const answer = await client
      .callTool({ name: 'echo', arguments: { a: 1 } })
      .catch((error: unknown) => ({ content: String(error) }));
    const tail = await writ('log', 'tail', '--format', 'json');
    await client.close();
    return { answer: JSON.stringify(answer.content), tail };
  };
  const right = await called(await release('1', digest));
  expect(right.answer).not.toContain('release_mismatch');
  expect(right.tail).toContain(digest);
  const wrong = await called(await release('2', `sha256:${'0'.repeat(64)}`));
  expect(wrong.answer).toContain('release_mismatch');
});
