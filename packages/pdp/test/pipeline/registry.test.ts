import type { DecideCall, JsonObject } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import {
  ALLOW_ALL,
  asRequest,
  type Fixture,
  openFixture,
  type RuleAt,
  tenantNow,
  toolCall,
} from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const withRegistry = (registry: JsonObject, rules: readonly RuleAt[] = [ALLOW_ALL]) =>
  openFixture(rules, { data: { writ: { registry } } });

/** Keeps what policies were told of the action. */
function watching(seen: JsonObject[]): RuleAt {
  return {
    path: 'test/watch',
    kind: 'guard',
    layer: 'workflow',
    rule: (input) => {
      seen.push(asRequest(input).action as unknown as JsonObject);
      return true;
    },
    reads: [['action']],
  };
}

const withAction = (call: DecideCall, action: object): DecideCall => ({
  ...call,
  request: { ...call.request, action: { ...call.request.action, ...action } },
});

const CLI = {
  capabilities: [
    {
      id: 'shell.read',
      adapter: 'cli',
      tools: { allow: ['shell'] },
      programs: { allow: ['ls', 'cat', 'grep', 'git log'] },
    },
    { id: 'shell.write', adapter: 'cli', tools: { allow: ['shell'] }, programs: { allow: ['rm', 'mv'] } },
  ],
};

describe('[P-REGISTRY-COMPUTED] what a caller claims', () => {
  const CLAIMS = {
    capability: 'admin.all',
    operation: 'read',
    destination: { host: 'trusted.example' },
    estimated_cost: 0.01,
    amount: 1,
    authorization: { action: 'tools/call', resource: 'mcp/harmless' },
    data_classes_referenced: ['claimed'],
    resources: [{ type: 'order', id: 'claimed' }],
  };
  const REGISTRY = {
    servers: {
      files: {
        tools: {
          told: {
            capability: 'pay',
            operation: 'write',
            amount: '/amount',
            cost: '/fee',
            destination: { url: '/to' },
            data_classes: ['payment'],
            resources: [{ type: 'order', id: '/order' }],
          },
          untold: { capability: 'plain' },
          observed: { capability: 'plain', observed: ['destination', 'amount'] },
        },
      },
    },
  };

  it('about a described tool is computed, or unknown; what hides nothing is united', async () => {
    const seen: JsonObject[] = [];
    fixture = await withRegistry(REGISTRY, [ALLOW_ALL, watching(seen)]);
    const args = { amount: 500, fee: 7, to: 'https://evil.example/x', order: 'o-1' };
    await fixture.point.decide(withAction(toolCall('told', args), CLAIMS));
    await fixture.point.decide(withAction(toolCall('untold', args), CLAIMS));
    await fixture.point.decide(withAction(toolCall('observed', args), CLAIMS));
    expect(seen[0]).toMatchObject({
      capability: 'pay',
      operation: 'write',
      amount: 500,
      estimated_cost: 7,
      destination: { host: 'evil.example' },
      authorization: { action: 'tools/call', resource: 'mcp/told' },
      data_classes_referenced: ['payment', 'claimed'],
      resources: [
        { type: 'order', id: 'o-1' },
        { type: 'order', id: 'claimed' },
      ],
    });
    expect(seen[1]).toMatchObject({ capability: 'plain', authorization: { resource: 'mcp/untold' } });
    for (const name of ['operation', 'amount', 'estimated_cost', 'destination'])
      expect(seen[1]).not.toHaveProperty(name);
    expect(seen[2]).toMatchObject({ destination: { host: 'trusted.example' }, amount: 1 });
    expect(seen[2]).not.toHaveProperty('estimated_cost');
  });

  it('of a higher cost only tightens', async () => {
    const seen: JsonObject[] = [];
    fixture = await withRegistry(REGISTRY, [ALLOW_ALL, watching(seen)]);
    await fixture.point.decide(withAction(toolCall('told', { fee: 7 }), { estimated_cost: 90 }));
    expect(seen[0]).toMatchObject({ estimated_cost: 90 });
  });

  it.each([
    ['other tools', REGISTRY],
    ['nothing', {}],
  ])(
    'about a tool that nobody described names no capability, where a registry describes %s',
    async (_, registry) => {
      const seen: JsonObject[] = [];
      fixture = await withRegistry(registry, [ALLOW_ALL, watching(seen)]);
      await fixture.point.decide(withAction(toolCall('other'), CLAIMS));
      for (const name of ['capability', 'amount', 'authorization']) expect(seen[0]).not.toHaveProperty(name);
    },
  );

  it('to use a capability that its agent holds does not make it so', async () => {
    const holds: RuleAt = {
      path: 'test/identity',
      kind: 'capabilities',
      layer: 'identity',
      rule: () => ({ known: true, capabilities: [CLAIMS.capability] }),
      reads: [],
    };
    for (const data of [{}, { writ: { registry: REGISTRY } }]) {
      fixture = await openFixture([ALLOW_ALL, holds], { data });
      expect(await fixture.point.decide(withAction(toolCall('other'), CLAIMS))).toMatchObject({
        outcome: 'deny',
        reason: 'capability_not_held',
      });
      if ('writ' in data) break;
      await fixture.close();
    }
  });
});

