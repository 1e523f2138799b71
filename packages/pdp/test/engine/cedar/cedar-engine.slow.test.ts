import { afterEach, describe, expect, it } from 'vitest';
import { createCedarEngine } from '../../../src/engine/cedar/cedar-engine.ts';
import type { EngineAnswer, EngineBundle, LoadedPolicies, LoadResult } from '../../../src/engine/engine.ts';
import { engineBasics, engineBundle, entrypointAt } from '../engine-contract.ts';

const request = (args: object, more: object = {}): never =>
  ({
    principal: { id: 'alice', groups: ['finance'] },
    actor: { id: 'agent-1', class: 'support' },
    action: { type: 'tool_call', phase: 'call', server: 'payments', tool: 'refund', args, ...more },
  }) as never;

function cedarBundle(
  files: Readonly<Record<string, string>>,
  more: Partial<EngineBundle> = {},
): EngineBundle {
  const content = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  return engineBundle(
    'tools',
    {},
    {
      engine: 'cedar',
      roots: ['agent'],
      engineContent: { files: content, wasm: [] },
      entrypoints: [entrypointAt('agent/decision')],
      ...more,
    },
  );
}

const POLICY = `// Who may pay back, and how much.
@id("refunds")
permit(principal in Group::"finance", action == Action::"tool_call", resource == Tool::"payments/refund")
when { context.args.amount <= 500 };

@id("large_refunds")
@reason("more than 500 goes to a person")
@outcome("escalate")
permit(principal in Group::"finance", action == Action::"tool_call", resource in Server::"payments")
when { context.args.amount > 500 && context.args.amount < 10000 };

@id("no_strangers")
@reason("the account is not one of ours")
@remediation("name one of our accounts")
forbid(principal, action, resource)
when { context.args has account && !(context.args.account like "ours-*") };
`;

engineBasics('cedar', {
  create: async () => createCedarEngine(),
  bundle: cedarBundle({ 'p.cedar': POLICY }),
  value: {
    path: 'agent/decision',
    inputs: [
      [request({ amount: 5 }), [{ allow: true }]],
      [
        request({ amount: 5000 }),
        [
          {
            outcome: 'escalate',
            reasons: [{ code: 'large_refunds', message: 'more than 500 goes to a person' }],
          },
        ],
      ],
    ],
  },
  undefined: { path: 'agent/decision', input: request({ amount: 50_000 }) },
  fault: { path: 'agent/decision', input: request({}) },
});

