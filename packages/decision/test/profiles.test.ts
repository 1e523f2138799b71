import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ActionType,
  canonicalJson,
  type Decision,
  type DecisionRequest,
  dataAnswer,
  type Json,
  OUTCOMES,
  PROFILE_NAMES,
  PROFILES,
  type ProfileName,
  profileNamed,
  validateDecision,
  validateRequest,
} from '../src/index.ts';

const id = fc.constantFrom('user:42', 'agent:ops', 'spiffe://x/agents/a/dev', 'ä b');
const text = fc.constantFrom('t', 'web_search', 'x y');
const texts = fc.array(text, { maxLength: 3 });
const args = fc.dictionary(
  fc.constantFrom('a', 'b', 'amount'),
  fc.oneof(fc.integer(), fc.string(), fc.boolean()),
  { noNullPrototype: true },
);
const opt = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Drops what is undefined, as the contract has it, and empty sections. */
function tidy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const actor = fc.record({
  id,
  class: opt(text),
  scope: opt(text),
  owner_team: opt(text),
  attested: opt(fc.boolean()),
});
const principal = fc.record({
  id,
  kind: opt(fc.constantFrom('user', 'service', 'agent')),
  tenant: opt(text),
  groups: opt(texts),
  scopes: opt(texts),
  attributes: opt(args),
});
const context = fc.record({
  session_id: opt(text),
  turn_count: opt(fc.nat()),
  labels: opt(texts),
  risk_score: opt(fc.constantFrom(0, 0.32, 1)),
  step_up_verified: opt(fc.boolean()),
  prior_tools: opt(texts),
  request_count: opt(fc.nat()),
});
const environment = fc.record({
  region: opt(text),
  time: opt(fc.constant('2026-02-21T14:32:07.842Z')),
  is_production: opt(fc.boolean()),
});
const destination = fc.record({
  scheme: opt(fc.constant('https')),
  host: fc.constantFrom('api.example', '[::1]', '10.0.0.1'),
  port: opt(fc.integer({ min: 1, max: 65535 })),
});
const call = { phase: fc.constant('call') };

