import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFixture } from '../mcp/fixture-server.ts';
import { openGateway } from '../mcp/open-gateway.ts';

type Era = 'legacy' | 'modern';
type Transport = 'http' | 'stdio';
interface Cell {
  readonly client: Era;
  readonly front: Transport;
  readonly server: Era;
  readonly back: Transport;
}

const ROOT = join(import.meta.dirname, '../..');
const FIXTURE = join(import.meta.dirname, '../mcp/fixture-stdio.ts');

/** The server on stdio: its processes are one, whichever connection they were started for. */
async function fixtureOf(era: Era): Promise<{ readonly command: string; readonly args: string[] }> {
  return { command: process.execPath, args: [FIXTURE, era, await temporary()] };
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-matrix-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The client's way to the server, through the gateway. */
async function frontOf({ front, server, back }: Cell): Promise<URL | StdioClientTransport> {
  if (front === 'stdio') {
    const folder = await temporary();
    await writeFile(join(folder, 'writ.yaml'), 'bundles: [{ name: all, directory: writ/grant-all }]\n');
    const words = ['mcp', 'run', '--id', 'fixture', '--', ...(await backOf(server, back))];
    return new StdioClientTransport({
      command: process.execPath,
      args: [join(ROOT, 'tools/run.mjs'), join(ROOT, 'packages/cli/src/main.ts'), ...words],
      cwd: folder,
      stderr: 'ignore',
    });
  }
  const fixture = back === 'http' ? await startFixture(0, server) : undefined;
  const gateway = await openGateway(fixture?.url ?? { id: 'fixture', ...(await fixtureOf(server)) });
  onTestFinished(async () => {
    await gateway.close();
    await fixture?.close();
  });
  return new URL(gateway.url);
}

/** The server behind `writ mcp run`: a command, or a URL. */
async function backOf(server: Era, back: Transport): Promise<readonly string[]> {
  if (back === 'stdio') {
    const { command, args } = await fixtureOf(server);
    return [command, ...args];
  }
  const fixture = await startFixture(0, server);
  onTestFinished(() => fixture.close());
  return [fixture.url];
}

interface Heard {
  readonly logs: string[];
  readonly changes: string[];
}

async function connect(cell: Cell): Promise<{ readonly client: Client; readonly heard: Heard }> {
  const mode = cell.client === 'legacy' ? 'legacy' : { pin: '2026-07-28' };
  const client = new Client(
    { name: 'matrix', version: '1' },
    { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} }, sampling: {} } },
  );
  const heard: Heard = { logs: [], changes: [] };
  client.setRequestHandler('elicitation/create', ({ params }) => {
    const { required = [] } = 'requestedSchema' in params ? params.requestedSchema : {};
    return { action: 'accept', content: Object.fromEntries(required.map((name) => [name, 'Ana'])) };
  });
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    content: { type: 'text', text: 'Paris' },
    model: 'scripted',
  }));
  client.setNotificationHandler('notifications/message', ({ params }) => {
    heard.logs.push(String(params.data));
  });
  client.setNotificationHandler('notifications/tools/list_changed', () => void heard.changes.push('tools'));
  const front = await frontOf(cell);
  await client.connect(front instanceof URL ? new StreamableHTTPClientTransport(front) : front);
  onTestFinished(() => client.close());
  return { client, heard };
}

/** Waits for what comes beside an answer; a failure of the expectation after it says what did not. */
async function soon(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let left = 200; left > 0; left--) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

type Feature = (client: Client, heard: Heard, cell: Cell) => Promise<unknown>;
const textOf = (result: object) => (result as { content: { text?: string }[] }).content[0]?.text ?? '';
const call = async (client: Client, name: string, args: Record<string, unknown> = {}) =>
  textOf(await client.callTool({ name, arguments: args }));
const WATCHED = 'test://watched-resource';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

