import { type Combined, combine, type DecisionRequest, type Phase } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engine, EngineAnswer, LoadedPolicies } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { type Consultation, type ConsultOptions, consult } from '../../src/layers/consult.ts';
import { renderLoadFailure } from '../../src/layers/load-failure.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';
import {
  OPTIONS,
  oneEntrypoint,
  policiesOf,
  requestOf,
  type WrittenBundle,
  writeBundles,
} from './policy-fixture.ts';

async function consulted(
  set: PolicySet,
  request: DecisionRequest,
  phase: Phase = 'call',
): Promise<Consultation & { combined: Combined }> {
  const result = await consult(set, request, { ...OPTIONS, phase });
  const subject = {
    principal: request.principal.id,
    actor: request.actor.id,
    tool: request.action.tool ?? '',
  };
  return { ...result, combined: combine(result.opinions, { phase, subject, nowMs: 1_700_000_000_000 }) };
}

const outcome = async (bundles: Record<string, WrittenBundle>, request = requestOf()) => {
  const { combined } = await consulted(await policiesOf(bundles), request);
  return [combined.outcome, combined.reasons[0]?.code];
};

const GRANT: WrittenBundle = {
  rego: 'package all\n\nallow := true\n',
  entrypoints: [{ path: 'all/allow', kind: 'grant' }],
};

describe("a third party's bundle", () => {
  it('[P-THIRD-PARTY-TIGHTENS] takes parts out of a call, and puts nothing of its own in', async () => {
    const other: WrittenBundle = {
      rego: 'package other\n\nx := {"outcome": "sanitize", "obligations": [{"type": "redact", "pointers": ["/path"], "replacement": "/etc/shadow"}]}\n',
      entrypoints: [{ path: 'other/x', kind: 'guard', when: { servers: ['files'] } }],
    };
    const sources = writeBundles({ all: GRANT, other });
    const [own, theirs] = sources.map((each, index) => (index === 1 ? { ...each, thirdParty: true } : each));
    const loaded = await loadPolicies([own!, theirs!], createRegoEngine());
    if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
    const base = requestOf();
    const about = (server: string): DecisionRequest => ({ ...base, action: { ...base.action, server } });
    const { combined } = await consulted(loaded.set, about('files'));
    expect(combined.outcome).toBe('sanitize');
    expect(combined.obligations).toMatchObject([{ type: 'redact', properties: { pointers: ['/path'] } }]);
    expect(JSON.stringify(combined.obligations)).not.toContain('shadow');
    expect((await consulted(loaded.set, about('mail'))).combined.outcome).toBe('allow');
    // A thread is started for it.
  }, 20_000);
});

describe('a grant, through real Rego', () => {
  it.each([
    ['x := true', 'allow', 'granted'],
    ['x := {"allow": true}', 'allow', 'granted'],
    ['x := "allow"', 'allow', 'granted'],
    ['x contains {"allow": true}', 'allow', 'granted'],
    ['x contains "allow"', 'allow', 'granted'],
    ['x := false', 'deny', 'no_grant'],
    ['x := []', 'deny', 'no_grant'],
    ['x contains m if { m := "a"; false }', 'deny', 'no_grant'],
    ['x if false', 'deny', 'policy_undefined'],
    ['x := {"allow": false, "reason": "too_much"}', 'deny', 'too_much'],
    ['x := {"outcome": "deny", "reason": "too_much"}', 'deny', 'too_much'],
    ['x := {"decision": "escalate", "reason": "large"}', 'escalate', 'large'],
    ['x := {"action": "step_up", "step_up_method": "webauthn"}', 'step_up', 'step_up_required'],
    [
      'x := {"outcome": "sanitize", "obligations": [{"type": "redact", "pointers": ["/path"]}]}',
      'sanitize',
      'redaction_required',
    ],
    ['x := 1', 'deny', 'policy_unknown_shape'],
    ['x := "perhaps"', 'deny', 'policy_unknown_shape'],
    ['x := null', 'deny', 'policy_unknown_shape'],
    ['x := {"allow": true, "outcome": "deny"}', 'deny', undefined],
    ['x := 1\n\nx := 2', 'deny', 'policy_error'],
  ])('%s gives %s, %s', async (rule, expected, code) => {
    const found = await outcome(oneEntrypoint(rule, 'grant'));
    expect(found[0]).toBe(expected);
    if (code !== undefined) expect(found[1]).toBe(code);
  });

  it('may be a whole package, read at its own names', async () => {
    const bundle: WrittenBundle = {
      rego: 'package agent\n\nallow if input.action.tool == "read"\n\nhelper := 7\n',
      entrypoints: [{ path: 'agent', kind: 'grant' }],
    };
    expect((await outcome({ bundle }))[0]).toBe('allow');
    expect(
      (await outcome({ bundle }, requestOf({ action: { tool: 'write' } } as Partial<DecisionRequest>)))[0],
    ).toBe('deny');
  });
});