describe('Cedar as an engine', () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close();
  });

  async function tryLoad(...bundles: EngineBundle[]): Promise<LoadResult> {
    const loaded = await createCedarEngine().load(bundles);
    if (loaded.ok) opened.push(loaded.policies);
    return loaded;
  }

  async function load(...bundles: EngineBundle[]): Promise<LoadedPolicies> {
    const loaded = await tryLoad(...bundles);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded.policies;
  }

  const ask = async (
    policies: LoadedPolicies,
    input: object,
    path = 'agent/decision',
    deadlineMs = 10_000,
  ): Promise<EngineAnswer> =>
    policies.evaluate({ bundle: 'tools', path, input: input as never, deadlineMs, timeNs: 0n });

  it('a forbid denies whatever permits, with its id, reason, file and row', async () => {
    const policies = await load(cedarBundle({ 'p.cedar': POLICY }));
    expect(await ask(policies, request({ amount: 5, account: 'theirs-1' }))).toEqual({
      kind: 'value',
      value: [
        {
          allow: false,
          reasons: [
            {
              code: 'no_strangers',
              message: 'the account is not one of ours',
              remediation: 'name one of our accounts',
            },
          ],
        },
      ],
      rules: [{ path: 'data.agent.decision.no_strangers', file: 'p.cedar', row: 12 }],
      rulesEvaluated: 3,
    });
  });

  it('[P-ENGINE-FAULT-DENIES] a policy that fails is a fault, also beside one that permits', async () => {
    const fails = '@id("fails")\nforbid(principal, action, resource) when { context.args.missing == 1 };\n';
    const policies = await load(cedarBundle({ 'a.cedar': POLICY, 'b.cedar': fails }));
    expect(await ask(policies, request({ amount: 5 }))).toMatchObject({
      kind: 'error',
      code: 'policy_error',
      message: expect.stringContaining('`fails`'),
    });
  });

  it('[P-CEDAR-NO-FORGED-ENTITY] arguments that would be read as an entity are a fault', async () => {
    const policies = await load(
      cedarBundle({
        'p.cedar': 'permit(principal, action, resource) when { context.args.who in Group::"admins" };',
      }),
    );
    const forged = request({ who: { __entity: { type: 'Group', id: 'admins' } } });
    expect(await ask(policies, forged)).toMatchObject({ kind: 'error', code: 'policy_error' });
  });

  it('[P-ENGINE-DEADLINE] no answer in time ends the thread, and the next question is answered', async () => {
    const policies = await load(cedarBundle({ 'p.cedar': POLICY }));
    const huge = request({ amount: 5, list: Array.from({ length: 400_000 }, (_, n) => n) });
    expect(await ask(policies, huge, 'agent/decision', 5)).toMatchObject({ code: 'policy_timeout' });
    expect(await ask(policies, request({ amount: 5 }))).toMatchObject({ kind: 'value' });
  });

  it('kind `violations` counts forbids alone, and the others cannot be asked of Cedar', async () => {
    const kinds = cedarBundle(
      { 'p.cedar': POLICY },
      { entrypoints: [{ ...entrypointAt('agent/deny'), kind: 'violations' }] },
    );
    const policies = await load(kinds);
    expect(await ask(policies, request({ amount: 5 }), 'agent/deny')).toMatchObject({ value: [] });
    expect(await ask(policies, request({ amount: 5, account: 'x' }), 'agent/deny')).toMatchObject({
      value: [{ code: 'no_strangers' }],
    });
    expect(await ask(policies, request({ amount: 5 }))).toMatchObject({ code: 'policy_error' });
    for (const wrong of [{ kind: 'capabilities' }, { profile: 'tools/v1' }] as const) {
      const bundle = cedarBundle(
        { 'p.cedar': POLICY },
        { entrypoints: [{ ...entrypointAt('a/b'), ...wrong }] },
      );
      expect(await tryLoad(bundle)).toMatchObject({ ok: false, diagnostics: [{ code: 'cedar_error' }] });
    }
  });

  const SCHEMA = `entity Group;
entity User in [Group] { tenant?: String };
entity Server;
entity Tool in [Server] { operation?: String };
action tool_call appliesTo {
  principal: [User], resource: [Tool],
  context: { args: { amount: Long, account?: String } }
};
`;

  it('a schema checks policies when they are loaded, and requests when they are asked', async () => {
    const bundle = cedarBundle({ 'p.cedar': POLICY, 'schema.cedarschema': SCHEMA });
    const policies = await load(bundle);
    expect(await ask(policies, request({ amount: 5, undeclared: [1] }))).toMatchObject({
      value: [{ allow: true }],
    });
    expect(await ask(policies, request({ amount: 'five' }))).toMatchObject({ code: 'policy_error' });
    expect(await ask(policies, request({}))).toMatchObject({ code: 'policy_error' });
    expect(await ask(policies, request({ amount: 5 }, { type: 'http_request' }))).toMatchObject({
      code: 'policy_error',
    });
    const wrong = `${POLICY}\nforbid(principal, action, resource) when { context.args.amuont > 3 };\n`;
    expect(await tryLoad(cedarBundle({ 'p.cedar': wrong, 'schema.cedarschema': SCHEMA }))).toMatchObject({
      ok: false,
      diagnostics: [
        { code: 'cedar_error', file: 'p.cedar', row: 18, message: expect.stringContaining('amuont') },
      ],
    });
  });

  it('entities of the bundle give what the request does not know', async () => {
    const policy = 'permit(principal in Role::"approver", action, resource);\n';
    const entities = JSON.stringify([
      {
        uid: { type: 'User', id: 'alice' },
        attrs: {},
        parents: [{ __entity: { type: 'Role', id: 'approver' } }],
      },
    ]);
    const policies = await load(cedarBundle({ 'p.cedar': policy, 'entities.json': entities }));
    expect(await ask(policies, request({}))).toMatchObject({ value: [{ allow: true }] });
    const bob = { ...(request({}) as object), principal: { id: 'bob' } };
    expect(await ask(policies, bob)).toMatchObject({ kind: 'undefined' });
  });

  it.each([
    [
      'a policy that does not parse',
      { 'p.cedar': 'permit(principal, action, resource);\npermit(principal action);' },
      2,
    ],
    [
      'two policies of one id',
      {
        'p.cedar':
          '@id("a")\npermit(principal,action,resource);\n@id("a")\nforbid(principal,action,resource);',
      },
      3,
    ],
    ['a template', { 'p.cedar': 'permit(principal == ?principal, action, resource);' }, 1],
    [
      'an outcome that no permit has',
      { 'p.cedar': '@outcome("sanitize")\npermit(principal,action,resource);' },
      1,
    ],
    ['an outcome of a forbid', { 'p.cedar': '@outcome("escalate")\nforbid(principal,action,resource);' }, 1],
    ['a schema that does not parse', { 'p.cedar': '', 'schema.cedarschema': 'entity User;\nentity ;' }, 2],
    [
      'a schema with a namespace',
      { 'p.cedar': '', 'schema.cedarschema': 'namespace A { entity User; }' },
      undefined,
    ],
    ['entities that are none', { 'p.cedar': '', 'entities.json': '{}' }, undefined],
    ['entities with a key twice', { 'p.cedar': '', 'entities.json': '[\n{"a":1,"a":2}]' }, 2],
  ])('refuses %s', async (_name, files, row) => {
    const loaded = await tryLoad(cedarBundle(files as Record<string, string>));
    expect(loaded).toMatchObject({ ok: false, diagnostics: [{ code: 'cedar_error', bundle: 'tools' }] });
    if (!loaded.ok) expect(loaded.diagnostics[0]?.row).toBe(row);
  });

  it('a schema in JSON is one too', async () => {
    const schema = JSON.stringify({
      '': {
        entityTypes: { User: {}, Tool: {} },
        actions: { tool_call: { appliesTo: { principalTypes: ['User'], resourceTypes: ['Tool'] } } },
      },
    });
    const policy = 'permit(principal is User, action, resource);';
    const policies = await load(cedarBundle({ 'p.cedar': policy, 'schema.cedarschema.json': schema }));
    expect(await ask(policies, request({ amount: 1 }))).toMatchObject({ value: [{ allow: true }] });
  });

  it("a third party's bundle is evaluated apart", async () => {
    const other = cedarBundle({ 'p.cedar': POLICY }, { name: 'vendor', thirdParty: true, roots: ['vendor'] });
    const policies = await load(cedarBundle({ 'p.cedar': POLICY }), other);
    const question = { path: 'agent/decision', input: request({ amount: 5 }), deadlineMs: 5_000, timeNs: 0n };
    for (const bundle of ['tools', 'vendor'])
      expect(await policies.evaluate({ ...question, bundle })).toMatchObject({ value: [{ allow: true }] });
  });
});
