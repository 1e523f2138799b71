import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { DecisionPoint } from '@writ/decision';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reviewPins } from '../src/index.ts';
import { newerMeta, openRawStdio, type RawMessage, type RawStdio } from './raw-stdio.ts';
import { fixtureUpstream, MODERN, startGateway, TOKENS, until } from './start-gateway.ts';
import { type PointOptions, startPoint } from './start-point.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow"}\n';

async function open(options: PointOptions = { rego: ALLOW }) {
  const { service, entries } = await startPoint(options);
  return { ...(await startGateway(service, [fixtureUpstream()])), entries };
}

async function older(stdio: RawStdio, capabilities: object = {}): Promise<void> {
  const clientInfo = { name: 'test', version: '1' };
  await stdio.ask('i', 'initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
  stdio.write({ jsonrpc: '2.0', method: 'notifications/initialized' });
}

describe('what a server says of its progress', () => {
  const REDACTING: PointOptions = {
    rego: `${ALLOW}
output := {"outcome": "sanitize", "reason": "hidden", "obligations": [{"type": "redact", "properties": {"pointers": pointers}}]} if {
	pointers := [sprintf("/content/%d/text", [i]) | contains(input.result.content[i].text, "secret")]
	count(pointers) > 0
} else := true
`,
    entrypoints: [
      { path: 'agent/decision', kind: 'grant' },
      { path: 'agent/output', kind: 'guard', when: { phases: ['result'] } },
    ],
  };
  const call = (meta: object = {}) => ({
    name: 'progress',
    arguments: {},
    _meta: { progressToken: 'p', ...meta },
  });

  it.each(['older', 'newer'])(
    '[P-GATEWAY-OUTPUT-COMPLETE] comes with the result, as the output policy lets it, on stdio, era %s',
    async (era) => {
      const { gateway } = await open(REDACTING);
      const stdio = openRawStdio(gateway);
      if (era === 'older') await older(stdio);
      const { result } = await stdio.ask(1, 'tools/call', call(era === 'older' ? {} : newerMeta()._meta));
      expect(result.content).toMatchObject([{ text: 'done' }]);
      const told = stdio.came.filter(({ method }) => method === 'notifications/progress');
      expect(told.map(({ params }: RawMessage) => [params.progress, params.message !== undefined])).toEqual([
        [1, false],
        [2, false],
        [3, false],
        [4, true],
      ]);
      const { message } = told[3].params;
      expect(message).toBe('[REDACTED]\n[REDACTED]\n[REDACTED]');
      expect(JSON.stringify(stdio.came)).not.toContain('secret-text');
    },
  );

  it.each([['legacy' as const], [MODERN]])(
    '[P-GATEWAY-OUTPUT-COMPLETE] reaches clients over HTTP in the same way, era %j',
    async (era) => {
      const { connect } = await open();
      const seen: { progress: number; message?: string }[] = [];
      await (await connect(era)).callTool(
        { name: 'progress', arguments: {} },
        { onprogress: (progress) => void seen.push(progress as never) },
      );
      expect(seen.at(-1)).toMatchObject({ progress: 4, message: 'secret-text\nsecret-text\nsecret-text' });
    },
  );
});

describe('a page that a person is done with', () => {
  const pages = async (file: string, ask: (name: string, args: object) => Promise<unknown>) => {
    await ask('opened', { id: 'page-0' });
    const error = await ask('pages', { file }).catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error)).toContain('page-0');
    await ask('opened', { id: 'page-other' });
    await ask('opened', { id: 'page-0' });
    await ask('opened', { id: 'page-0' });
  };
  const folder = async () => {
    const made = await mkdtemp(join(tmpdir(), 'writ-told-'));
    onTestFinished(() => rm(made, { recursive: true, force: true }));
    return join(made, 'opened');
  };

  it('[P-GATEWAY-EVERY-REQUEST] is told a client of the older era once, and only where it was asked to open it', async () => {
    const { gateway } = await open();
    const stdio = openRawStdio(gateway);
    await older(stdio, { elicitation: { url: {} } });
    let id = 0;
    await pages(await folder(), (name, args) => stdio.ask(++id, 'tools/call', { name, arguments: args }));
    await stdio.find(({ method }) => method === 'notifications/elicitation/complete');
    await stdio.ask(++id, 'tools/call', { name: 'echo', arguments: {} });
    const told = stdio.came.filter(({ method }) => method === 'notifications/elicitation/complete');
    expect(told.map(({ params }: RawMessage) => params)).toEqual([{ elicitationId: 'page-0' }]);
  });

  it('[P-GATEWAY-EVERY-REQUEST] is told over HTTP too, and no other client', async () => {
    const { url } = await open();
    const clients = await Promise.all(
      [TOKENS.alice, TOKENS.bob].map(async (token) => {
        const client = new Client(
          { name: 'test', version: '1' },
          { versionNegotiation: { mode: 'legacy' }, capabilities: { elicitation: { url: {} } } },
        );
        const told: string[] = [];
        client.setNotificationHandler(
          'notifications/elicitation/complete',
          ({ params }) => void told.push(params.elicitationId),
        );
        const headers = { Authorization: `Bearer ${token}` };
        await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
        onTestFinished(() => client.close());
        return { client, told };
      }),
    );
    const [alice, bob] = clients;
    await pages(await folder(), async (name, args) =>
      alice?.client.callTool({ name, arguments: args as Record<string, unknown> }),
    );
    await until(() => alice?.told.length === 1);
    expect([alice?.told, bob?.told]).toEqual([['page-0'], []]);
  });
});