describe('other kinds, beside a grant', () => {
  const withGrant = (rule: string, kind: string, more = {}) => ({
    grant: GRANT,
    ...oneEntrypoint(rule, kind, more),
  });
  it.each([
    ['guard', 'x := true', 'allow'],
    ['guard', 'x := "allow"', 'allow'],
    ['guard', 'x := {"allow": true}', 'allow'],
    ['guard', 'x := "escalate"', 'escalate'],
    ['guard', 'x := false', 'deny'],
    ['guard', 'x if false', 'deny'],
    ['guard', 'x := []', 'deny'],
    ['guard', 'x := 7', 'deny'],
    ['violations', 'x contains m if { m := "a"; false }', 'allow'],
    ['violations', 'x contains "no such file"', 'deny'],
    ['violations', 'x contains {"msg": "no"}', 'deny'],
    ['violations', 'x if false', 'deny'],
    ['violations', 'x := 7', 'deny'],
    ['overrides', 'x if false', 'allow'],
  ])('%s: %s gives %s', async (kind, rule, expected) => {
    expect((await outcome(withGrant(rule, kind)))[0]).toBe(expected);
  });

  it('[P-NO-GRANT-DENIES] guards alone never allow', async () => {
    expect(await outcome(oneEntrypoint('x := true', 'guard'))).toEqual(['deny', 'no_grant']);
    expect(await outcome(oneEntrypoint('x := true', 'guard', { layer: 'compliance' }))).toEqual([
      'deny',
      'no_grant',
    ]);
  });

  it('an override lifts the reason that it names', async () => {
    const lift =
      '{"bundle": "limits", "code": "too_much", "outcome": "allow", "justification": "tested", "approved_by": "bob", "expires": "2030-01-01T00:00:00Z"}';
    const bundles: Record<string, WrittenBundle> = {
      grant: GRANT,
      limits: {
        rego: 'package limits\n\nx := {"allow": false, "reason": "too_much"}\n',
        entrypoints: [{ path: 'limits/x', kind: 'guard' }],
      },
    };
    expect(await outcome(bundles)).toEqual(['deny', 'too_much']);
    const override: WrittenBundle = {
      rego: `package lifts\n\nx := {"lift": [${lift}]}\n`,
      entrypoints: [{ path: 'lifts/x', kind: 'overrides' }],
    };
    expect((await outcome({ ...bundles, override }))[0]).toBe('allow');
  });
});

describe('reasons', () => {
  it('name layer, bundle, rule, file and row', async () => {
    const { combined, rules, rulesEvaluated } = await consulted(
      await policiesOf(
        oneEntrypoint(
          '# a remark\nx := {"outcome": "deny", "reason": "large"} if input.action.tool == "read"',
          'grant',
        ),
      ),
      requestOf(),
    );
    expect(combined.reasons[0]).toMatchObject({
      code: 'large',
      layer: 'resource',
      bundle: 'tools',
      rule: 'data.agent.x',
      file: 'policy.rego',
      row: 4,
    });
    expect(rules).toEqual([{ path: 'data.agent.x', file: 'policy.rego', row: 4 }]);
    expect(rulesEvaluated).toBeGreaterThan(0);
  });
});

