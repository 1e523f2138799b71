import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { findOpa } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openWritableApi } from './api-fixture.ts';

const REGO = `package shop

import rego.v1

limits := {"refund": 50000, "names": ["a", "b"]}

greeting := sprintf("hello %s", [input.name])

allow if input.name == "ann"

default fallback := false

conflict := 1 if input.x

conflict := 2 if input.y

number := to_number(input.name)

owns if input.report.owner == input.user
`;

interface Recorded {
  readonly about: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

const YAML = { 'content-type': 'application/x-yaml' };
const query = (text: string): string => `/v1/query?q=${encodeURIComponent(text)}`;

/** Each is sent to both, in this order; status and body have to be the same. */
const SAME: readonly Recorded[] = [
  { about: 'a value', path: '/v1/data/shop/limits', body: '{"input": {}}' },
  { about: 'a part of a value', path: '/v1/data/shop/limits/names', body: '{"input": {}}' },
  { about: 'an element of a list', path: '/v1/data/shop/limits/names/1', body: '{"input": {}}' },
  { about: 'no input', path: '/v1/data/shop/limits', body: '{}' },
  { about: 'no body', path: '/v1/data/shop/limits', body: '' },
  { about: 'a default', path: '/v1/data/shop/fallback', body: '{"input": {}}' },
  { about: 'undefined', path: '/v1/data/shop/allow', body: '{"input": {"name": "bob"}}' },
  { about: 'true', path: '/v1/data/shop/allow', body: '{"input": {"name": "ann"}}' },
  { about: 'no such document', path: '/v1/data/nothing/there', body: '{"input": {}}' },
  { about: 'an end that is a slash', path: '/v1/data/shop/limits/', body: '{"input": {}}' },
  { about: 'everything', path: '/v1/data', body: '{"input": {"name": "ann"}}' },
  { about: 'everything by GET', method: 'GET', path: '/v1/data' },
  { about: 'by GET', method: 'GET', path: '/v1/data/shop/greeting?input=%7B%22name%22%3A%22x%22%7D' },
  { about: 'by GET without input', method: 'GET', path: '/v1/data/shop/limits' },
  { about: 'pretty', path: '/v1/data/shop/limits?pretty', body: '{"input": {}}' },
  { about: 'v0', path: '/v0/data/shop/greeting', body: '{"name": "ann"}' },
  { about: 'v0, false', path: '/v0/data/shop/fallback', body: '{}' },
  { about: 'v0, without body', path: '/v0/data/shop/limits', body: '' },
  { about: 'v0, undefined', path: '/v0/data/shop/allow', body: '{"name": "bob"}' },
  { about: 'v0, no such document', path: '/v0/data/nothing/there', body: '{}' },
  { about: 'no main document', path: '/', body: '{}' },
  { about: 'YAML', path: '/v1/data/shop/allow', body: 'input:\n  name: ann\n', headers: YAML },
  { about: 'YAML, v0', path: '/v0/data/shop/greeting', body: 'name: ann', headers: YAML },
  {
    about: 'compressed',
    path: '/v1/data/shop/allow',
    body: new Uint8Array(gzipSync('{"input": {"name": "ann"}}')),
    headers: { 'content-encoding': 'gzip' },
  },
  { about: 'a conflict', path: '/v1/data/shop/conflict', body: '{"input": {"x": true, "y": true}}' },
  { about: 'v0, a conflict', path: '/v0/data/shop/conflict', body: '{"x": true, "y": true}' },
  { about: 'a failing builtin', path: '/v1/data/shop/number', body: '{"input": {"name": "z"}}' },
  {
    about: 'a failing builtin, strictly',
    path: '/v1/data/shop/number?strict-builtin-errors',
    body: '{"input": {"name": "z"}}',
  },
  {
    about: 'another value of explain',
    path: '/v1/data/shop/allow?explain=much',
    body: '{"input": {"name": "ann"}}',
  },
  { about: 'a query', method: 'GET', path: query('data.shop.limits.names[i] = x') },
  { about: 'a query without variables', method: 'GET', path: query('1 + 1') },
  { about: 'a query that is false', method: 'GET', path: query('1 == 2') },
  { about: 'a query without answers', method: 'GET', path: query('data.shop.limits.names[_] == "z"') },
  { about: 'no query', method: 'GET', path: '/v1/query' },
  { about: 'an unknown function', method: 'GET', path: query('foo(1)') },
  {
    about: 'a query by POST',
    path: '/v1/query',
    body: '{"query": "input.a = x", "input": {"a": [1, {"b": null}]}}',
  },
  {
    about: 'what a query did',
    path: '/v1/query?explain=full&pretty',
    body: '{"query": "input.a = x", "input": {"a": 1}}',
  },
  { about: 'compile', path: '/v1/compile', body: '{"query": "data.shop.allow == true"}' },
  { about: 'compile, always', path: '/v1/compile', body: '{"query": "data.shop.fallback == false"}' },
  { about: 'compile, never', path: '/v1/compile', body: '{"query": "data.shop.fallback == true"}' },
  {
    about: 'compile, known and unknown',
    path: '/v1/compile',
    body: '{"query": "data.shop.owns == true", "input": {"user": "ann"}, "unknowns": ["input.report"]}',
  },
  {
    about: 'compile, support',
    path: '/v1/compile',
    body: '{"query": "data.shop.allow", "options": {"disableInlining": ["data.shop.allow"]}}',
  },
  { about: 'compile, unsafe', path: '/v1/compile', body: '{"query": "x"}' },
  { about: 'compile, nothing', path: '/v1/compile', body: '{}' },
  { about: 'a policy that is not there', method: 'GET', path: '/v1/policies/nope' },
  { about: 'a policy put', method: 'PUT', path: '/v1/policies/team/b.rego', body: 'package team.b\np := 1' },
  { about: 'it is there', method: 'GET', path: '/v1/policies/team/b.rego' },
  { about: 'its rule', path: '/v1/data/team/b/p', body: '{"input": {}}' },
  {
    about: 'a policy about health',
    method: 'PUT',
    path: '/v1/policies/health',
    body: 'package system.health\nlive if true\nready if input.plugins_ready\nnumber := 1\nnope := false\nnested.deep := true',
  },
  ...['live', 'ready', 'number', 'nope', 'undefined', 'nested/deep', 'live?x=1'].map((path) => ({
    about: `health by policy: ${path}`,
    method: 'GET' as const,
    path: `/health/${path}`,
  })),
  {
    about: 'a policy that calls nothing',
    method: 'PUT',
    path: '/v1/policies/bad',
    body: 'package a.b\nq := foo(1)',
  },
  { about: 'a policy without text', method: 'PUT', path: '/v1/policies/empty', body: '' },
  { about: 'what was active stays', path: '/v1/data/team/b/p', body: '{"input": {}}' },
  {
    about: 'a policy put anew',
    method: 'PUT',
    path: '/v1/policies/team/b.rego',
    body: 'package team.b\np := 2',
  },
  { about: 'the new rule', path: '/v1/data/team/b/p', body: '{"input": {}}' },
  { about: 'a policy deleted', method: 'DELETE', path: '/v1/policies/team/b.rego' },
  { about: 'a policy deleted twice', method: 'DELETE', path: '/v1/policies/team/b.rego' },
  { about: 'the rule is gone', path: '/v1/data/team/b/p', body: '{"input": {}}' },
  { about: 'data put', method: 'PUT', path: '/v1/data/d/e', body: '{"f": 1}' },
  { about: 'data is there', method: 'GET', path: '/v1/data/d' },
  {
    about: 'data put only if new',
    method: 'PUT',
    path: '/v1/data/d/e',
    body: '2',
    headers: { 'if-none-match': '*' },
  },
  { about: 'data below a scalar', method: 'PUT', path: '/v1/data/d/e/f/g', body: '1' },
  {
    about: 'data patched',
    method: 'PATCH',
    path: '/v1/data/d',
    body: '[{"op": "add", "path": "/x", "value": [1, 2]}]',
  },
  {
    about: 'a list grown',
    method: 'PATCH',
    path: '/v1/data/d',
    body: '[{"op": "add", "path": "/x/-", "value": 3}]',
  },
  {
    about: 'a list shortened',
    method: 'PATCH',
    path: '/v1/data',
    body: '[{"op": "remove", "path": "/d/x/0"}]',
  },
  {
    about: 'data replaced',
    method: 'PATCH',
    path: '/v1/data',
    body: '[{"op": "replace", "path": "/d/e/f", "value": 2}]',
  },
  { about: 'data after the patches', method: 'GET', path: '/v1/data/d' },
  {
    about: 'a patch of nothing',
    method: 'PATCH',
    path: '/v1/data/d',
    body: '[{"op": "remove", "path": "/zz"}]',
  },
  {
    about: 'a patch that is none',
    method: 'PATCH',
    path: '/v1/data/d',
    body: '[{"op": "boo", "path": "/zz"}]',
  },
  { about: 'data deleted', method: 'DELETE', path: '/v1/data/d/x' },
  { about: 'data deleted twice', method: 'DELETE', path: '/v1/data/d/x' },
];

/** Status and code have to be the same: the words are Writ's own (docs/limits.md). */
const SAME_CODE: readonly Recorded[] = [
  { about: 'no JSON', path: '/v1/data/shop/limits', body: '{"input"' },
  { about: 'a list', path: '/v1/data/shop/limits', body: '[]' },
  { about: 'no JSON by GET', method: 'GET', path: '/v1/data/shop/limits?input=%7B' },
  { about: 'v0, no JSON', path: '/v0/data/shop/limits', body: '{' },
  { about: 'a query that is none', method: 'GET', path: query('x =') },
  { about: 'a query, no JSON', path: '/v1/query', body: '{"query' },
  { about: 'a policy that is none', method: 'PUT', path: '/v1/policies/bad', body: 'package a.b\np := ' },
  { about: 'a patch, no list', method: 'PATCH', path: '/v1/data/d', body: '{}' },
  { about: 'health', method: 'GET', path: '/health' },
  { about: 'health with bundles and plugins', method: 'GET', path: '/health?bundles&plugins' },
  { about: 'config', method: 'GET', path: '/v1/config' },
  { about: 'another method', method: 'PUT', path: '/v1/query', body: '{}' },
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
    api = await openWritableApi(REGO);
  });
  afterAll(async () => {
    await api?.close();
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SAME)('$about: the same answer', async (recorded) => {
    expect(await exchange(api.url, recorded, api.operator)).toEqual(await exchange(theirs, recorded, {}));
  });

  it.each(SAME_CODE)('$about: the same status and code', async (recorded) => {
    const [ours, other] = [
      await exchange(api.url, recorded, api.operator),
      await exchange(theirs, recorded, {}),
    ];
    expect(ours.status).toBe(other.status);
    expect(codeOf(ours.body)).toBe(codeOf(other.body));
  });

  it('names of metrics and provenance are among those of OPA', async () => {
    const recorded = { about: '', path: '/v1/data/shop/limits?metrics&provenance', body: '{"input": {}}' };
    const names = async (base: string, more: Readonly<Record<string, string>>) => {
      const { body } = await exchange(base, recorded, more);
      const { metrics, provenance } = body as { metrics: object; provenance: object };
      return [...Object.keys(metrics), ...Object.keys(provenance)];
    };
    const known = await names(theirs, {});
    // Data comes with bundles here, and bundles have their revisions.
    const own = (await names(api.url, api.operator)).filter((name) => name !== 'bundles');
    expect(known).toEqual(expect.arrayContaining(own));
  });
});

function codeOf(body: unknown): unknown {
  return (body as { readonly code?: unknown } | undefined)?.code;
}

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
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text, told) };
}

/** What is not compared: which side of an equality is left, how deep the evaluation was, and in which folder a file lies. */
function told(name: string, value: unknown): unknown {
  if (name === 'stack_trace' || name === 'details') return undefined;
  if (name === 'terms' && Array.isArray(value) && JSON.stringify(value[0]).includes('"eq"'))
    return [
      value[0],
      ...value
        .slice(1)
        .map((term) => JSON.stringify(term))
        .sort(),
    ];
  if (name === 'file' && typeof value === 'string') return value.split('/').at(-1);
  return name === 'message' && typeof value === 'string'
    ? value.replaceAll(/ at \S*\/(?=\w+\.rego)/g, ' at ')
    : value;
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
