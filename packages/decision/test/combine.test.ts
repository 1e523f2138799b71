import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Combined,
  type CombineOptions,
  type ConsultedOpinion,
  canonicalJson,
  combine,
  type EntrypointKind,
  type Json,
  type Layer,
  type Lift,
  readAnswer,
  reasonIdentity,
  STRICTNESS,
} from '../src/index.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const OPTIONS: CombineOptions = {
  phase: 'call',
  subject: { principal: 'user:1', actor: 'agent:1', tool: 't' },
  nowMs: NOW,
};

function asked(
  kind: EntrypointKind,
  value: Json | undefined,
  layer: Layer = 'resource',
  bundle: string = kind,
): ConsultedOpinion {
  return { layer, bundle, rule: `data.${bundle}.main`, kind, opinion: readAnswer(kind, value) };
}
const grant = (value?: Json, bundle?: string) => asked('grant', value, 'resource', bundle);
const guard = (value?: Json, layer: Layer = 'workflow', bundle?: string) =>
  asked('guard', value, layer, bundle);

function override(...lifts: Partial<Lift>[]): ConsultedOpinion {
  const whole = lifts.map((lift) => ({
    bundle: 'grant',
    code: 'c',
    outcome: 'allow',
    justification: 'j',
    approved_by: 'user:boss',
    expires: '2026-12-01T00:00:00Z',
    ...lift,
  }));
  return asked('overrides', { lift: whole as unknown as Json }, 'override');
}

const brief = (combined: Combined) =>
  [combined.outcome, ...combined.reasons.map((reason) => reason.code)].join(' ');

describe('[P-NO-GRANT-NO-ALLOW] nothing is allowed without a grant', () => {
  test.each<[string, readonly ConsultedOpinion[], string]>([
    ['no policy at all', [], 'deny no_grant'],
    ['guards alone', [guard(true)], 'deny no_grant'],
    ['every grant undefined', [grant(), grant(undefined, 'g2'), guard(true)], 'deny policy_undefined'],
    ['one grant says false', [grant(), grant(false, 'g2')], 'deny no_grant'],
    ['an empty set', [grant([])], 'deny no_grant'],
    ['a grant', [grant(true)], 'allow granted'],
    ['a grant beside an undefined one', [grant(true), grant(undefined, 'g2')], 'allow granted'],
    ['a grant with its reason', [grant({ allow: true, reason: 'ok' })], 'allow ok'],
    [
      'a refusal by a grant',
      [grant({ outcome: 'deny', reason: 'amount_over_limit' })],
      'deny amount_over_limit',
    ],
    ['a refusal beats a grant', [grant(true), grant({ allow: false, reason: 'x' }, 'g2')], 'deny x granted'],
    ['a guard objects', [grant(true), guard({ allow: false, reason: 'late' })], 'deny late granted'],
    ['a guard is undefined', [grant(true), guard()], 'deny policy_undefined granted'],
    ['violations', [grant(true), asked('violations', ['v1', 'v2'], 'compliance')], 'deny v1 v2 granted'],
    ['no violations', [grant(true), asked('violations', [], 'compliance')], 'allow granted'],
    ['a guard objects without a grant', [guard({ allow: false, reason: 'late' })], 'deny late no_grant'],
    ['escalation without a grant', [guard('escalate')], 'deny no_grant approval_required'],
    [
      'step-up beats escalate',
      [grant('escalate'), guard('step_up')],
      'step_up step_up_required approval_required',
    ],
    ['a grant outside the resource layer', [asked('grant', true, 'workflow')], 'deny no_grant granted'],
    [
      'an unknown identity',
      [grant(true), asked('capabilities', { known: false }, 'identity')],
      'deny actor_unknown granted',
    ],
  ])('%s', (_name, opinions, expected) => {
    expect(brief(combine(opinions, OPTIONS))).toBe(expected);
  });

  test("a package's own reason is kept beside `no_grant`", () => {
    const opinion = readAnswer('grant', { allow: false, deny_reason: 'not_listed' }, { form: 'package' });
    const combined = combine([{ ...grant(), opinion }], OPTIONS);
    expect(brief(combined)).toBe('deny no_grant not_listed');
  });

  test('a result needs no new grant; a list asks only the grants that it consulted', () => {
    expect(brief(combine([], { ...OPTIONS, phase: 'result' }))).toBe('allow no_objection');
    expect(brief(combine([guard(false)], { ...OPTIONS, phase: 'result' }))).toBe('deny not_permitted');
    expect(combine([], { ...OPTIONS, phase: 'list' }).outcome).toBe('allow');
    expect(combine([grant()], { ...OPTIONS, phase: 'list' }).outcome).toBe('deny');
    expect(combine([asked('visible', false)], { ...OPTIONS, phase: 'list' }).outcome).toBe('deny');
  });
});