describe('a list that changed', () => {
  /** Alice may see `argv`, Bob may not. */
  const POLICY: PointOptions = {
    rego: `${ALLOW}
shown if input.action.tool != "argv"
shown if input.principal.id == "user:alice"
`,
    entrypoints: [
      { path: 'agent/decision', kind: 'grant' },
      { path: 'agent/shown', kind: 'visible', when: { phases: ['list'] } },
    ],
  };

  it('[P-GATEWAY-LIST-FILTERED] is told over HTTP those who would see another one, in both eras', async () => {
    const { connect, url, entries } = await open(POLICY);
    const open2 = async (era: 'legacy' | typeof MODERN, token: string) => {
      const client = await connect(era, token);
      const told: string[] = [];
      client.setNotificationHandler('notifications/tools/list_changed', () => void told.push('tools'));
      await client.listTools();
      if (era !== 'legacy') await client.listen({ toolsListChanged: true });
      return { client, told };
    };
    const alices = [await open2('legacy', TOKENS.alice), await open2(MODERN, TOKENS.alice)];
    const bobs = [await open2('legacy', TOKENS.bob), await open2(MODERN, TOKENS.bob)];
    const [alice, bob] = [alices[0], bobs[0]];
    await until(async () => JSON.stringify(await entries()).includes('user:bob'));
    // The server says that something changed, and nothing did.
    await alice?.client.callTool({ name: 'morph', arguments: { nothing: true } });
    await bob?.client.callTool({ name: 'morph', arguments: { hide: 'argv' } });
    await until(() => alices.every(({ told }) => told.length === 1));
    // What both of them see.
    await bob?.client.callTool({ name: 'morph', arguments: { hide: 'env' } });
    await until(() => bobs.every(({ told }) => told.length === 1));
    expect(url).toContain('http');
    expect(alices.every(({ told }) => told.length <= 2)).toBe(true);
  });

  it('[P-GATEWAY-LIST-FILTERED] because an operator approved something, or policies did, is told too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-told-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const pinsFile = join(folder, 'pins.json');
    const { service } = await startPoint({ rego: ALLOW });
    let hides = false;
    const point: DecisionPoint = {
      ...service,
      list: async (call) => {
        const answer = await service.list(call);
        return hides ? { ...answer, visible: answer.visible.map(() => false) } : answer;
      },
    };
    const first = await startGateway(service, [fixtureUpstream('fixture', { DESCRIPTION: 'a' })], {
      pinsFile,
    });
    await first.gateway.tools();
    const upstream = fixtureUpstream('fixture', { DESCRIPTION: 'b' });
    const { gateway } = await startGateway(point, [upstream], { pinsFile });
    const stdio = openRawStdio(gateway);
    await older(stdio);
    const changed = ({ method }: RawMessage) => method === 'notifications/tools/list_changed';
    const listed = async (id: number) => JSON.stringify(await stdio.ask(id, 'tools/list'));
    expect(await listed(1)).not.toContain('"echo"');
    const review = await reviewPins({ upstreams: [upstream], pinsFile });
    review.approve(review.definitions);
    await stdio.find(changed);
    expect(await listed(2)).toContain('"echo"');
    gateway.recheckLists();
    hides = true;
    gateway.recheckLists();
    await until(() => stdio.came.filter(changed).length === 2);
  });

  it.each(['older', 'newer'])(
    '[P-GATEWAY-LIST-FILTERED] is told on stdio only where it is another one than the client saw, era %s',
    async (era) => {
      const { gateway } = await open();
      const stdio = openRawStdio(gateway);
      const meta = era === 'older' ? {} : newerMeta();
      if (era === 'older') await older(stdio);
      else {
        const notifications = { toolsListChanged: true };
        stdio.write({
          jsonrpc: '2.0',
          id: 'l',
          method: 'subscriptions/listen',
          params: { notifications, ...meta },
        });
      }
      await stdio.ask(1, 'tools/list', meta);
      const call = (args: object) => ({ name: 'morph', arguments: args, ...meta });
      await stdio.ask(2, 'tools/call', call({ nothing: true }));
      await stdio.ask(3, 'tools/call', call({ hide: 'argv' }));
      const changed = ({ method }: RawMessage) => method === 'notifications/tools/list_changed';
      await stdio.find(changed);
      const { result } = await stdio.ask(4, 'tools/list', meta);
      expect(JSON.stringify(result)).not.toContain('argv');
      await stdio.ask(5, 'tools/call', call({ nothing: true }));
      await stdio.ask(6, 'tools/call', call({ hide: 'env' }));
      await until(() => stdio.came.filter(changed).length === 2);
    },
  );
});
