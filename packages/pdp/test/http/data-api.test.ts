import { afterEach, describe, expect, it } from 'vitest';
import { type Api, get, openApi, post, regoSet } from './api-fixture.ts';

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

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

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
    api = await openApi(await regoSet(TOOLS));
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
    api = await openApi(
      await regoSet(TOOLS, { revision: 'r7', roots: ['agent'], metadata: { writ: { entrypoints } } }),
    );
    const url = `${api.url}/v1/data/agent/tools/decision`;
    const allowed = await post(url, question('db.read', {}, ['read']));
    expect(allowed.body['result']).toEqual({ outcome: 'allow', reason: 'ok', policy: 'agent.tools' });
    const [entry] = await api.fixture.point.administration.log.tail(1);
    expect(entry?.fields['note']).toEqual({ claimed: { arg_hash: 'abc' } });
    const other = await post(`${api.url}/v1/data/agent/tools/allowed`, { input: {} });
    expect(other).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    const raw = await post(`${api.url}/v1/data/agent/tools/scope_of`, { input: {} }, api.operator);
    expect(raw.body['result']).toMatchObject({ 'db.read': 'read' });
  });

  it('takes the input as a query parameter too, tells provenance, and needs no content type', async () => {
    api = await openApi(await regoSet(TOOLS));
    const url = `${api.url}/v1/data/agent/tools/decision`;
    const input = encodeURIComponent(JSON.stringify(question('db.read', {}, ['read']).input));
    const found = await get(`${url}?input=${input}&provenance=true&pretty`);
    expect(found.body).toMatchObject({
      result: { outcome: 'allow' },
      provenance: { bundles: { bundle: {} } },
    });
    const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await post(url, question('db.read', {}, ['read']), asForm)).body).toMatchObject({
      result: { outcome: 'allow' },
    });
  });

  it('answers a deny, in the form that the client reads, where the rule permits and Writ does not', async () => {
    api = await openApi(await regoSet(TOOLS));
    const url = `${api.url}/v1/data/agent/tools/decision`;
    await post(`${api.url}/v1/halt`, { actor: 'agent:ops' }, api.operator);
    const halted = await post(url, question('db.read', {}, ['read']));
    expect(halted.body['result']).toEqual({ outcome: 'deny', reason: 'halted', policy: null });
    await post(`${api.url}/v1/resume`, { actor: 'agent:ops' }, api.operator);
    expect((await post(url, question('db.read', {}, ['read']))).body).toMatchObject({
      result: { outcome: 'allow' },
    });
  });

  it('[P-NO-GRANT-NO-ALLOW] gives no value that only its client can read while Writ refuses', async () => {
    const rego = `package odd\n\ngranted := {"authorized": true}\n\nyes := "granted"\n\nno := {"allow": false}\n`;
    api = await openApi(await regoSet(rego));
    for (const rule of ['granted', 'yes']) {
      const asked = await post(`${api.url}/v1/data/odd/${rule}`, question('db.read', {}, ['read']));
      expect(asked.status).toBe(200);
      expect(JSON.stringify(asked.body['result'] ?? null)).not.toMatch(/authorized|granted/);
    }
    const no = await post(`${api.url}/v1/data/odd/no`, question('db.read', {}, ['read']));
    expect(no.body['result']).toEqual({ allow: false });
  });

  it('refuses a path that an engine behind a URL would take for another', async () => {
    api = await openApi(await regoSet(TOOLS));
    // With escaped slashes no client resolves the steps before they are sent.
    for (const path of [
      'agent%2F..%2Fagent%2Ftools%2Fdecision',
      'agent%2Ftools%2F.%2Fdecision',
      'agent%2F..',
    ]) {
      const refused = await post(`${api.url}/v1/data/${path}`, question('db.read', {}, ['read']));
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
    }
  });

  it('refuses an input that an entrypoint cannot read, on record', async () => {
    const entrypoints = [{ path: 'agent/tools/decision', kind: 'grant', profile: 'tools/v1' }];
    api = await openApi(await regoSet(TOOLS, { roots: ['agent'], metadata: { writ: { entrypoints } } }));
    const refused = await post(`${api.url}/v1/data/agent/tools/decision`, {
      input: { tool: 'db.read', approve: true },
    });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
    expect((await api.fixture.entries()).map(({ core }) => core.kind)).toEqual(['malformed']);
  });

  it('[P-RAW-IS-ADMIN] does not evaluate other paths for a point, nor for anybody outside of development', async () => {
    api = await openApi(await regoSet(TOOLS), { development: false });
    const url = `${api.url}/v1/data/agent/tools/scope_of`;
    expect((await post(url, { input: {} })).status).toBe(401);
    expect(await post(url, { input: {} }, api.gateway)).toMatchObject({
      status: 403,
      body: { code: 'operator_required' },
    });
    expect((await post(url, { input: {} }, api.operator)).body).toMatchObject({
      result: { 'db.read': 'read' },
    });
    expect((await api.fixture.entries()).at(-1)?.core).toMatchObject({
      kind: 'administrative',
      event: 'evaluate',
    });
  });
});
