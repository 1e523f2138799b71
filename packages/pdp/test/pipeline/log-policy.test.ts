import { afterEach, describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createPolicySet, engineBundleOf, type PolicySet } from '../../src/layers/policy-set.ts';
import { type Fixture, openFixture, policySetOf, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const MAIN = 'package main\n\ndecision := {"outcome": input.action.args.outcome, "reason": "because"}\n';

/** The policies of a bundle whose log has these rules. */
async function policiesWith(log: string): Promise<PolicySet> {
  const [bundle] = policySetOf([
    { path: 'main/decision', kind: 'grant', layer: 'resource', rule: () => true },
  ]).bundles;
  const whole = {
    ...bundle!,
    modules: [
      { file: 'main.rego', text: MAIN, package: 'main', version: 1 as const },
      {
        file: 'log.rego',
        text: `package system.log\n\n${log}\n`,
        package: 'system/log',
        version: 1 as const,
      },
    ],
  };
  const loaded = await createRegoEngine().load([engineBundleOf(whole)]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return createPolicySet([whole], loaded.policies, 'rego');
}

const call = (outcome = 'allow') => toolCall('pay', { outcome, password: 'hunter2', cents: 5 });

async function lastEntry() {
  const entry = (await fixture.entries()).find(({ core }) => core.kind === 'decision');
  if (entry === undefined) throw new Error('nothing was recorded');
  return entry;
}

describe("[P-LOG-MASK] what the log's policy keeps out", () => {
  it('is not in the record, which says what was masked', async () => {
    fixture = await openFixture(
      await policiesWith(
        'mask contains "/input/action/args/password"\nmask contains {"op": "upsert", "path": "/input/principal/id", "value": "someone"} if input.input.action.tool == "pay"',
      ),
    );
    const decision = await fixture.point.decide(call());
    expect(decision).toMatchObject({ outcome: 'allow', forwarded_args: { password: 'hunter2' } });
    const entry = await lastEntry();
    expect(entry.core.masked).toEqual(['args', 'principal']);
    expect(entry.fields).toMatchObject({ args: { cents: 5 }, principal: 'someone', tool: 'pay' });
    expect(JSON.stringify(entry)).not.toContain('hunter2');
  });

  it('is nothing beside the entry where it is dropped; the decision itself stays on record', async () => {
    fixture = await openFixture(await policiesWith('drop if input.input.action.tool == "pay"'));
    for (const outcome of ['allow', 'escalate']) {
      expect(await fixture.point.decide(call(outcome))).toMatchObject({ outcome });
      const entry = (await fixture.entries()).filter(({ core }) => core.kind === 'decision').at(-1);
      expect(entry).toMatchObject({ core: { outcome, dropped: true }, fields: {}, erased: [] });
    }
  });

  it('does not come back when the commit changes the outcome', async () => {
    fixture = await openFixture(await policiesWith('mask contains "/result/reasons"'));
    await fixture.point.decide(call('escalate'));
    expect((await lastEntry()).fields.reasons ?? []).toEqual([]);
  });

  it.each(['mask := 7', 'mask contains "/labels/x"', 'mask contains {"op": "move", "path": "/input/x"}'])(
    'keeps nothing where the rule fails: %s',
    async (rules) => {
      fixture = await openFixture(await policiesWith(rules));
      expect(await fixture.point.decide(call())).toMatchObject({ outcome: 'allow' });
      expect(await lastEntry()).toMatchObject({ core: { dropped: true }, fields: {} });
    },
  );

  it('may be a list in the configuration, for results too', async () => {
    fixture = await openFixture(await policiesWith('# none'), {
      maskedPaths: ['/input/action/args/password', '/input/result/content', '/input/absent/0/x'],
    });
    const { decision_id } = await fixture.point.decide(call());
    await fixture.point.complete({
      decision_id,
      status: 'succeeded',
      result: { content: [{ type: 'text', text: 'the secret' }], structured: { ok: true } },
    });
    await fixture.point.close();
    const entries = await fixture.entries();
    expect(JSON.stringify(entries)).not.toMatch(/hunter2|the secret/);
    const result = entries.find(({ core }) => core.kind === 'result');
    expect(result).toMatchObject({
      core: { masked: ['result'] },
      fields: { result: { structured: { ok: true } } },
    });
  });
});
