import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleSource } from '@writ/bundle';
import type { Engine } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createHttpApi, type HttpApi, type HttpApiOptions } from '../../src/http/create-http-api.ts';
import { createToken, type PointCredential, tokenDigest } from '../../src/http/credentials.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';
import { createPolicyWrites, type PolicyWrites, writtenSource } from '../../src/layers/policy-writes.ts';
import { type Fixture, type FixtureOptions, openFixture, type RuleAt } from '../pipeline/support.ts';

/** A decision point behind a listening HTTP API, with an operator and one enforcement point. */
export interface Api {
  readonly fixture: Fixture;
  readonly http: HttpApi;
  readonly url: string;
  /** Headers of the operator and of the point `gateway`, which may speak for `user:*` only. */
  readonly operator: Readonly<Record<string, string>>;
  readonly gateway: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function openApi(
  rules: readonly RuleAt[] | PolicySet,
  options: Partial<HttpApiOptions> & {
    readonly fixtureOptions?: FixtureOptions;
    readonly writesOf?: (fixture: Fixture) => PolicyWrites;
  } = {},
): Promise<Api> {
  const { fixtureOptions, writesOf, ...rest } = options;
  const fixture = await openFixture(rules, fixtureOptions);
  const operator = createToken('writ_op');
  const gateway = createToken('writ_pt');
  const points: PointCredential[] = [
    {
      tokenSha256: tokenDigest(gateway),
      caller: { pointId: 'gateway', mayAssert: { principals: ['user:*'] }, mode: 'enforce' },
    },
  ];
  const http = createHttpApi({
    service: fixture.point,
    policies: () => {
      const set = fixture.source.current();
      return set === undefined ? undefined : { engine: set.engine, bundles: set.bundles };
    },
    credentials: { operatorSha256: tokenDigest(operator), points },
    development: true,
    ...(writesOf === undefined ? {} : { writes: writesOf(fixture) }),
    ...rest,
  });
  const listening = await http.listen();
  if (!listening.ok) throw new Error(listening.message);
  return {
    fixture,
    http,
    url: listening.url,
    operator: { authorization: `Bearer ${operator}` },
    gateway: { authorization: `Bearer ${gateway}` },
    close: async () => {
      await http.close();
      await fixture.close();
    },
  };
}

/** An API over whose OPA side policies and data may be written, beside a bundle `shop` of a file. */
export async function openWritableApi(source: string, options: Partial<HttpApiOptions> = {}): Promise<Api> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-writable-'));
  await mkdir(join(folder, 'shop'));
  await writeFile(join(folder, 'shop/shop.rego'), source);
  const directory = join(folder, 'written');
  const sources: BundleSource[] = [{ kind: 'path', path: join(folder, 'shop') }, writtenSource(directory)];
  const engine = createRegoEngine();
  const loaded = await loadPolicies(sources, engine);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  const api = await openApi(loaded.set, {
    ...options,
    writesOf: ({ source: policies, point: { administration } }) =>
      createPolicyWrites({ directory, sources, engine, policies, administration }),
  });
  return {
    ...api,
    close: async () => {
      await api.close();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Real Rego, compiled by the embedded engine; without a manifest unless one is given. */
export async function regoSet(
  source: string | Readonly<Record<string, string>>,
  manifest?: object,
  engine: Engine = createRegoEngine(),
): Promise<PolicySet> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-http-'));
  try {
    await mkdir(join(folder, 'bundle'));
    const files = typeof source === 'string' ? { 'policy.rego': source } : source;
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, 'bundle', file), text);
    if (manifest !== undefined) await writeFile(join(folder, 'bundle/.manifest'), JSON.stringify(manifest));
    const loaded = await loadPolicies([{ kind: 'path', path: join(folder, 'bundle') }], engine);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded));
    return loaded.set;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: (await response.json()) as Reply['body'] };
}

/** Any method with a text; the body is undefined where there is none. */
export async function send(
  method: string,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url, { method, body, headers });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