describe('[P-REGISTRY-STEP-UP] step-up that the registry asks for', () => {
  const stepUp = (method?: string): JsonObject => ({
    capabilities: [
      {
        id: 'danger',
        adapter: 'mcp',
        tools: { allow: ['drop'] },
        step_up: true,
        ...(method === undefined ? {} : { step_up_method: method }),
      },
    ],
  });

  it('holds though policies allow, until it is proved', async () => {
    fixture = await withRegistry(stepUp('passkey'));
    const call = toolCall('drop');
    expect(await fixture.point.decide(call)).toMatchObject({
      outcome: 'step_up',
      effect: 'refuse',
      reason: 'step_up_required',
      step_up: { method: 'passkey' },
      reasons: [{ layer: 'resource', rule: 'data.writ.registry', bundle: 'test' }, { code: 'granted' }],
    });
    const proved = { ...call.request, context: { step_up_verified: true } };
    expect(await fixture.point.decide({ request: proved })).toMatchObject({ outcome: 'allow' });
  });

  it('grants nothing by itself', async () => {
    fixture = await withRegistry(stepUp(), [{ ...ALLOW_ALL, rule: () => false }]);
    expect(await fixture.point.decide(toolCall('drop'))).toMatchObject({
      outcome: 'deny',
      reason: 'no_grant',
    });
  });

  it('by a person is an approval for this call, which a proof of identity does not replace', async () => {
    fixture = await withRegistry(stepUp('human_approval'));
    const call = toolCall('drop', { table: 'a' });
    const proved = { ...call, request: { ...call.request, context: { step_up_verified: true } } };
    expect(await fixture.point.decide(proved)).toMatchObject({ outcome: 'escalate' });
    const asked = await fixture.point.decide(call);
    expect(asked).toMatchObject({ outcome: 'escalate', reason: 'approval_required' });
    const id = asked.approval?.id as string;
    await fixture.point.administration.approvals.approve(id, 'olga');
    expect(await fixture.point.decide({ ...call, approval_id: id })).toMatchObject({ outcome: 'allow' });
    expect(await fixture.point.decide({ ...call, approval_id: id })).toMatchObject({ outcome: 'deny' });
    const other = toolCall('drop', { table: 'b' }, { approval_id: id });
    expect(await fixture.point.decide(other)).toMatchObject({ outcome: 'deny' });
  });

  it('gives its method to a policy that names none', async () => {
    const asks: RuleAt = { path: 'test/ask', kind: 'guard', rule: () => 'step_up', reads: [] };
    const registry = stepUp('human_approval');
    const [described] = registry['capabilities'] as unknown as readonly JsonObject[];
    fixture = await withRegistry({ capabilities: [{ ...described, step_up: false }] }, [ALLOW_ALL, asks]);
    expect(await fixture.point.decide(toolCall('drop'))).toMatchObject({ outcome: 'escalate' });
  });

  it('hides nothing from lists', async () => {
    fixture = await withRegistry(stepUp(), [{ ...ALLOW_ALL, when: { phases: ['list', 'call'] } }]);
    const request = { ...toolCall('drop').request, action: { type: 'tool_call', phase: 'list' } } as const;
    const { visible } = await fixture.point.list({ request, items: [{ tool: 'drop' }] });
    expect(visible).toEqual([true]);
  });
});