/** Per profile, requests that its shape can express whole. */
const REQUESTS: Record<ProfileName, fc.Arbitrary<unknown>> = {
  'writ/v1': fc.record({
    principal,
    actor,
    action: fc.record({
      type: fc.constantFrom<ActionType>('tool_call', 'agent_spawn'),
      phase: fc.constantFrom('list', 'call', 'result'),
      tool: opt(text),
      server: opt(text),
      args: opt(args),
      destination: opt(destination),
    }),
    context: opt(context),
    environment: opt(environment),
  }),
  'gateway/v1': fc.record({
    principal,
    actor,
    action: fc.record({
      type: fc.constantFrom<ActionType>('tool_call', 'sampling'),
      phase: fc.constantFrom('list', 'call', 'result'),
      tool: opt(text),
      args: opt(args),
    }),
    context: opt(context),
    environment: opt(environment),
  }),
  'tools/v1': fc.record({
    principal: fc.record({ id, scopes: opt(texts) }),
    actor: fc.record({ id }),
    action: fc.record({ type: fc.constant('tool_call'), ...call, tool: text, args: opt(args) }),
  }),
  'params/v1': fc
    .tuple(
      id,
      fc.array(id, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      opt(text),
      opt(text),
      opt(args),
      destination,
    )
    .map(([agent, chain, chained, tenant, tool, params, host]) => ({
      principal: { id: chained ? chain[0] : agent, tenant },
      actor: { id: agent },
      delegation: chained ? chain.map((link) => ({ id: link })) : undefined,
      action: {
        type: tool === undefined ? 'http_request' : 'tool_call',
        phase: 'call',
        tool,
        args: params,
        destination: tool === undefined ? host : undefined,
      },
    })),
  'spiffe/v1': fc
    .tuple(
      id,
      fc.constantFrom('tool_call', 'resource_read', 'model_inference'),
      text,
      destination,
      opt(
        fc.record({
          session_id: text,
          request_count: opt(fc.nat()),
          risk_score: opt(fc.constant(0.32)),
          prior_tools: opt(texts),
          step_up_verified: opt(fc.boolean()),
        }),
      ),
    )
    .map(([who, type, tool, { host, port }, session]) => ({
      principal: { id: who },
      actor: { id: who },
      action: {
        type,
        phase: 'call',
        tool,
        capability: 'tool.default.mcp',
        destination: { host, port },
        provider: 'groq',
      },
      context: session,
      environment: { time: '2026-02-21T14:32:07.842Z' },
    })),
  'envoy/v3': fc.tuple(id, destination, opt(args)).map(([who, where, body]) => ({
    principal: { id: who },
    actor: { id: who },
    action: {
      type: 'http_request',
      phase: 'call',
      args: { method: 'GET', path: '/a/b?x=1&x=2&__proto__=3', headers: { accept: '*/*' }, body },
      destination: where,
    },
    environment: { time: '2026-02-21T14:32:07.842Z' },
  })),
  'authzen/v1': fc.record({
    principal,
    actor: fc.record({ id }),
    action: fc.oneof(
      fc.record({ type: fc.constant('tool_call'), ...call, tool: text, server: opt(text), args: opt(args) }),
      fc.record({ type: fc.constant('model_inference'), ...call, model: text }),
      fc.record({
        type: fc.constant('tool_call'),
        ...call,
        operation: text,
        resources: fc.tuple(fc.record({ type: text, id: text, attributes: opt(args) })),
        args: opt(fc.record({ properties: args })),
      }),
    ),
    context: opt(context),
    environment: opt(environment),
  }),
};

describe.each(PROFILE_NAMES)('%s', (name) => {
  const profile = PROFILES[name];

  test('what it can express comes back as it was', () => {
    fc.assert(
      fc.property(REQUESTS[name], (made) => {
        const checked = validateRequest(tidy(made));
        if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
        expect(profile.types).toContain(checked.value.action.type);
        const input = profile.toInput(checked.value);
        const back = profile.fromInput(tidy(input));
        if (!back.ok) throw new Error(back.problem);
        expect(canonicalJson(back.request as unknown as Json)).toBe(
          canonicalJson(checked.value as unknown as Json),
        );
        expect(canonicalJson(profile.toInput(back.request))).toBe(canonicalJson(input));
      }),
      { numRuns: 200 },
    );
  });

  test('reading never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        profile.fromInput(value as Json);
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(REQUESTS[name], fc.nat(), fc.jsonValue(), (made, at, junk) => {
        const input = tidy(profile.toInput(tidy(made) as DecisionRequest)) as Record<string, unknown>;
        const keys = Object.keys(input);
        input[keys[at % keys.length] as string] = junk;
        const back = profile.fromInput(input as Json);
        if (back.ok) expect(validateRequest(back.request).ok).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('[P-PROFILE-NARROW] a caller is told to go on only where it may go on with exactly what it sent', () => {
    for (const outcome of OUTCOMES) {
      const told = JSON.stringify(profile.toAnswer(decided(outcome)));
      const yes = /"(allow|allowed|decision)":true|^true$|"outcome":"allow"/.test(told);
      // The contract's own shape says `sanitize` and carries what may be forwarded.
      expect(yes, told).toBe(outcome === 'allow' || (outcome === 'sanitize' && name === 'writ/v1'));
      expect(dataAnswer(profile, 'allow', decided(outcome))).toBe(outcome === 'allow');
      expect((dataAnswer(profile, 'deny', decided(outcome)) as Json[]).length === 0).toBe(
        outcome === 'allow',
      );
    }
  });
});

function decided(outcome: Decision['outcome']): Decision {
  const allow = outcome === 'allow' || outcome === 'sanitize';
  const checked = validateDecision({
    decision_id: 'dec-1',
    outcome,
    allow,
    effect: allow ? 'proceed' : 'refuse',
    reason: 'r',
    reasons: [{ code: 'r', outcome }],
    policy: 'agent.tools',
    obligations: [],
    metadata: {},
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
}

describe('answers that callers expect', () => {
  test.each<[ProfileName, string, Decision['outcome'], Json | undefined]>([
    ['tools/v1', 'decision', 'allow', { outcome: 'allow', reason: 'r', policy: 'agent.tools' }],
    ['tools/v1', 'decision', 'escalate', { outcome: 'escalate', reason: 'r', policy: 'agent.tools' }],
    ['tools/v1', 'decision', 'step_up', { outcome: 'deny', reason: 'r', policy: 'agent.tools' }],
    [
      'tools/v1',
      'decision',
      'sanitize',
      { outcome: 'deny', reason: 'outcome_not_expressible', policy: 'agent.tools' },
    ],
    ['gateway/v1', 'main', 'deny', { allow: false, reasons: ['r'], metadata: {} }],
    ['params/v1', 'allow_payment', 'escalate', { allow: false, reason: 'r', action: 'approval_needed' }],
    ['spiffe/v1', 'authz', 'allow', true],
    ['spiffe/v1', 'decision', 'step_up', 'step_up'],
    ['spiffe/v1', 'decision', 'escalate', 'deny'],
    ['spiffe/v1', 'deny_reason', 'deny', 'r'],
    ['spiffe/v1', 'deny_reason', 'allow', undefined],
    [
      'envoy/v3',
      'result',
      'deny',
      { allowed: false, http_status: 403, headers: { 'x-writ-decision': 'dec-1' }, body: 'r' },
    ],
    ['authzen/v1', 'decision', 'allow', { decision: true }],
  ])('%s %s %s', (name, rule, outcome, expected) => {
    expect(dataAnswer(PROFILES[name], rule, decided(outcome))).toEqual(expected);
  });
});

test('authzen/v1: duties are told with a yes and with a no; a no that has nothing to say is bare', () => {
  const { toAnswer } = PROFILES['authzen/v1'];
  const obligations = [{ id: 'o-1', type: 'notify', properties: { to: 'finance' } }] as const;
  expect(toAnswer({ ...decided('allow'), obligations })).toEqual({
    decision: true,
    context: { id: 'dec-1', obligations },
  });
  expect(toAnswer({ ...decided('deny'), obligations })).toMatchObject({
    decision: false,
    context: { reason: 'r', obligations },
  });
  const silent = { reason: 'no_grant', reasons: [{ code: 'no_grant', outcome: 'deny' }] } as const;
  expect(toAnswer({ ...decided('deny'), ...silent })).toEqual({ decision: false });
  expect(toAnswer(decided('sanitize'))).toMatchObject({
    decision: false,
    context: { reason: 'outcome_not_expressible' },
  });
});

describe('documents as callers write them', () => {
  test('tools/v1: the agent is `sub`, whom it acts for `delegated_by`; its own hash is only claimed', () => {
    const read = PROFILES['tools/v1'].fromInput({
      tool: 'refund.issue',
      arguments: { amount_cents: 1 },
      identity: { sub: 'agent:ops', scopes: ['write:refund'], delegated_by: 'user:42' },
      arg_hash: 'abc',
    });
    expect(read).toEqual({
      ok: true,
      request: {
        principal: { id: 'user:42', scopes: ['write:refund'] },
        actor: { id: 'agent:ops' },
        action: { type: 'tool_call', phase: 'call', tool: 'refund.issue', args: { amount_cents: 1 } },
      },
      claimed: { arg_hash: 'abc' },
    });
  });

  test('authzen/v1: any operation on any resource; what is particular to the question is bound by its arguments', () => {
    const input = {
      subject: { type: 'robot', id: 'r2', properties: { role: 'admin', tenant: 'acme' } },
      action: { name: 'delete', properties: { soft: true } },
      resource: { type: 'record', id: 'record-1', properties: { status: 'active' } },
      context: { ip: '192.0.2.1', agent: 'agent:ops' },
    };
    const read = PROFILES['authzen/v1'].fromInput(input);
    expect(read).toEqual({
      ok: true,
      request: {
        principal: { id: 'r2', tenant: 'acme', attributes: { role: 'admin', subject_type: 'robot' } },
        actor: { id: 'agent:ops' },
        action: {
          type: 'tool_call',
          phase: 'call',
          operation: 'delete',
          resources: [{ type: 'record', id: 'record-1', attributes: { status: 'active' } }],
          args: { properties: { soft: true }, context: { ip: '192.0.2.1' } },
        },
      },
    });
    if (read.ok) expect(PROFILES['authzen/v1'].toInput(read.request)).toEqual(input);
  });

  test.each<[ProfileName, Json, RegExp]>([
    [
      'authzen/v1',
      {
        subject: { id: 's', properties: { attributes: { role: 'a' }, role: 'b' } },
        action: { name: 'read' },
      },
      /input.resource: expected an object/,
    ],
    [
      'authzen/v1',
      {
        subject: { id: 's', properties: { attributes: { role: 'a' }, role: 'b' } },
        action: { name: 'read' },
        resource: { type: 'record', id: 'r' },
      },
      /given twice/,
    ],
    [
      'tools/v1',
      { tool: 't', identity: { sub: 'a' }, argument: {} },
      /unknown key `argument`; did you mean `arguments`/,
    ],
    ['tools/v1', { tool: 't', arguments: {}, identity: { sub: '' } }, /`sub` is not a text/],
    ['tools/v1', { tool: 't', arguments: [], identity: { sub: 'a' } }, /args/],
    [
      'params/v1',
      { agent: 'a', tool: 't', call_chain: ['u', 'b', 'a'], parent_agent_id: 'u' },
      /parent_agent_id/,
    ],
    ['params/v1', { agent: 'a' }, /neither/],
    ['spiffe/v1', { caller_spiffe_id: 's', action: 'tools/list' }, /`action`/],
    [
      'envoy/v3',
      { attributes: { source: { principal: 'p' }, request: { http: { host: 'h' } } }, truncated_body: true },
      /cut off/,
    ],
    [
      'authzen/v1',
      { subject: { id: 's' }, action: { name: 'tools/call' }, resource: { type: 'model', id: 'm' } },
      /no pair/,
    ],
    [
      'writ/v1',
      { principal: { id: 'p' }, actor: { id: 'a' }, action: { type: 'tool_call', phase: 'call', tol: 't' } },
      /did you mean `tool`/,
    ],
  ])('%s refuses %j', (name, input, problem) => {
    const read = PROFILES[name].fromInput(input);
    expect(read.ok ? '' : read.problem).toMatch(problem);
  });

  test('names are looked up without prototypes', () => {
    expect(profileNamed('tools/v1')?.name).toBe('tools/v1');
    expect(profileNamed('constructor')).toBeUndefined();
  });
});
