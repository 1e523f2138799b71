import { describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { type ActivationTerms, loadPolicies } from '../../src/layers/load-policies.ts';
import { type ListedOverride, listOverrides, overrideWarnings } from '../../src/layers/overrides.ts';
import { policiesOf, type WrittenBundle, writeBundles } from './policy-fixture.ts';

const NOW = Date.parse('2026-11-29T00:00:00Z');
const LIFT = {
  bundle: 'all',
  code: 'too_much',
  outcome: 'allow',
  justification: 'closing of the books',
  approved_by: 'cfo@example.com',
  approved_at: '2026-11-20',
  expires: '2027-01-15T00:00:00Z',
};

function bundleWith(
  lifts: readonly object[],
  rule = 'stated := {"lift": data.lasting.lifts}',
): WrittenBundle {
  return {
    rego: `package lasting.rules\n\n${rule}\n`,
    entrypoints: [{ path: 'lasting/rules/stated', kind: 'overrides' }],
    data: { lasting: { lifts } },
    roots: ['lasting'],
  };
}

async function refusals(bundle: WrittenBundle, terms: ActivationTerms = {}) {
  const loaded = await loadPolicies(writeBundles({ lasting: bundle }), createRegoEngine(), terms);
  if (loaded.ok) await loaded.set.policies.close();
  return loaded.ok ? [] : loaded.problems;
}

describe('[P-OVERRIDES-LISTED] overrides', () => {
  it('are listed whole, with where they are stated', async () => {
    const set = await policiesOf({ lasting: bundleWith([LIFT, { ...LIFT, code: 'too_late' }]) });
    const { overrides, problems } = await listOverrides(set, NOW);
    expect(problems).toEqual([]);
    expect(overrides).toMatchObject([
      { lift: LIFT, bundle: 'lasting', rule: 'data.lasting.rules.stated', observed: false },
      { lift: { code: 'too_late' } },
    ]);
  });

  it('are none where the rule says nothing', async () => {
    expect(await refusals(bundleWith([]))).toEqual([]);
    expect(await refusals(bundleWith([], 'stated := {"lift": []} if false'))).toEqual([]);
  });

  it.each([
    'stated := {"lift": data.lasting.lifts} if input.actor.id == "agent:a"',
    'stated := {"lift": [lift | some lift in data.lasting.lifts; lift.tool == input.action.tool]}',
    'mine if input.principal.id\n\nstated := {"lift": data.lasting.lifts} if mine',
  ])('that depend on the request do not activate: %s', async (rule) => {
    expect(await refusals(bundleWith([LIFT], rule))).toMatchObject([
      { code: 'overrides_invalid', bundle: 'lasting', message: expect.stringContaining('cannot be listed') },
    ]);
  });

  it.each(['stated := 7', 'stated := [1]', 'stated := {"lift": {}}', 'stated := {"lift": [7]}'])(
    'in another shape do not activate: %s',
    async (rule) => {
      expect(await refusals(bundleWith([], rule))).toMatchObject([{ code: 'overrides_invalid' }]);
    },
  );

  it.each(['bundle', 'code', 'outcome', 'justification', 'approved_by', 'expires'])(
    'without `%s` do not activate',
    async (name) => {
      const { [name as keyof typeof LIFT]: _left, ...rest } = LIFT;
      expect(await refusals(bundleWith([rest]))).toMatchObject([
        { code: 'overrides_invalid', message: expect.stringContaining(name) },
      ]);
    },
  );

  it.each([
    [{ justification: '' }],
    [{ expires: 'never' }],
    [{ approved_at: 'once' }],
    [{ outcome: 'sanitize' }],
  ])('with %j do not activate', async (change) => {
    expect(await refusals(bundleWith([{ ...LIFT, ...change }]))).toMatchObject([
      { code: 'overrides_invalid' },
    ]);
  });

  it('that are more than allowed do not activate; twenty are by default', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...LIFT, code: `c${index}` }));
    expect(await refusals(bundleWith(many(20)))).toEqual([]);
    expect(await refusals(bundleWith(many(21)))).toMatchObject([
      { code: 'overrides_too_many', message: '21 overrides are stated, and at most 20 may be' },
    ]);
    expect(await refusals(bundleWith(many(2)), { overrides: { max: 1 } })).toHaveLength(1);
    expect(await refusals(bundleWith(many(1)), { overrides: { max: 0 } })).toHaveLength(1);
    expect(
      await refusals({ ...bundleWith(many(2)), writ: { mode: 'observe' } }, { overrides: { max: 1 } }),
    ).toEqual([]);
  });

  it('that are old, or end soon, activate with a warning', async () => {
    const old = { ...LIFT, approved_at: '2026-01-01', expires: '2099-01-01T00:00:00Z' };
    const loaded = await loadPolicies(writeBundles({ lasting: bundleWith([old]) }), createRegoEngine());
    expect(loaded).toMatchObject({ ok: true });
    if (loaded.ok)
      expect(loaded.warnings.map(({ code }) => code)).toEqual(['override_warning', 'override_warning']);
  });
});

describe('what is said of an override', () => {
  const listed = (change: Partial<ListedOverride['lift']>): ListedOverride => ({
    lift: { ...(LIFT as ListedOverride['lift']), ...change },
    bundle: 'lasting',
    rule: 'data.lasting.rules.stated',
    observed: false,
  });
  it.each<[Partial<ListedOverride['lift']>, string[]]>([
    [{}, []],
    [{ expires: '2026-11-29T00:00:00Z' }, ['expired on 2026-11-29: take it out']],
    [{ expires: '2026-12-05T00:00:00Z' }, ['expires in 6 days']],
    [{ approved_at: '2026-08-01' }, ['is 120 days old']],
    [{ expires: '2030-01-01T00:00:00Z' }, ['expires only in 1129 days: what lasts is a rule']],
    [{ approved_at: '2026-12-24' }, ['says that it was approved in the future']],
  ])('%j: %j', (change, warnings) => {
    expect(overrideWarnings(listed(change), {}, NOW)).toEqual(warnings);
  });

  it('keeps to what the operator configured, and asks for the day of approval', () => {
    const { approved_at: _day, ...undated } = listed({}).lift;
    expect(overrideWarnings({ ...listed({}), lift: undated }, {}, NOW)).toEqual([
      'does not say since when it is: add `approved_at`',
    ]);
    expect(overrideWarnings(listed({}), { warnAfterDays: 5, warnBeforeDays: 60 }, NOW)).toEqual([
      'expires in 47 days',
      'is 9 days old',
    ]);
  });
});
