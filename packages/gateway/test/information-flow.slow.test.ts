import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Caller, createAuthenticator } from '@writ/identity';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFixture } from '../../../conformance/mcp/fixture-server.ts';
import { SESSION_META_KEY } from '../src/index.ts';
import { type Era, MODERN, type StartedGateway, startGateway } from './start-gateway.ts';
import { startPoint } from './start-point.ts';
import { StreamsTransport } from './streams-transport.ts';

const BUNDLE = fileURLToPath(new URL('../../../examples/information-flow/bundle', import.meta.url));
const scriptOf = (name: string) =>
  createRequire(import.meta.url).resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);

const callerOf = (name: string, actor = 'agent:helper'): Caller => ({
  principal: { id: `user:${name}`, kind: 'user' },
  actor: { id: actor },
});

/** One agent of one person at work on three real servers; each step says how it ended. */
interface Worker {
  readonly file: () => Promise<string>;
  readonly graph: () => Promise<string>;
  readonly page: (conversation?: string) => Promise<string>;
  readonly resource: (data?: string) => Promise<string>;
  readonly prompt: (data?: string) => Promise<string>;
  readonly send: (data?: string, conversation?: string) => Promise<string>;
  readonly save: () => Promise<string>;
  readonly sum: () => Promise<string>;
  readonly remember: () => Promise<string>;
  /** Lets a server ask this agent's model. */
  readonly askModel: () => Promise<string>;
}

const OK = 'ok';
const STOPPED = 'private_data_outside';

async function ending(asked: Promise<object>): Promise<string> {
  const told = JSON.stringify(
    await asked.catch((error: Error & { data?: unknown }) => ({ isError: true, content: error.message })),
  );
  if (!told.includes('"isError":true')) return OK;
  return told.includes(STOPPED) ? STOPPED : told;
}

function workerOf(client: Client, folder: string): Worker {
  const call = (name: string, args: Record<string, unknown> = {}, conversation?: string) =>
    ending(
      client.callTool({
        name,
        arguments: args,
        ...(conversation === undefined ? {} : { _meta: { [SESSION_META_KEY]: conversation } }),
      }),
    );
  const document = 'writ:web:demo://resource/static/document/instructions.md';
  return {
    file: () => call('files__read_text_file', { path: join(folder, 'salaries.txt') }),
    graph: () => call('memory__read_graph'),
    page: (conversation) => call('web__get-annotated-message', { messageType: 'success' }, conversation),
    resource: (data = '') =>
      ending(client.readResource({ uri: data === '' ? document : `${document}?${data}` })),
    prompt: (data) =>
      ending(
        data === undefined
          ? client.getPrompt({ name: 'web__simple-prompt' })
          : client.getPrompt({ name: 'web__args-prompt', arguments: { city: data } }),
      ),
    send: (data = 'ana earns 1', conversation) => call('web__echo', { message: data }, conversation),
    save: () => call('files__write_file', { path: join(folder, 'summary.txt'), content: 'in short' }),
    // A server of the newer era asks in its result, one of the older era while it works.
    askModel: () =>
      client.getProtocolEra() === 'modern'
        ? call('asks__test_input_required_result_sampling')
        : call('asks__test_sampling', { prompt: 'what does ana earn?' }),
    sum: () => call('web__get-sum', { a: 1, b: 2 }),
    remember: () =>
      call('memory__create_entities', {
        entities: [{ name: 'ana', entityType: 'person', observations: ['likes tea'] }],
      }),
  };
}

async function open(): Promise<{
  as(name: string, era?: Era): Promise<Worker>;
  onStdio(name: string): Promise<Worker>;
}> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'writ-flow-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'salaries.txt'), 'ana earns 1');
  const { service } = await startPoint({ bundle: BUNDLE });
  const asking = await startFixture();
  onTestFinished(() => asking.close());
  const node = process.execPath;
  const memory = { MEMORY_FILE_PATH: join(folder, 'memory.json') };
  const started: StartedGateway = await startGateway(
    service,
    [
      { id: 'files', command: node, args: [scriptOf('filesystem'), folder] },
      { id: 'memory', command: node, args: [scriptOf('memory')], env: memory },
      { id: 'asks', url: asking.url },
      { id: 'web', command: node, args: [scriptOf('everything'), 'stdio'] },
    ],
    { authenticator: byName },
  );
  return {
    async as(name, era = 'legacy') {
      const client = new Client(
        { name: 'test', version: '1' },
        { versionNegotiation: { mode: era }, capabilities: { sampling: {} } },
      );
      client.setRequestHandler('sampling/createMessage', () => ({
        role: 'assistant',
        content: { type: 'text', text: 'ana earns 1' },
        model: 'scripted',
      }));
      const headers = { Authorization: `Bearer ${name}` };
      await client.connect(
        new StreamableHTTPClientTransport(new URL(started.url), { requestInit: { headers } }),
      );
      onTestFinished(() => client.close());
      return workerOf(client, folder);
    },
    async onStdio(name) {
      const transport = new StreamsTransport();
      const session = started.gateway.serveStdio(callerOf(name), transport.toServer, transport.fromServer);
      onTestFinished(() => session.close());
      const client = new Client({ name: 'test', version: '1' });
      await client.connect(transport);
      return workerOf(client, folder);
    },
  };
}

