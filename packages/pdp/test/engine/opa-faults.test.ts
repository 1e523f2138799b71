import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createOpaClient } from '../../src/engine/opa-client.ts';
import { createRemoteOpaEngine } from '../../src/engine/opa-engine.ts';
import { engineBundle } from './engine-contract.ts';

/** A server that speaks OPA's protocol badly in exactly one way: real HTTP over a real socket. */
describe('[P-ENGINE-FAULT-DENIES] an OPA elsewhere that', () => {
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close();
  });

  const PROVENANCE = { provenance: { bundles: { tools: { revision: 'r1' } } } };

  async function serve(listener: RequestListener): Promise<string> {
    const server: Server = createServer((request, response) => {
      request.resume();
      // The probe when policies are loaded is answered well, so that only the question meets the fault.
      if (request.url?.startsWith('/v1/data/system/writ/probe') === true)
        response.end(JSON.stringify(PROVENANCE));
      else listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({
      close: () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function answerOf(listener: RequestListener, deadlineMs = 5_000) {
    const engine = createRemoteOpaEngine({ url: await serve(listener) });
    opened.push(engine);
    const loaded = await engine.load([engineBundle('tools', {})]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded.policies.evaluate({
      bundle: 'tools',
      path: 'a/b',
      input: { x: 1 },
      deadlineMs,
      timeNs: 0n,
    });
  }

  const body =
    (value: unknown, status = 200): RequestListener =>
    (_request, response) => {
      response.statusCode = status;
      response.end(typeof value === 'string' ? value : JSON.stringify(value));
    };

  it('would be asked for something else than a rule is not asked', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url);
      response.end('{}');
    });
    const client = createOpaClient({ url });
    opened.push(client);
    const revision = { opaName: 'tools', revision: 'r1' };
    for (const path of ['a/../../policies', '..', 'a/./b', 'a//b', '']) {
      expect(await client.evaluate(path, undefined, 1_000, revision)).toMatchObject({ code: 'policy_error' });
    }
    expect(asked).toEqual([]);
  });

  it('answers well is believed', async () => {
    expect(await answerOf(body({ ...PROVENANCE, result: { allow: true } }))).toMatchObject({
      kind: 'value',
      value: { allow: true },
    });
  });

  it('answers without `result` is undefined', async () => {
    expect(await answerOf(body(PROVENANCE))).toMatchObject({ kind: 'undefined' });
  });

  it.each([
    ['text that is no JSON', '<html>welcome</html>'],
    ['half of a JSON text', '{"result": tr'],
    ['a JSON text that is no object', '[true]'],
    [
      'a key twice',
      '{"result": false, "provenance": {"bundles": {"tools": {"revision": "r1"}}}, "result": true}',
    ],
    [
      'a number that cannot be held',
      '{"provenance": {"bundles": {"tools": {"revision": "r1"}}}, "result": 9007199254740993}',
    ],
    ['nothing', ''],
  ])('answers with %s errs', async (_name, text) => {
    expect(await answerOf(body(text))).toMatchObject({ kind: 'error', code: 'policy_error' });
  });

  it.each([
    ['no provenance', { result: true }],
    ['no bundle of this name', { result: true, provenance: { bundles: { other: { revision: 'r1' } } } }],
    ['another revision', { result: true, provenance: { bundles: { tools: { revision: 'r0' } } } }],
    [
      'a revision of another type',
      { result: true, provenance: { bundles: { tools: { revision: ['r1'] } } } },
    ],
  ])('[P-ENGINE-REVISION] answers with %s errs', async (_name, value) => {
    expect(await answerOf(body(value))).toMatchObject({ kind: 'error', code: 'policy_error' });
  });

  it.each([
    [500, 'policy_error'],
    [400, 'policy_error'],
    [302, 'policy_error'],
    [204, 'policy_error'],
    [401, 'policy_engine_unavailable'],
    [404, 'policy_engine_unavailable'],
    [429, 'policy_engine_unavailable'],
    [503, 'policy_engine_unavailable'],
  ])('answers with status %i errs', async (status, code) => {
    expect(
      await answerOf(
        body({ ...PROVENANCE, result: true, code: 'internal_error', message: 'broken' }, status),
      ),
    ).toMatchObject({
      kind: 'error',
      code,
    });
  });

  it('never answers is a timeout', async () => {
    expect(await answerOf(() => undefined, 80)).toMatchObject({ kind: 'error', code: 'policy_timeout' });
  });

  it('begins its answer and stops is a timeout', async () => {
    const half: RequestListener = (_request, response) => response.write('{"result": ');
    expect(await answerOf(half, 80)).toMatchObject({ kind: 'error', code: 'policy_timeout' });
  });

  it('breaks the connection is unavailable', async () => {
    expect(await answerOf((request) => request.socket.destroy())).toMatchObject({
      code: 'policy_engine_unavailable',
    });
    const halfway: RequestListener = (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result": ', () => request.socket.destroy());
    };
    expect(await answerOf(halfway)).toMatchObject({ code: 'policy_engine_unavailable' });
  });

  it('answers without end errs', async () => {
    const endless: RequestListener = (_request, response) => {
      const chunk = 'x'.repeat(1024 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    expect(await answerOf(endless, 20_000)).toMatchObject({ kind: 'error', code: 'policy_error' });
  });

  it('is not there is unavailable, and its policies do not load', async () => {
    const url = await serve(body({}));
    await opened.pop()?.close();
    const engine = createRemoteOpaEngine({ url });
    opened.push(engine);
    expect(await engine.load([engineBundle('tools', {})])).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'policy_engine_unavailable' }],
    });
    expect((await engine.health()).ok).toBe(false);
  });
});
