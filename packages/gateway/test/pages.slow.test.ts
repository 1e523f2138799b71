import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  StreamableHTTPClientTransport,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixtureUpstream, startGateway, TOKENS } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const POLICY = `package agent

decision := {"outcome": "deny", "reason": "not_this_page"} if {
	input.action.type == "elicitation"
	not startswith(input.action.args.url, "https://pages.example/")
} else := {"outcome": "allow"}
`;

async function open(mode: 'legacy' | { readonly pin: string }, capabilities: object) {
  const { service, entries } = await startPoint({ rego: POLICY });
  const { url } = await startGateway(service, [fixtureUpstream()]);
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode }, capabilities });
  const headers = { Authorization: `Bearer ${TOKENS.alice}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  onTestFinished(() => client.close());
  const folder = await mkdtemp(join(tmpdir(), 'writ-pages-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { client, entries, file: join(folder, 'opened') };
}

const MODERN = { pin: '2026-07-28' };

describe('a server that wants pages opened first', () => {
  it('[P-GATEWAY-EVERY-REQUEST] is heard by a client of the older era that can open them, after a decision about each', async () => {
    const { client, entries, file } = await open('legacy', { elicitation: { url: {} } });
    const asked = client.callTool({ name: 'pages', arguments: { file } });
    const error = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UrlElicitationRequiredError);
    const { elicitations, message } = error as UrlElicitationRequiredError;
    expect(elicitations.map(({ url }) => url)).toEqual([
      'https://pages.example/a',
      'https://pages.example/b',
    ]);
    expect(message).not.toContain('secret-text');
    const recorded = JSON.stringify((await entries()).map(({ fields }) => fields));
    expect(recorded).toContain('https://pages.example/b');
    await writeFile(file, '');
    const done = await client.callTool({ name: 'pages', arguments: { file } });
    expect(done.content).toMatchObject([{ text: 'opened' }]);
  });

  it('[P-GATEWAY-EVERY-REQUEST] is not heard where a page is not allowed, or its client can open none', async () => {
    const { client, file } = await open('legacy', { elicitation: { url: {} } });
    const args = { file, also: 'https://evil.example/' };
    const denied = await client.callTool({ name: 'pages', arguments: args });
    expect(JSON.stringify(denied)).toContain('not_this_page');
    expect(JSON.stringify(denied)).not.toContain('evil.example');
    const other = await open('legacy', {});
    const failed = await other.client.callTool({ name: 'pages', arguments: { file } });
    expect(failed).toMatchObject({ isError: true });
    expect(JSON.stringify(failed)).not.toContain('pages.example');
  });

  it('[P-GATEWAY-BOTH-ERAS] is heard by a client of the newer era as a question, and its call goes on', async () => {
    const { client, file } = await open(MODERN, { elicitation: { url: {} } });
    const seen: unknown[] = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      seen.push('url' in params ? params.url : undefined);
      await writeFile(file, '');
      return { action: 'accept' };
    });
    const done = await client.callTool({ name: 'pages', arguments: { file } });
    expect(done.content).toMatchObject([{ text: 'opened' }]);
    expect(seen.sort()).toEqual(['https://pages.example/a', 'https://pages.example/b']);
  });
});
