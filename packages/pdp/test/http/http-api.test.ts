import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createHttpApi } from '../../src/http/create-http-api.ts';
import { createToken, tokenDigest } from '../../src/http/credentials.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { type Fixture, openFixture } from '../pipeline/support.ts';

const TOOLS = `package agent.tools

allowed := {"db.read", "refund.issue", "db.delete"}

scope_of := {"db.read": "read", "refund.issue": "write:refund", "db.delete": "write:destructive"}

decision := {"outcome": "deny", "reason": "tool_not_allowlisted", "policy": "agent.tools"} if {
  not input.tool in allowed
}

decision := {"outcome": "deny", "reason": "amount_over_limit", "policy": "agent.tools"} if {
  input.tool == "refund.issue"
  input.arguments.amount_cents > 50000
}

decision := {"outcome": "escalate", "reason": "human_approval_required", "policy": "agent.tools"} if {
  input.tool == "db.delete"
  scope_of[input.tool] in input.identity.scopes
}

decision := {"outcome": "allow", "reason": "ok", "policy": "agent.tools"} if {
  input.tool == "db.read"
  scope_of[input.tool] in input.identity.scopes
}
`;

interface Api {
  readonly fixture: Fixture;
  readonly url: string;
  readonly operator: string;
  close(): Promise<void>;
}

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function openApi(
  options: { readonly manifest?: object; readonly development?: boolean } = {},
): Promise<Api> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-http-'));
  await mkdir(join(folder, 'bundle'), { recursive: true });
  await writeFile(join(folder, 'bundle/policy.rego'), TOOLS);
  if (options.manifest !== undefined)
    await writeFile(join(folder, 'bundle/.manifest'), JSON.stringify(options.manifest));
  const engine = createRegoEngine();
  const loaded = await loadPolicies([{ kind: 'path', path: join(folder, 'bundle') }], engine);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  const fixture = await openFixture(loaded.set);
  const operator = createToken('writ_op');
  const http = createHttpApi({
    service: fixture.point,
    policies: () => {
      const set = fixture.source.current();
      return set === undefined ? undefined : { engine: set.engine, bundles: set.bundles };
    },
    credentials: { operatorSha256: tokenDigest(operator), points: [] },
    development: options.development ?? true,
  });
  const listening = await http.listen();
  if (!listening.ok) throw new Error(listening.message);
  return {
    fixture,
    operator,
    url: listening.url,
    close: async () => {
      await http.close();
      await fixture.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function question(tool: string, args: object, scopes: string[]) {
  return {
    input: {
      tool,
      arguments: args,
      identity: { sub: 'agent:ops', scopes, delegated_by: 'user:42' },
      arg_hash: 'abc',
    },
  };
}

describe('data API', () => {
  it('answers a client written for OPA by the rule that it asks, on record', async () => {
    api = await openApi();
    const url = `${api.url}/v1/data/agent/tools/decision`;
    const allowed = await post(url, question('db.read', {}, ['read']));
    expect(allowed.body['result']).toEqual({ outcome: 'allow', reason: 'ok', policy: 'agent.tools' });
    const denied = await post(url, question('refund.issue', { amount_cents: 90000 }, ['write:refund']));
    expect(denied.body['result']).toEqual({
      outcome: 'deny',
      reason: 'amount_over_limit',
      policy: 'agent.tools',
    });
    const escalated = await post(url, question('db.delete', { id: 7 }, ['write:destructive']));
    expect(escalated.body['result']).toEqual({
      outcome: 'escalate',
      reason: 'human_approval_required',
      policy: 'agent.tools',
    });
    const undefinedAnswer = await post(url, question('db.read', {}, []));
    expect(undefinedAnswer.status).toBe(200);
    expect(undefinedAnswer.body).not.toHaveProperty('result');
    // Four decisions, and one approval that was asked for.
    expect(await api.fixture.entries()).toHaveLength(5);
  });

  it('runs the whole pipeline where the path is an entrypoint', async () => {
    const entrypoints = [{ path: 'agent/tools/decision', kind: 'grant', profile: 'tools/v1' }];
    api = await openApi({
      manifest: { revision: 'r7', roots: ['agent'], metadata: { writ: { entrypoints } } },
    });
    const url = `${api.url}/v1/data/agent/tools/decision`;
    const allowed = await post(url, question('db.read', {}, ['read']));
    expect(allowed.body['result']).toEqual({ outcome: 'allow', reason: 'ok', policy: 'agent.tools' });
    const [entry] = await api.fixture.point.administration.log.tail(1);
    expect(entry?.fields['note']).toEqual({ claimed: { arg_hash: 'abc' } });
    const other = await post(`${api.url}/v1/data/agent/tools/allowed`, { input: {} });
    expect(other).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    const raw = await post(
      `${api.url}/v1/data/agent/tools/scope_of`,
      { input: {} },
      { authorization: `Bearer ${api.operator}` },
    );
    expect(raw.body['result']).toMatchObject({ 'db.read': 'read' });
  });
});