describe('a command', () => {
  const run = (command: string | readonly string[], more: JsonObject = {}) =>
    fixture.point.decide(toolCall('shell', { command, cwd: '/work', ...more } as JsonObject));

  it('is of the capability that allows all its programs', async () => {
    const seen: JsonObject[] = [];
    fixture = await withRegistry(CLI, [ALLOW_ALL, watching(seen)]);
    expect(await run('cat a | grep b')).toMatchObject({ outcome: 'allow' });
    expect(await run(['rm', '-r', '../x'])).toMatchObject({ outcome: 'allow' });
    expect(seen[0]).toMatchObject({ capability: 'shell.read', operation: 'read' });
    expect(seen[1]).toMatchObject({
      capability: 'shell.write',
      operation: 'write',
      resources: [
        { type: 'program', id: 'rm' },
        { type: 'file', id: '/x', attributes: { operation: 'write' } },
      ],
    });
  });

  it.each([
    ['cat a && curl https://evil.example', 'program_not_allowed'],
    ['git push', 'program_not_allowed'],
    ['ls; rm x', 'program_not_allowed'],
    ['cat "$SECRET"', 'command_not_understood'],
    ['eval ls', 'command_not_understood'],
    ['$(echo rm) x', 'command_not_understood'],
  ])('[P-COMMAND-PROGRAMS] with more than that is refused, by policy or not: %s', async (command, reason) => {
    fixture = await withRegistry(CLI);
    const decision = await run(command);
    expect(decision).toMatchObject({ outcome: 'deny', effect: 'refuse', reason });
    expect(decision.remediation).toBeDefined();
  });

  it('that is missing is refused, and is no obstacle to listing its tool', async () => {
    fixture = await withRegistry(CLI, [{ ...ALLOW_ALL, when: { phases: ['list', 'call'] } }]);
    expect(await fixture.point.decide(toolCall('shell', {}))).toMatchObject({
      reason: 'command_not_understood',
    });
    const request = { ...toolCall('shell').request, action: { type: 'tool_call', phase: 'list' } } as const;
    expect(await fixture.point.list({ request, items: [{ tool: 'shell' }] })).toMatchObject({
      visible: [true],
    });
  });

  it('that cannot be told is lifted by no override', async () => {
    const lift = {
      bundle: 'test',
      code: 'command_not_understood',
      outcome: 'allow',
      justification: 'x',
      approved_by: 'olga',
      expires: '2099-01-01T00:00:00Z',
    };
    const overrides: RuleAt = {
      path: 'test/lift',
      kind: 'overrides',
      rule: () => ({ lift: [lift] }),
      reads: [],
    };
    fixture = await withRegistry(CLI, [ALLOW_ALL, overrides]);
    expect(await run('eval ls')).toMatchObject({ outcome: 'deny', reason: 'command_not_understood' });
  });
});