describe('`when`', () => {
  const REFUSES = 'x := {"allow": false, "reason": "asked"}';
  it.each([
    [{ tools: ['read'] }, true],
    [{ tools: ['re*'] }, true],
    [{ tools: ['write'] }, false],
    [{ tools: ['r*d'] }, false],
    [{ servers: ['files'], tools: ['*'] }, true],
    [{ servers: ['mail'], tools: ['read'] }, false],
    [{ tenants: ['acme'] }, true],
    [{ tenants: ['other'] }, false],
    [{ types: ['tool_call'] }, true],
    [{ types: ['http_request'] }, false],
    [{ phases: ['result'] }, false],
    [{ phases: ['call', 'result'] }, true],
    [{ capabilities: ['files/read'] }, false],
  ])('%j asks: %s', async (when, asked) => {
    const code = (await outcome({ grant: GRANT, ...oneEntrypoint(REFUSES, 'guard', { when }) }))[1];
    expect(code === 'asked').toBe(asked);
  });

  it('is about the phase that is asked', async () => {
    const set = await policiesOf({
      grant: GRANT,
      ...oneEntrypoint(REFUSES, 'guard', { when: { phases: ['result'] } }),
    });
    expect((await consulted(set, requestOf(), 'result')).combined.reasons[0]?.code).toBe('asked');
    expect((await consulted(set, requestOf(), 'call')).combined.outcome).toBe('allow');
  });

  it('leaves out what a profile cannot express', async () => {
    const set = await policiesOf({
      grant: GRANT,
      ...oneEntrypoint(REFUSES, 'guard', { profile: 'tools/v1' }),
    });
    expect((await consulted(set, requestOf())).combined.reasons[0]?.code).toBe('asked');
    const inference = requestOf({ action: { type: 'model_inference' } } as Partial<DecisionRequest>);
    expect((await consulted(set, inference)).combined.outcome).toBe('allow');
  });

  it('goes by the capability that the registry gives', async () => {
    const set = await policiesOf({
      grant: GRANT,
      ...oneEntrypoint(REFUSES, 'guard', { when: { capabilities: ['files/*'] } }),
    });
    const request = requestOf({ action: { capability: 'files/read' } } as Partial<DecisionRequest>);
    expect((await consulted(set, request)).combined.reasons[0]?.code).toBe('asked');
  });
});

describe('profiles', () => {
  it('give each entrypoint the input that it was written for', async () => {
    const set = await policiesOf({
      writ: {
        rego: 'package one\n\nallow if input.action.tool == "read"\n',
        entrypoints: [{ path: 'one/allow', kind: 'grant' }],
      },
      tools: {
        rego: 'package two\n\nok if { input.tool == "read"; input.arguments.path == "/a"; input.identity.delegated_by == "user:ann" }\n',
        entrypoints: [{ path: 'two/ok', kind: 'guard', profile: 'tools/v1' }],
      },
      spiffe: {
        rego: 'package three\n\nok if input.tool_name == "read"\n',
        entrypoints: [{ path: 'three/ok', kind: 'guard', profile: 'spiffe/v1' }],
      },
    });
    expect((await consulted(set, requestOf())).combined.outcome).toBe('allow');
  });
});

describe('the identity layer', () => {
  const identity = (name: string, answer: string): WrittenBundle => ({
    rego: `package ${name}\n\nwho := ${answer} if input.actor.id == "agent:helper"\n`,
    entrypoints: [{ path: `${name}/who`, kind: 'capabilities' }],
  });
  const USES: WrittenBundle = {
    rego: 'package agent\n\nallow if "files/read" in input.actor.capabilities\n',
    entrypoints: [{ path: 'agent/allow', kind: 'grant' }],
  };
  const call = requestOf({ action: { capability: 'files/read' } } as Partial<DecisionRequest>);

  it('enriches the request that other layers see; several intersect', async () => {
    const set = await policiesOf({
      uses: USES,
      one: identity(
        'one',
        '{"known": true, "capabilities": ["files/read", "files/write"], "class": "researcher", "attested": true}',
      ),
      two: identity('two', '{"known": true, "capabilities": ["files/read", "mail/send"], "attested": false}'),
    });
    const { combined, request } = await consulted(set, call);
    expect(combined.outcome).toBe('allow');
    expect(request.actor).toMatchObject({
      capabilities: ['files/read'],
      class: 'researcher',
      attested: false,
    });
  });

  it('[P-CAPABILITY-CHECKED] membership is checked outside of Rego too', async () => {
    const listed = identity('one', '{"known": true, "capabilities": ["mail/send"]}');
    expect(await outcome({ grant: GRANT, listed }, call)).toEqual(['deny', 'capability_not_held']);
    expect((await outcome({ grant: GRANT, open: identity('one', '{"known": true}') }, call))[0]).toBe(
      'allow',
    );
    expect(await outcome({ grant: GRANT, listed }, requestOf())).toEqual(['deny', 'capability_not_held']);
  });

  it('[P-CAPABILITY-CHECKED] what a caller says of its own capabilities never counts', async () => {
    const claiming = { ...call, actor: { ...call.actor, capabilities: ['files/read'] } };
    expect(await outcome({ uses: USES }, claiming)).toEqual(['deny', 'policy_undefined']);
  });

  it('denies an actor that it does not know, and one about whom its policies disagree', async () => {
    expect(
      (await outcome({ grant: GRANT, one: identity('one', '{"known": false, "reason": "stranger"}') }))[0],
    ).toBe('deny');
    const other = requestOf({ actor: { id: 'agent:other' } });
    expect(await outcome({ grant: GRANT, one: identity('one', '{"known": true}') }, other)).toEqual([
      'deny',
      'policy_undefined',
    ]);
    const disagree = {
      one: identity('one', '{"known": true, "class": "a"}'),
      two: identity('two', '{"known": true, "class": "b"}'),
    };
    expect(await outcome({ grant: GRANT, ...disagree })).toEqual(['deny', 'policy_error']);
  });
});