/** The token is the worker's name. */
const byName = createAuthenticator({
  providers: [
    {
      name: 'by-name',
      judge: (credentials) => ({
        kind: 'caller',
        caller: callerOf((credentials.header('authorization')[0] ?? '').slice('Bearer '.length)),
      }),
    },
  ],
});

type Step = (worker: Worker) => Promise<string>;
const file: Step = (worker) => worker.file();
const graph: Step = (worker) => worker.graph();
const page: Step = (worker) => worker.page();
const resource: Step = (worker) => worker.resource();
const prompt: Step = (worker) => worker.prompt();
const send: Step = (worker) => worker.send();
const save: Step = (worker) => worker.save();
const sum: Step = (worker) => worker.sum();
const askModel: Step = (worker) => worker.askModel();
const remember: Step = (worker) => worker.remember();

/** Every step but the last passes; the last would send, and is stopped. */
const EXFILTRATION: Readonly<Record<string, readonly Step[]>> = {
  'a page tells to send a file': [file, page, send],
  'the page comes first': [page, file, send],
  'the text comes as a resource': [resource, file, send],
  'the text comes as a prompt': [prompt, file, send],
  'the data comes from memory': [graph, page, send],
  'a detour through a file of its own': [file, page, save, sum, send],
  'a detour through memory': [page, file, remember, send],
  'an honest message before': [send, file, page, send],
  'the way out is the URI of a resource': [file, page, (worker) => worker.resource('ana-earns-1')],
  'the way out is the argument of a prompt': [file, page, (worker) => worker.prompt('ana earns 1')],
  "the way out is the model's answer to a server": [file, page, askModel],
  'the question to the model brings the text': [askModel, file, send],
  'one name after another for its conversation': [
    file,
    (worker) => worker.page('first'),
    (worker) => worker.send('ana earns 1', 'second'),
  ],
};

const HONEST: Readonly<Record<string, readonly Step[]>> = {
  'a file is summed up in another': [file, save],
  'a page is answered': [page, send],
  'a colleague is told what is in a file': [file, send],
  'files and memory together': [file, graph, remember, save],
  'a server asks the model about nothing private': [page, askModel],
  'a page is summed up beside private data': [file, page, save],
  'a resource is read and answered': [resource, send],
  'a prompt is used to write a file': [prompt, save],
  'figures are added up beside everything else': [file, page, sum],
  'what was read outside is remembered': [page, remember],
  'private data after a message went out': [send, file, graph],
};

describe('the starter policy of information flow on real servers', () => {
  it('[P-GATEWAY-FLOW] stops each way to send private data on, at the step that would send', async () => {
    const { as } = await open();
    for (const [index, [about, steps]] of Object.entries(EXFILTRATION).entries()) {
      const worker = await as(`thief-${index}`, index % 2 === 0 ? 'legacy' : MODERN);
      const endings: string[] = [];
      for (const step of steps) endings.push(await step(worker));
      expect([about, ...endings]).toEqual([about, ...steps.slice(1).map(() => OK), STOPPED]);
      expect([about, await worker.send('once more')]).toEqual([about, STOPPED]);
    }
  });

  it('[P-GATEWAY-FLOW] follows a person and agent over connections, eras and transports', async () => {
    const { as, onStdio } = await open();
    const [first, second, third] = [await as('ana', 'legacy'), await as('ana', MODERN), await onStdio('ana')];
    expect([await first.file(), await second.page(), await third.send()]).toEqual([OK, OK, STOPPED]);
    expect(await (await as('bob')).send()).toBe(OK);
  });

  it('[P-GATEWAY-FLOW] parallel calls do not slip past each other', async () => {
    const { as } = await open();
    const worker = await as('ana');
    await worker.file();
    const endings = await Promise.all([worker.page(), worker.send('1'), worker.page(), worker.send('2')]);
    expect(endings.filter((each) => each !== OK && each !== STOPPED)).toEqual([]);
    const after = await Promise.all([worker.send('3'), worker.send('4'), worker.send('5')]);
    expect(after).toEqual([STOPPED, STOPPED, STOPPED]);
  });

  it('lets honest work pass', async () => {
    const { as } = await open();
    for (const [index, [about, steps]] of Object.entries(HONEST).entries()) {
      const worker = await as(`honest-${index}`, index % 2 === 0 ? 'legacy' : MODERN);
      const endings: string[] = [];
      for (const step of steps) endings.push(await step(worker));
      expect([about, ...endings]).toEqual([about, ...steps.map(() => OK)]);
    }
  });
});
