import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  directorySink,
  type ExportForm,
  eraseEntries,
  exportEntries,
  httpSink,
  leafHash,
  opensCommitment,
  randomSalts,
  type Sink,
  verifyLog,
} from '../src/index.ts';
import { TemporaryLog } from './temporary-log.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

interface Received {
  readonly method: string;
  readonly url: string;
  readonly id: string;
  readonly encoding: string | undefined;
  readonly body: Buffer;
}

/** A receiver that answers as it is told to, and keeps what it took. */
async function receiver(
  answer: (number: number) => number,
): Promise<{ readonly url: string; readonly taken: Received[] }> {
  const taken: Received[] = [];
  let number = 0;
  server = createServer(async (request: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const status = answer(number++);
    // One that fails may have kept it all the same.
    taken.push({
      method: request.method ?? '',
      url: request.url ?? '',
      id: String(request.headers['idempotency-key']),
      encoding: request.headers['content-encoding'],
      body: Buffer.concat(parts),
    });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`, taken };
}

const run = (log: TemporaryLog, sink: Sink, form: ExportForm = 'ndjson', more: object = {}) =>
  exportEntries({
    directory: log.directory,
    form,
    sink,
    positionFile: join(log.root, `${form}.position`),
    version: '1',
    segmentEntries: 100,
    ...more,
  });

const lines = (
  bytes: Uint8Array,
): { index: number; leaf: string; detail: { fields: [string, object][] } }[] =>
  Buffer.from(bytes)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('[P-EXPORT-LOSSLESS] an export', () => {
  it('writes what is signed to a directory, goes on where it ended, and verifies against the tree', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 250);
    const out = join(log.root, 'out');
    expect(await run(log, directorySink(out))).toMatchObject({ position: 0, segments: 0 });
    await log.publish();
    expect(await run(log, directorySink(out))).toEqual({ position: 250, segments: 3, events: 250 });
    await log.decide(250, 260);
    await log.publish();
    expect(await run(log, directorySink(out))).toEqual({ position: 260, segments: 1, events: 10 });
    const all = readdirSync(out)
      .sort()
      .flatMap((name) => lines(readFileSync(join(out, name))));
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 260 }, (_, index) => index));
    const stored = await log.store.entries(0, 260);
    for (const { index, leaf, detail } of all) {
      expect(leafHash(Buffer.from(leaf))).toEqual(leafHash(stored[index]!.leaf));
      const { commitments } = JSON.parse(leaf);
      for (const [salt, values] of detail.fields)
        expect(opensCommitment(commitments[Object.keys(values).join(',')], salt, values)).toBe(true);
    }
  });

  it('loses nothing at a receiver that fails, and sends the same id again', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 450);
    await log.publish();
    const { url, taken } = await receiver((number) => (number % 3 === 1 ? 503 : 200));
    const sink = httpSink({ url, method: 'PUT' });
    for (let attempt = 0; attempt < 10; attempt++) {
      const done = await run(log, sink).then(
        ({ position }) => position === 450,
        () => false,
      );
      if (done) break;
    }
    const ids = taken.map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
    expect(ids.length).toBeGreaterThan(5);
    expect(
      taken.every(
        ({ method, url: path, id }) => method === 'PUT' && path.endsWith(`${id.split('/').at(-1)}.ndjson`),
      ),
    ).toBe(true);
    const byId = new Map(taken.map(({ id, body }) => [id, body]));
    const indices = [...byId.values()].flatMap((body) => lines(body).map(({ index }) => index));
    expect(indices.sort((left, right) => left - right)).toEqual(
      Array.from({ length: 450 }, (_, index) => index),
    );
  });

  it('to a receiver that is not there ends without moving on, and asks again where it may', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 10);
    await log.publish();
    const dead = httpSink({ url: 'http://127.0.0.1:9', method: 'PUT' });
    await expect(run(log, dead)).rejects.toThrow();
    expect(existsSync(join(log.root, 'ndjson.position'))).toBe(false);
    const { url, taken } = await receiver((number) => (number < 2 ? 500 : 200));
    const faults: string[] = [];
    const report = await run(log, httpSink({ url, method: 'PUT' }), 'ndjson', {
      attempts: 5,
      onFault: (message: string) => void faults.push(message),
    });
    expect(report.position).toBe(10);
    expect(taken).toHaveLength(3);
    expect(faults).toHaveLength(2);
  });

  it('does not go on with the position of another log', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 10);
    await log.publish();
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(log.root, 'ndjson.position'), 'log.test/other 5\n');
    await expect(run(log, directorySink(join(log.root, 'out')))).rejects.toThrow(
      'not the position of an export',
    );
  });
});

describe("OPA's decision log", () => {
  it('is posted as gzipped arrays of events, without what was dropped', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 7);
    await log.append({ kind: 'decision', decision_id: 'dec-dropped', outcome: 'allow', dropped: true }, {});
    await log.append({ kind: 'stop' }, {});
    await eraseEntries(
      log.store,
      { principal: 'user-2', fields: ['args'] },
      { by: 'op', trust: 'enforced', salts: randomSalts() },
    );
    await log.publish();
    const { url, taken } = await receiver(() => 200);
    expect(await run(log, httpSink({ url: `${url}/logs`, method: 'POST' }), 'opa')).toMatchObject({
      events: 7,
      segments: 1,
    });
    const [post] = taken;
    expect(post).toMatchObject({ method: 'POST', url: '/in/logs', encoding: 'gzip' });
    const events = JSON.parse(gunzipSync(post!.body).toString());
    expect(events).toHaveLength(7);
    expect(events[1]).toMatchObject({
      labels: { id: 'log.test/one' },
      decision_id: 'dec-1',
      bundles: { tutorial: { revision: '1' } },
      input: {
        principal: { id: 'user-1', tenant: 'acme' },
        action: { tool: 'refund', args: { amount: 1.5 } },
      },
      result: { outcome: 'allow', allow: true },
      timestamp: expect.stringMatching(/Z$/),
    });
    expect(events[2].erased).toEqual(['/input/action/arg_hash', '/input/action/args']);
  });
});

describe('retention', () => {
  it('takes what lies beside older entries; the tree still verifies', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 120);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const before = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await log.decide(120, 130);
    const report = await eraseEntries(
      log.store,
      { before },
      { by: 'op', trust: 'enforced', salts: randomSalts() },
    );
    expect(report).toMatchObject({ entries: 120, recorded: [130, 131] });
    await log.publish();
    const entries = await log.store.entries(0, 132);
    expect(entries.slice(0, 120).every(({ detail }) => JSON.parse(detail!).fields.length === 0)).toBe(true);
    expect(entries.slice(120, 130).every(({ detail }) => JSON.parse(detail!).fields.length > 0)).toBe(true);
    expect(verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] }).ok).toBe(true);
  });
});