describe('[P-APPEAL-BOUND] a denial that offers an appeal', () => {
  const objection = (layer: Layer, appeal_path = 'access_request') =>
    guard({ allow: false, reason: 'late', metadata: { appeal_path } }, layer);
  const appealing = { ...OPTIONS, appealing: true };

  test('is an escalation while somebody appeals, and falls to the approval of exactly its reasons', () => {
    const opinions = [grant(true), objection('workflow')];
    expect(combine(opinions, OPTIONS)).toMatchObject({
      outcome: 'deny',
      appealable: true,
      advice: { appeal_path: 'access_request' },
    });
    const asked = combine(opinions, appealing);
    expect(asked).toMatchObject({ outcome: 'escalate', appealable: false, appealed: [{ code: 'late' }] });
    const approved = asked.escalations;
    expect(combine(opinions, { ...appealing, approved }).outcome).toBe('allow');
    // An approval of the same reasons that nobody appealed for lifts no denial.
    expect(combine(opinions, { ...OPTIONS, approved }).outcome).toBe('deny');
    const others = [...opinions, guard({ allow: false, reason: 'early' }, 'workflow', 'other')];
    expect(combine(others, { ...appealing, approved }).outcome).toBe('deny');
  });

  test.each<[string, readonly ConsultedOpinion[]]>([
    ['of compliance', [grant(true), objection('compliance')]],
    ['of identity', [grant(true), objection('identity')]],
    ['that names another place', [grant(true), objection('workflow', 'https://help')]],
    ['beside a denial without one', [grant(true), objection('workflow'), guard(false, 'workflow', 'o')]],
    ['where no grant is', [objection('workflow')]],
    ['that is a fault', [grant(true), guard(undefined)]],
  ])('does not hold %s', (_name, opinions) => {
    const combined = combine(opinions, OPTIONS);
    expect(combined).toMatchObject({ outcome: 'deny', appealable: false });
    expect(combined.advice.appeal_path).not.toBe('access_request');
    const asked = combine(opinions, appealing);
    expect(asked.outcome).toBe('deny');
    expect(combine(opinions, { ...appealing, approved: asked.reasons }).outcome).toBe('deny');
  });
});

test('what the decision needs beside the outcome', () => {
  const combined = combine(
    [
      grant({
        outcome: 'sanitize',
        redact: ['/ssn'],
        policy: 'pay',
        reason: 'pii',
        metadata: { rate_limit_remaining: 9 },
      }),
      guard({
        allow: true,
        obligations: ['audit'],
        metadata: { rate_limit_remaining: 4, appeal_path: 'https://a' },
      }),
      guard({ allow: true, obligations: ['audit'] }, 'compliance', 'other'),
    ],
    OPTIONS,
  );
  expect(combined).toMatchObject({
    outcome: 'sanitize',
    granted: true,
    policy: 'pay',
    obligations: [
      { id: 'audit', type: 'audit', properties: {} },
      { id: 'redact', type: 'redact', properties: { pointers: ['/ssn'] } },
    ],
    advice: { rate_limit_remaining: 4, appeal_path: 'https://a' },
  });
  const refused = combine(
    [grant({ allow: false, reason: 'x', remediation: 'ask_owner', metadata: { halt: true } })],
    OPTIONS,
  );
  expect(refused).toMatchObject({ remediation: 'ask_owner', obligations: [{ type: 'halt' }] });
  expect(
    combine([grant({ outcome: 'step_up', step_up: { method: 'mfa', scopes: ['pay'] } })], OPTIONS).step_up,
  ).toEqual({
    method: 'mfa',
    scopes: ['pay'],
  });
});

