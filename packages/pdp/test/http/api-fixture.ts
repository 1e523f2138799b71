import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createHttpApi, type HttpApi, type HttpApiOptions } from '../../src/http/create-http-api.ts';
import { createToken, type PointCredential, tokenDigest } from '../../src/http/credentials.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';
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
  options: Partial<HttpApiOptions> & { readonly fixtureOptions?: FixtureOptions } = {},
): Promise<Api> {
  const { fixtureOptions, ...rest } = options;
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

/** Real Rego, compiled by the embedded engine; without a manifest unless one is given. */
export async function regoSet(source: string, manifest?: object): Promise<PolicySet> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-http-'));
  try {
    await mkdir(join(folder, 'bundle'));
    await writeFile(join(folder, 'bundle/policy.rego'), source);
    if (manifest !== undefined) await writeFile(join(folder, 'bundle/.manifest'), JSON.stringify(manifest));
    const loaded = await loadPolicies([{ kind: 'path', path: join(folder, 'bundle') }], createRegoEngine());
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