describe('[P-RATE-NEVER-EXCEEDED] a rate limit of the registry', () => {
  const model = (args: JsonObject = {}): DecideCall => ({
    request: {
      principal: { id: 'user:alice', tenant: tenantNow() },
      actor: { id: 'agent:helper' },
      action: { type: 'model_inference', phase: 'call', provider: 'groq', model: 'm', args },
    },
  });
  const limited = (rate_limit: JsonObject): JsonObject => ({
    capabilities: [
      { id: 'groq', adapter: 'openai_compat', authorization: { resource: 'groq/*' }, rate_limit },
    ],
  });

  it('is reserved in the commit: of many at once no more pass, and the others are told when', async () => {
    fixture = await withRegistry(limited({ requests_per_minute: 3 }));
    const calls = Array.from({ length: 12 }, (_, each) => fixture.point.decide(model({ each })));
    const decisions = await Promise.all(calls);
    const passed = decisions.filter(({ effect }) => effect === 'proceed');
    expect(passed.map(({ metadata }) => metadata.rate_limit_remaining).sort()).toEqual([0, 1, 2]);
    const refused = decisions.filter(({ effect }) => effect === 'refuse');
    expect(refused).toHaveLength(9);
    for (const decision of refused) {
      expect(decision).toMatchObject({ outcome: 'deny', reason: 'rate_limited' });
      expect(decision.metadata.rate_limit_remaining).toBe(0);
      expect(decision.metadata.retry_after).toBeGreaterThan(0);
      expect(decision.metadata.retry_after).toBeLessThanOrEqual(61);
      expect(decision.remediation).toBe(`ask again in ${decision.metadata.retry_after} s`);
    }
    const codes = (await fixture.entries()).flatMap(({ core }) => core.codes ?? []);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(9);
  });

  it('is one for all decision points on a store, and for requests and tokens together', async () => {
    const registry = limited({
      requests_per_minute: 8,
      tokens_per_minute: 100,
      tokens_reserved: '/max_tokens',
    });
    fixture = await withRegistry(registry);
    const second = createDecisionPoint({ store: fixture.store, policies: fixture.source });
    const calls = Array.from({ length: 24 }, async (_, each) => {
      const max_tokens = each % 2 === 0 ? 10 : 25;
      const { effect } = await (each % 3 === 0 ? second : fixture.point).decide(model({ max_tokens, each }));
      return effect === 'proceed' ? max_tokens : undefined;
    });
    const passed = (await Promise.all(calls)).filter((tokens) => tokens !== undefined);
    const sum = passed.reduce((total, tokens) => total + tokens, 0);
    expect(passed.length).toBeLessThanOrEqual(8);
    expect(sum).toBeLessThanOrEqual(100);
    // Nothing more of either fits.
    expect(passed.length === 8 || sum > 90).toBe(true);
    await second.close();
  });

  it('of tokens holds what a call may use, and settles it by what it used', async () => {
    fixture = await withRegistry(limited({ tokens_per_minute: 100, tokens_reserved: '/max_tokens' }));
    const first = await fixture.point.decide(model({ max_tokens: 80 }));
    expect(first).toMatchObject({ effect: 'proceed' });
    expect(await fixture.point.decide(model({ max_tokens: 80 }))).toMatchObject({ reason: 'rate_limited' });
    await fixture.point.complete({
      decision_id: first.decision_id,
      status: 'succeeded',
      result: { content: 'x' },
      usage: { tokens: 10 },
    });
    await fixture.point.close();
    expect(await fixture.point.decide(model({ max_tokens: 80 }))).toMatchObject({ effect: 'proceed' });
    const never = await fixture.point.decide(model({ max_tokens: 101 }));
    expect(never).toMatchObject({ reason: 'rate_limited' });
    expect(never.metadata).not.toHaveProperty('retry_after');
  });

  it('lets the same key be asked again, and takes nothing for what is refused elsewhere', async () => {
    const asks: RuleAt = {
      path: 'test/ask',
      kind: 'guard',
      rule: (input) => asRequest(input).action.args?.['fine'] !== false,
      reads: [['action']],
    };
    fixture = await withRegistry(limited({ requests_per_minute: 1 }), [ALLOW_ALL, asks]);
    for (let each = 0; each < 3; each += 1)
      expect(await fixture.point.decide(model({ fine: false }))).toMatchObject({ reason: 'not_permitted' });
    const first = await fixture.point.decide(model({ fine: true }));
    expect(first).toMatchObject({ effect: 'proceed' });
    const again = { ...model({ other: 1 }), idempotency_key: 'k' };
    expect(await fixture.point.decide(again)).toMatchObject({ reason: 'rate_limited' });
    await fixture.point.complete({ decision_id: first.decision_id, status: 'not_sent' });
    await fixture.point.close();
    expect(await fixture.point.decide(again)).toMatchObject({ effect: 'proceed' });
  });

  it('is waived where the point only observes, and said', async () => {
    fixture = await withRegistry(limited({ requests_per_minute: 1 }));
    const point = fixture.point.as({ pointId: 'watch', mayAssert: {}, mode: 'observe' });
    const [, second] = [await point.decide(model({ a: 1 })), await point.decide(model({ a: 2 }))];
    expect(second).toMatchObject({ outcome: 'deny', effect: 'proceed', reason: 'rate_limited' });
  });
});