describe('[P-APPROVAL-EXACT] an approval lifts exactly the escalate reasons that it was asked for', () => {
  const escalating = [
    grant({ outcome: 'escalate', reason: 'big', redact: ['/ssn'], obligations: ['notify'] }),
  ];

  test('what the opinion grants and asks beside the escalation stays', () => {
    const before = combine(escalating, OPTIONS);
    expect(brief(before)).toBe('escalate big');
    const after = combine(escalating, { ...OPTIONS, approved: before.escalations });
    expect(after.outcome).toBe('sanitize');
    expect(after.obligations).toEqual(before.obligations);
    expect(after.lifted.approved.map((reason) => reason.code)).toEqual(['big']);
  });

  test('another code, bundle, rule or message is not lifted', () => {
    const [reason] = combine(escalating, OPTIONS).escalations;
    for (const other of [{ code: 'huge' }, { bundle: 'b2' }, { rule: 'data.x' }, { message: 'm' }]) {
      expect(combine(escalating, { ...OPTIONS, approved: [{ ...reason!, ...other }] }).outcome).toBe(
        'escalate',
      );
    }
  });

  test('denials and step-ups are never lifted, nor a guard turned into a grant', () => {
    const opinions = [guard('escalate'), grant()];
    const reasons = combine([...opinions, grant(true)], OPTIONS).escalations;
    expect(brief(combine(opinions, { ...OPTIONS, approved: reasons }))).toBe('deny policy_undefined');
    const denied = combine([grant({ allow: false, reason: 'x' })], OPTIONS);
    expect(
      combine([grant({ allow: false, reason: 'x' })], { ...OPTIONS, approved: denied.reasons }).outcome,
    ).toBe('deny');
    const stepped = combine([grant('step_up')], OPTIONS);
    expect(combine([grant('step_up')], { ...OPTIONS, approved: stepped.reasons }).outcome).toBe('step_up');
  });
});

describe('[P-OVERRIDE-BOUNDS] overrides', () => {
  const denying = grant({ allow: false, reason: 'c' });

  test('put the stated outcome in the place of the opinion', () => {
    const combined = combine([denying, override({})], OPTIONS);
    expect(combined.outcome).toBe('allow');
    expect(combined.lifted.overridden).toMatchObject([
      { lift: { approved_by: 'user:boss' }, reason: { code: 'c' } },
    ]);
    expect(combine([denying, override({ outcome: 'escalate' })], OPTIONS).outcome).toBe('escalate');
    expect(
      combine([guard({ allow: false, reason: 'c' }), grant(true), override({ bundle: 'guard' })], OPTIONS)
        .outcome,
    ).toBe('allow');
  });

  test('a lifted guard grants nothing', () => {
    const opinions = [guard({ allow: false, reason: 'c' }), override({ bundle: 'guard' })];
    expect(brief(combine(opinions, OPTIONS))).toBe('deny no_grant c');
  });

  test.each<[string, readonly ConsultedOpinion[]]>([
    ['expired', [denying, override({ expires: '2026-11-21T10:00:00Z' })]],
    ['another code', [denying, override({ code: 'd' })]],
    ['another bundle', [denying, override({ bundle: 'x' })]],
    ['another rule', [denying, override({ rule: 'data.x' })]],
    ['another principal', [denying, override({ principals: ['user:2'] })]],
    ['another actor', [denying, override({ actors: [] })]],
    ['another tool', [denying, override({ tools: ['u'] })]],
    ['one of two reasons', [grant({ allow: false, reasons: ['c', 'd'] }), override({})]],
    ['no grant', [grant(false), override({ code: 'no_grant' })]],
    [
      'identity',
      [grant(true), guard({ allow: false, reason: 'c' }, 'identity'), override({ bundle: 'guard' })],
    ],
    [
      'compliance',
      [grant(true), guard({ allow: false, reason: 'c' }, 'compliance'), override({ bundle: 'guard' })],
    ],
    ['policy_*', [grant(null), override({ code: 'policy_unknown_shape' })]],
    ['budget_*', [grant({ allow: false, reason: 'budget_weekly' }), override({ code: 'budget_weekly' })]],
    ['state_*', [grant({ allow: false, reason: 'state_conflict' }), override({ code: 'state_conflict' })]],
    [
      'free text without its message',
      [grant({ allow: false, reason: 'Too late.' }), override({ code: 'objection' })],
    ],
    ['outside the override layer', [denying, { ...override({}), layer: 'workflow' }]],
  ])('never lift: %s', (_name, opinions) => {
    const combined = combine(opinions, OPTIONS);
    expect(combined.outcome).toBe('deny');
    expect(combined.lifted.overridden).toEqual([]);
  });

  test('free text is lifted by its message', () => {
    const opinions = [
      grant({ allow: false, reason: 'Too late.' }),
      override({ code: 'objection', message: 'Too late.' }),
    ];
    expect(combine(opinions, OPTIONS).outcome).toBe('allow');
  });

  test('of several, the strictest stated outcome holds', () => {
    const both = [denying, override({}, { outcome: 'step_up' })];
    expect(combine(both, OPTIONS).outcome).toBe('step_up');
  });
});