describe('[P-ENGINE-DEADLINE] deadlines', () => {
  const SLOW =
    'x if count([1 | some i in numbers.range(1, 30000); some j in numbers.range(1, 30000); i * j == -1]) > 0';

  it('end a slow policy with a denial', async () => {
    const set = await policiesOf({ grant: GRANT, ...oneEntrypoint(SLOW, 'guard') });
    const result = await consult(set, requestOf(), { ...OPTIONS, deadlineMs: 40 });
    const subject = { principal: 'user:ann', actor: 'agent:helper' };
    expect(combine(result.opinions, { phase: 'call', subject, nowMs: 0 }).reasons[0]?.code).toBe(
      'policy_timeout',
    );
  });

  it('leave no time for what comes after them', async () => {
    const set = await policiesOf({ ...oneEntrypoint(SLOW, 'capabilities'), grant: GRANT });
    const result = await consult(set, requestOf(), { ...OPTIONS, deadlineMs: 40 });
    expect(
      result.opinions.map(({ opinion }) => opinion.kind === 'verdict' && opinion.parts[0]?.reasons[0]?.code),
    ).toEqual(['policy_timeout', 'policy_timeout']);
  });
});

describe('[P-ENGINE-FAULT-DENIES] an engine that breaks its own rules', () => {
  /** A real engine whose evaluation then misbehaves. */
  async function withEvaluate(
    evaluate: LoadedPolicies['evaluate'],
    options: Partial<ConsultOptions> = {},
  ): Promise<string | undefined> {
    const inner = createRegoEngine();
    const engine: Engine = {
      ...inner,
      async load(bundles) {
        const loaded = await inner.load(bundles);
        if (!loaded.ok) return loaded;
        const policies: LoadedPolicies = {
          evaluate,
          reads: (...args) => loaded.policies.reads(...args),
          close: () => loaded.policies.close(),
        };
        return { ...loaded, policies };
      },
    };
    const set = await policiesOf({ grant: GRANT }, engine);
    const result = await consult(set, requestOf(), { ...OPTIONS, ...options });
    return combine(result.opinions, { phase: 'call', subject: { principal: 'p', actor: 'a' }, nowMs: 0 })
      .reasons[0]?.code;
  }

  it('denies, whatever it does', async () => {
    const thrown = (): never => {
      throw new Error('broken');
    };
    expect(await withEvaluate(thrown)).toBe('policy_error');
    expect(await withEvaluate(() => Promise.reject(new Error('broken')))).toBe('policy_error');
    expect(await withEvaluate(() => new Promise<EngineAnswer>(() => undefined), { deadlineMs: 30 })).toBe(
      'policy_timeout',
    );
  });
});

describe('order', () => {
  it('of bundles never matters', async () => {
    const bundles: [string, WrittenBundle][] = [
      ['grant', GRANT],
      [
        'one',
        {
          rego: 'package one\n\nx := {"outcome": "escalate", "reason": "large"}\n',
          entrypoints: [{ path: 'one/x', kind: 'guard' }],
        },
      ],
      [
        'two',
        {
          rego: 'package two\n\nx contains "not in this region"\n',
          entrypoints: [{ path: 'two/x', kind: 'violations', layer: 'compliance' }],
        },
      ],
      [
        'three',
        {
          rego: 'package three\n\nx := {"known": true, "class": "a"}\n',
          entrypoints: [{ path: 'three/x', kind: 'capabilities' }],
        },
      ],
    ];
    const first = (await consulted(await policiesOf(Object.fromEntries(bundles)), requestOf())).combined;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(bundles, { minLength: 4 }), async (order) => {
        expect((await consulted(await policiesOf(Object.fromEntries(order)), requestOf())).combined).toEqual(
          first,
        );
      }),
      { numRuns: 8, seed: 3 },
    );
  });
});
