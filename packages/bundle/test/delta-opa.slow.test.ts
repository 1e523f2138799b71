import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '@writ/decision';
import { createOutbound } from '@writ/outbound';
import { findOpa } from '@writ/testing';
import { expect, it, onTestFinished } from 'vitest';
import {
  buildBundle,
  buildDelta,
  contentFacts,
  createHttpFetcher,
  createRemoteBundle,
  type RequiredSignature,
  readSource,
  signBundle,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, writeFiles } from './bundle-fixture.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signing = { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), keyId: 'k' };
const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const AUTHOR: RequiredSignature = { name: 'author', form: 'bundle', keys: { k: { key } } };

const MANIFEST = '{"roots": ["agent", "limits"]}';
const RULE = 'package agent\n\nanswer := data.limits\n';

/** A bundle server that gives a delta to whoever knows the one before and takes deltas. */
async function bundleServer() {
  let whole: Uint8Array = new Uint8Array();
  let delta: Uint8Array | undefined;
  let number = 0;
  const gave: string[] = [];
  const server = createServer((request, response) => {
    const known = request.headers['if-none-match'];
    const takes = String(request.headers['prefer']).includes('delta');
    if (known === `"${number}"`) return void response.writeHead(304).end();
    const fits = takes && delta !== undefined && known === `"${number - 1}"`;
    gave.push(fits ? 'delta' : 'snapshot');
    response
      .writeHead(200, { etag: `"${number}"`, 'content-type': 'application/gzip' })
      .end(fits ? delta : whole);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    gave,
    publish(next: Uint8Array, change?: Uint8Array) {
      whole = next;
      delta = change;
      number += 1;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function runOpa(origin: string): Promise<() => Promise<unknown>> {
  const folder = makeFolder({});
  const port = await freePort();
  const config = {
    services: { s: { url: origin } },
    keys: { k: { algorithm: 'RS256', key } },
    bundles: {
      b: {
        service: 's',
        resource: '/b.tar.gz',
        // OPA 1.22 checks no signature of a delta, and takes none unless it is told to.
        signing: { keyid: 'k', allow_unsigned_delta_bundles: true },
        polling: { min_delay_seconds: 1, max_delay_seconds: 1 },
      },
    },
  };
  writeFileSync(join(folder, 'opa.json'), JSON.stringify(config));
  const child = spawn(
    opa.binary,
    ['run', '--server', '--addr', `127.0.0.1:${port}`, '--config-file', join(folder, 'opa.json')],
    { stdio: 'ignore' },
  );
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
  return async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/data/agent/answer`);
    return ((await response.json()) as { result?: unknown }).result;
  };
}

async function startWritRemote(origin: string) {
  const outbound = createOutbound({ allowLoopback: true });
  const remote = createRemoteBundle({
    name: 'b',
    directory: makeFolder({}),
    pollMs: 500,
    fetcher: createHttpFetcher({ url: `${origin}/b.tar.gz`, outbound, detached: false }),
  });
  onTestFinished(() => remote.close());
  await remote.start();
  return async () => {
    const offer = remote.current();
    const bundle = bundleOf(await readSource({ kind: 'remote', remote, signatures: [AUTHOR] }));
    await remote.accepted(offer, contentFacts(bundle));
    return bundle.data['limits'];
  };
}

async function becomes(look: () => Promise<unknown>, wanted: unknown): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    last = await look().catch((error: unknown) => error);
    if (isDeepStrictEqual(last, wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(last).toEqual(wanted);
}

it.skipIf(opa.binary === '')(
  `[P-BUNDLE-DELTA] a real OPA and Writ follow the same signed deltas to the same data${opa.note}`,
  async () => {
    const folder = makeFolder({ '.manifest': MANIFEST, 'p.rego': RULE });
    const server = await bundleServer();
    const versions: JsonObject[] = [
      { max: 1, 'e/f ~ %41': { x: [1, 2], y: 'é' } },
      { max: 2, 'e/f ~ %41': { x: [2], new: null, y: 'é' }, rows: [{ a: 1 }] },
      { 'e/f ~ %41': { y: '%' }, rows: [{ a: 2 }, {}] },
    ];
    let whole: Uint8Array | undefined;
    const publish = async (index: number) => {
      writeFiles(folder, { 'limits/data.json': JSON.stringify(versions[index]) });
      const options = { name: 'b', revision: `r${index}`, sequence: index, signing };
      const [next, delta] = [
        await buildBundle(folder, options),
        whole === undefined ? undefined : await buildDelta(folder, whole, options),
      ];
      if (!next.ok || delta?.ok === false) throw new Error(JSON.stringify([next, delta]));
      whole = next.archive;
      server.publish(next.archive, delta?.archive);
    };
    await publish(0);
    const [ofOpa, ofWrit] = [await runOpa(server.origin), await startWritRemote(server.origin)];
    for (const index of [0, 1, 2]) {
      if (index > 0) await publish(index);
      await becomes(ofOpa, versions[index]);
      await becomes(ofWrit, versions[index]);
    }
    expect(server.gave).toEqual(['snapshot', 'snapshot', 'delta', 'delta', 'delta', 'delta']);
  },
);

it.skipIf(opa.binary === '')(
  `a patch that was written by hand makes the same of the data in a real OPA and here${opa.note}`,
  async () => {
    const files = {
      '.manifest': '{"roots": ["agent", "limits"], "revision": "r1"}',
      'p.rego': RULE,
      'limits/data.json': '{"list": [1, 2, 3], "o": {"a": 1, "b": 2}}',
    };
    const archive = async (content: Readonly<Record<string, string>>) => {
      const list = Object.entries(content).map(([path, text]) => ({ path, text }));
      const signed = await signBundle(
        list.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
        signing,
      );
      if (!signed.ok) throw new Error('not signed');
      return writeArchive([...list, { path: '.signatures.json', text: signed.text }]);
    };
    const operations = [
      { op: 'upsert', path: '/limits/list/1', value: 9 },
      { op: 'upsert', path: 'limits/list/-', value: 4 },
      { op: 'remove', path: '/limits/list/0' },
      { op: 'replace', path: '/limits/o/a', value: { deep: [null] } },
      { op: 'upsert', path: '/limits/made/on~1the/way', value: true },
      { op: 'remove', path: '/limits/o/b' },
    ];
    const metadata = { writ: { delta: { from_revision: 'r1' } } };
    const server = await bundleServer();
    server.publish(await archive(files));
    const [ofOpa, ofWrit] = [await runOpa(server.origin), await startWritRemote(server.origin)];
    const before = { list: [1, 2, 3], o: { a: 1, b: 2 } };
    await becomes(ofOpa, before);
    await becomes(ofWrit, before);
    const delta = await archive({
      '.manifest': JSON.stringify({ roots: ['agent', 'limits'], revision: 'r2', metadata }),
      'patch.json': JSON.stringify({ data: operations }),
    });
    server.publish(await archive(files), delta);
    const after = { list: [9, 2, 3, 4], made: { 'on/the': { way: true } }, o: { a: { deep: [null] } } };
    await becomes(ofOpa, after);
    await becomes(ofWrit, after);
  },
);