/** Opinions of all kinds and shapes, some of which meet each other's codes. */
const answer: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constantFrom<Json | undefined>(
    true,
    false,
    undefined,
    null,
    [],
    'allow',
    'escalate',
    'step_up',
    'deny',
    7,
  ),
  fc.record({
    outcome: fc.constantFrom('allow', 'deny', 'escalate', 'step_up', 'x'),
    reason: fc.constantFrom('c', 'd', 'no_grant', 'policy_error', 'Free text.'),
  }),
  fc.record({ allow: fc.boolean(), reasons: fc.subarray(['c', 'd', 'e']) }),
  fc.constantFrom<Json>({ outcome: 'sanitize', redact: ['/a'] }, { allow: true, obligations: ['audit'] }, [
    { allow: true },
    { allow: false, action: 'approval_needed', reason: 'c' },
  ]),
);
const layers = fc.constantFrom<Layer>('identity', 'resource', 'workflow', 'compliance', 'override');
const bundles = fc.constantFrom('grant', 'guard', 'b1', 'b2');
const anyOpinion: fc.Arbitrary<ConsultedOpinion> = fc.oneof(
  fc.tuple(answer, bundles).map(([value, bundle]) => grant(value, bundle)),
  fc.tuple(answer, layers, bundles).map(([value, layer, bundle]) => guard(value, layer, bundle)),
  fc
    .tuple(answer, layers, bundles)
    .map(([value, layer, bundle]) => asked('violations', value, layer, bundle)),
  fc
    .tuple(
      bundles,
      fc.constantFrom('c', 'd', 'no_grant', 'policy_error'),
      fc.constantFrom<Lift['outcome']>('allow', 'escalate', 'deny'),
    )
    .map(([bundle, code, outcome]) => override({ bundle, code, outcome })),
);
const someOpinions = fc.array(anyOpinion, { maxLength: 6 });
const approvals = fc.boolean();
const withApproval = (opinions: readonly ConsultedOpinion[], approved: boolean): CombineOptions =>
  approved ? { ...OPTIONS, approved: combine(opinions, OPTIONS).escalations } : OPTIONS;
const RUNS = { numRuns: 1500 };

