import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { findOpa } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, regoSet } from './api-fixture.ts';

const REGO = `package shop

import rego.v1

limits := {"refund": 50000, "names": ["a", "b"]}

greeting := sprintf("hello %s", [input.name])

allow if input.name == "ann"

default fallback := false

conflict := 1 if input.x

conflict := 2 if input.y
`;

interface Recorded {
  readonly about: string;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Each is sent to both; status and body have to be the same. */
const SAME: readonly Recorded[] = [
  { about: 'a value', path: '/v1/data/shop/limits', body: '{"input": {}}' },
  { about: 'a part of a value', path: '/v1/data/shop/limits/names', body: '{"input": {}}' },
  { about: 'no input', path: '/v1/data/shop/limits', body: '{}' },
  { about: 'no body', path: '/v1/data/shop/limits', body: '' },
  { about: 'a default', path: '/v1/data/shop/fallback', body: '{"input": {}}' },
  { about: 'undefined', path: '/v1/data/shop/allow', body: '{"input": {"name": "bob"}}' },
  { about: 'true', path: '/v1/data/shop/allow', body: '{"input": {"name": "ann"}}' },
  { about: 'no such document', path: '/v1/data/nothing/there', body: '{"input": {}}' },
  { about: 'an end that is a slash', path: '/v1/data/shop/limits/', body: '{"input": {}}' },
  { about: 'by GET', method: 'GET', path: '/v1/data/shop/greeting?input=%7B%22name%22%3A%22x%22%7D' },
  { about: 'by GET without input', method: 'GET', path: '/v1/data/shop/limits' },
  { about: 'v0', path: '/v0/data/shop/greeting', body: '{"name": "ann"}' },
  { about: 'v0, false', path: '/v0/data/shop/fallback', body: '{}' },
  { about: 'v0, without body', path: '/v0/data/shop/limits', body: '' },
  { about: 'v0, undefined', path: '/v0/data/shop/allow', body: '{"name": "bob"}' },
  {
    about: 'compressed',
    path: '/v1/data/shop/allow',
    body: new Uint8Array(gzipSync('{"input": {"name": "ann"}}')),
    headers: { 'content-encoding': 'gzip' },
  },
];

/** Only the status has to be the same: words and codes are Writ's own (docs/limits.md). */
const SAME_STATUS: readonly Recorded[] = [
  { about: 'no JSON', path: '/v1/data/shop/limits', body: '{"input"' },
  { about: 'v0, no JSON', path: '/v0/data/shop/limits', body: '{' },
  { about: 'a conflict', path: '/v1/data/shop/conflict', body: '{"input": {"x": true, "y": true}}' },
  { about: 'v0, no such document', path: '/v0/data/nothing/there', body: '{}' },
  { about: 'health', method: 'GET', path: '/health' },
  { about: 'health with bundles', method: 'GET', path: '/health?bundles' },
  { about: 'config', method: 'GET', path: '/v1/config' },
];

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

describe.skipIf(opa.binary === '')(`beside a real OPA${opa.note}`, () => {
  let folder: string;
  let server: ChildProcess;
  let theirs: string;
  let api: Api;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-opa-rest-'));
    writeFileSync(join(folder, 'shop.rego'), REGO);
    const address = `127.0.0.1:${await freePort()}`;
    theirs = `http://${address}`;
    server = spawn(opa.binary, ['run', '--server', '--addr', address, '--log-level', 'error', folder], {
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 200 && !(await isUp(theirs)); tries += 1) await sleep(50);
    api = await openApi(await regoSet(REGO, { roots: ['shop'] }));
  });
  afterAll(async () => {
    await api?.close();
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SAME)('$about: the same answer', async (recorded) => {
    expect(await exchange(api.url, recorded, api.operator)).toEqual(await exchange(theirs, recorded, {}));
  });

  it('an element of a list by its place is given by OPA alone', async () => {
    const recorded = { about: '', path: '/v1/data/shop/limits/names/1', body: '{"input": {}}' };
    expect(await exchange(theirs, recorded, {})).toEqual({ status: 200, body: { result: 'b' } });
    expect(await exchange(api.url, recorded, api.operator)).toEqual({ status: 200, body: {} });
  });

  it.each(SAME_STATUS)('$about: the same status', async (recorded) => {
    const [ours, other] = [
      await exchange(api.url, recorded, api.operator),
      await exchange(theirs, recorded, {}),
    ];
    expect(ours.status).toBe(other.status);
  });
});

async function exchange(
  base: string,
  { method = 'POST', path, body, headers }: Recorded,
  more: Readonly<Record<string, string>>,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers, ...more },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: await response.json() };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