/** What a client does with each feature of the protocol: true where it works. */
const FEATURES: Readonly<Record<string, Feature>> = {
  async tools(client) {
    const names = (await client.listTools()).tools.map(({ name }) => name);
    const failed = await client.callTool({ name: 'test_error_handling', arguments: {} });
    const said = await call(client, 'test_simple_text');
    return names.includes('test_simple_text') && failed.isError === true && said.includes('simple text');
  },
  async resources(client) {
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    const { contents } = await client.readResource({ uri: 'test://static-text' });
    const templates = (await client.listResourceTemplates()).resourceTemplates;
    return (
      uris.includes(WATCHED) && JSON.stringify(contents).includes('static text') && templates.length === 1
    );
  },
  async prompts(client) {
    const names = (await client.listPrompts()).prompts.map(({ name }) => name);
    const args = { arg1: 'one', arg2: 'two' };
    const { messages } = await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: args });
    return names.length > 3 && JSON.stringify(messages).includes("arg1='one'");
  },
  async completion(client) {
    const ref = { type: 'ref/prompt' as const, name: 'test_prompt_with_arguments' };
    const { completion } = await client.complete({ ref, argument: { name: 'arg1', value: 'par' } });
    return completion.values.includes('paris');
  },
  async progress(client) {
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
    await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress });
    return soon(() => seen.includes(100));
  },
  async cancellation(client) {
    const before = Number(await call(client, 'test_cancelled'));
    const abort = new AbortController();
    const asked = client.callTool({ name: 'test_wait', arguments: {} }, { signal: abort.signal });
    const ended = asked.then(
      () => false,
      () => true,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    abort.abort();
    // A client that can only be asked by results may be given another connection, and so another process, meanwhile:
    // calls at one time reach them all.
    const counts = () => Promise.all(Array.from({ length: 3 }, () => call(client, 'test_cancelled')));
    return (await ended) && soon(async () => (await counts()).map(Number).includes(before + 1));
  },
  async logging(client, heard, cell) {
    if (cell.client === 'legacy') await client.setLoggingLevel('info');
    const _meta = cell.client === 'modern' ? { [LOG_LEVEL]: 'info' } : undefined;
    await client.callTool({
      name: 'test_logging_tool',
      arguments: {},
      ...(_meta === undefined ? {} : { _meta }),
    });
    // A server of the newer era logs on a stream that the gateway does not release: a limit that is written down.
    return cell.server === 'modern' ? heard.logs.length === 0 : soon(() => heard.logs.includes('logged'));
  },
  async sampling(client, _heard, cell) {
    const [name, args] =
      cell.server === 'legacy'
        ? ['test_sampling', { prompt: 'the capital of France?' }]
        : ['test_input_required_result_sampling', {}];
    return (await call(client, name as string, args as Record<string, unknown>)).includes('Paris');
  },
  async elicitation(client, _heard, cell) {
    const [name, args] =
      cell.server === 'legacy'
        ? ['test_elicitation', { message: 'who?' }]
        : ['test_input_required_result_elicitation', {}];
    return (await call(client, name as string, args as Record<string, unknown>)).includes('Ana');
  },
  async subscriptions(client, heard, cell) {
    if (cell.client === 'legacy') {
      await client.subscribeResource({ uri: WATCHED });
      await client.unsubscribeResource({ uri: WATCHED });
      await call(client, 'test_trigger_tool_change');
      return soon(() => heard.changes.includes('tools'));
    }
    const stream = await client.listen({ toolsListChanged: true, resourceSubscriptions: [WATCHED] });
    await call(client, 'test_trigger_tool_change');
    const told = await soon(() => heard.changes.includes('tools'));
    await stream.close();
    return told;
  },
};

const ERAS: readonly Era[] = ['legacy', 'modern'];
/** `writ mcp run` serves clients on stdio; every other pair goes over the gateway's HTTP endpoint. */
const WAYS: readonly (readonly [Transport, Transport])[] = [
  ['http', 'http'],
  ['http', 'stdio'],
  ['stdio', 'stdio'],
  ['stdio', 'http'],
];
const CELLS: readonly Cell[] = WAYS.flatMap(([front, back]) =>
  ERAS.flatMap((client) => ERAS.map((server): Cell => ({ client, front, server, back }))),
);

describe('clients and servers of both eras over both transports', () => {
  it.each(CELLS)(
    '[P-GATEWAY-BOTH-ERAS] $client client on $front, $server server on $back: everything passes',
    async (cell) => {
      const { client, heard } = await connect(cell);
      const outcome: Record<string, unknown> = {};
      for (const [name, feature] of Object.entries(FEATURES)) {
        outcome[name] = await feature(client, heard, cell).catch((error: Error) => error.message);
      }
      expect(outcome).toEqual(Object.fromEntries(Object.keys(FEATURES).map((name) => [name, true])));
    },
  );
});