describe('properties of combining', () => {
  test('[P-COMBINE-ORDER] the order of bundles never matters', () => {
    fc.assert(
      fc.property(someOpinions, fc.infiniteStream(fc.nat()), approvals, (opinions, random, approved) => {
        const keyed = opinions.map((opinion) => ({ opinion, key: random.next().value as number }));
        const shuffled = keyed.toSorted((left, right) => left.key - right.key).map(({ opinion }) => opinion);
        const options = withApproval(opinions, approved);
        expect(canonicalJson(combine(shuffled, options) as unknown as Json)).toBe(
          canonicalJson(combine(opinions, options) as unknown as Json),
        );
      }),
      RUNS,
    );
  });

  test('[P-COMBINE-MONOTONE] an entrypoint that neither grants nor overrides never makes it more permissive', () => {
    fc.assert(
      fc.property(someOpinions, anyOpinion, approvals, (opinions, added, approved) => {
        fc.pre(added.kind !== 'grant' && added.kind !== 'overrides');
        const options = withApproval(opinions, approved);
        const before = combine(opinions, options);
        const after = combine([...opinions, added], options);
        expect(STRICTNESS[after.outcome]).toBeGreaterThanOrEqual(STRICTNESS[before.outcome]);
      }),
      RUNS,
    );
  });

  test('[P-COMBINE-GRANT] a further grant loosens only by replacing the lack of one', () => {
    fc.assert(
      fc.property(someOpinions, anyOpinion, (opinions, added) => {
        fc.pre(added.kind === 'grant');
        const before = combine(opinions, OPTIONS);
        const after = combine([...opinions, added], OPTIONS);
        if (STRICTNESS[after.outcome] >= STRICTNESS[before.outcome]) return;
        expect(before.granted).toBe(false);
        expect(before.reasons[0]?.bundle).toBeUndefined();
        expect(['no_grant', 'policy_undefined']).toContain(before.reasons[0]?.code);
      }),
      RUNS,
    );
  });

  test('no allow without a grant that said so, whatever overrides and approvals say', () => {
    fc.assert(
      fc.property(someOpinions, approvals, (opinions, approved) => {
        const combined = combine(opinions, withApproval(opinions, approved));
        if (combined.outcome === 'deny') return;
        const grants = opinions.filter(
          (opinion) => opinion.kind === 'grant' && opinion.opinion.kind === 'verdict',
        );
        expect(grants.length).toBeGreaterThan(0);
        expect(combined.granted).toBe(true);
      }),
      RUNS,
    );
  });

  test('an approval lifts nothing but the reasons it holds', () => {
    fc.assert(
      fc.property(someOpinions, fc.array(fc.nat(5), { maxLength: 3 }), (opinions, picks) => {
        const before = combine(opinions, OPTIONS);
        const approved = picks.flatMap((pick) => before.escalations[pick] ?? []);
        const after = combine(opinions, { ...OPTIONS, approved });
        const held = new Set(approved.map(reasonIdentity));
        for (const reason of after.lifted.approved) expect(held.has(reasonIdentity(reason))).toBe(true);
        const stricter = before.reasons.filter(
          (reason) => reason.outcome === 'deny' || reason.outcome === 'step_up',
        );
        const kept = new Set(after.reasons.map((reason) => `${reason.outcome} ${reasonIdentity(reason)}`));
        for (const reason of stricter)
          expect(kept.has(`${reason.outcome} ${reasonIdentity(reason)}`)).toBe(true);
        for (const escalation of before.escalations) {
          if (held.has(reasonIdentity(escalation))) continue;
          expect(kept.has(`escalate ${reasonIdentity(escalation)}`)).toBe(true);
        }
        expect(canonicalJson(after.obligations as unknown as Json)).toBe(
          canonicalJson(before.obligations as unknown as Json),
        );
      }),
      RUNS,
    );
  });

  test('[P-OBSERVE-CHANGES-NOTHING] opinions of entrypoints that only observe change nothing at all', () => {
    const many = fc.array(anyOpinion, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(someOpinions, many, approvals, (opinions, added, approved) => {
        const options = withApproval(opinions, approved);
        const observed = added.map((opinion) => ({ ...opinion, observed: true as const }));
        expect(canonicalJson(combine([...observed, ...opinions], options) as unknown as Json)).toBe(
          canonicalJson(combine(opinions, options) as unknown as Json),
        );
      }),
      RUNS,
    );
  });

  test('overrides never touch identity, compliance, missing grants, faults of policies, budgets or state', () => {
    fc.assert(
      fc.property(someOpinions, (opinions) => {
        for (const { reason } of combine(opinions, OPTIONS).lifted.overridden) {
          expect(['resource', 'workflow']).toContain(reason.layer);
          expect(/^(no_grant$|policy_|budget_|state_)/.test(reason.code)).toBe(false);
        }
      }),
      RUNS,
    );
  });
});
