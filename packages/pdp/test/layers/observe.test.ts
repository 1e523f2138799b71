import { combine, type DecisionRequest } from '@writ/decision';
import { describe, expect, it } from 'vitest';
import { consult } from '../../src/layers/consult.ts';
import { observedAmong, observedNote } from '../../src/layers/observed.ts';
import { OPTIONS, policiesOf, requestOf, type WrittenBundle } from './policy-fixture.ts';

const OBSERVE = { writ: { mode: 'observe' } };

/** A bundle whose rule `x` says this, under a kind, observing. */
function observing(kind: string, rule: string, more: Partial<WrittenBundle> = {}): WrittenBundle {
  const entrypoints = [{ path: 'trial/x', kind }];
  return { rego: `package trial\n\n${rule}\n`, entrypoints, ...OBSERVE, ...more };
}

const GRANT: WrittenBundle = {
  rego: 'package all\n\nallow := true if input.action.tool != "drop"\n',
  entrypoints: [{ path: 'all/allow', kind: 'grant' }],
};
const SCOPED: WrittenBundle = {
  rego: 'package scoped\n\nok := {"allow": false, "reason": "out_of_scope"} if input.actor.scope == "narrow"\n\nelse := true\n',
  entrypoints: [{ path: 'scoped/ok', kind: 'guard', layer: 'workflow' }],
};

async function judged(bundles: Record<string, WrittenBundle>, request: DecisionRequest) {
  const set = await policiesOf(bundles);
  const consulted = await consult(set, request, OPTIONS);
  const subject = { principal: 'user:ann', actor: 'agent:helper', tool: request.action.tool ?? '' };
  const combining = { phase: 'call', subject, nowMs: 1_700_000_000_000 } as const;
  const observed = observedAmong(consulted.opinions, combining);
  return { combined: combine(consulted.opinions, combining), request: consulted.request, observed, set };
}

describe('[P-OBSERVE-CHANGES-NOTHING] a bundle that only observes', () => {
  it.each([
    ['guard', 'x := false', 'deny'],
    ['guard', 'x := {"outcome": "escalate", "reason": "ask"}', 'escalate'],
    ['violations', 'x contains "no" if true', 'deny'],
    ['guard', 'x := 1 / 0', 'deny'],
    ['guard', 'x := 1 if true\n\nx := 2 if true', 'deny'],
    ['capabilities', 'x := {"known": false}', 'deny'],
  ])(
    '%s `%s` refuses nothing, and is shown with what it would have made of it',
    async (kind, rule, would) => {
      const { combined, observed } = await judged({ all: GRANT, trial: observing(kind, rule) }, requestOf());
      expect(combined).toMatchObject({ outcome: 'allow', granted: true });
      expect(combined.reasons.map(({ bundle }) => bundle)).toEqual(['all']);
      expect(observed?.outcomeIfCounted).toBe(would);
      expect(observedNote(observed!)).toMatchObject({
        opinions: [{ bundle: 'trial', rule: 'data.trial.x' }],
      });
    },
  );

  it('grants nothing', async () => {
    const request = requestOf({ action: { type: 'tool_call', phase: 'call', tool: 'drop' } });
    const { combined, observed } = await judged(
      { all: GRANT, trial: observing('grant', 'x := true') },
      request,
    );
    expect(combined).toMatchObject({ outcome: 'deny', granted: false });
    expect(observed?.outcomeIfCounted).toBe('allow');
  });

  it('lifts nothing', async () => {
    const lift = `{"bundle": "all", "code": "no", "outcome": "allow", "justification": "j", "approved_by": "b", "expires": "2099-01-01T00:00:00Z"}`;
    const refusing = { ...GRANT, rego: 'package all\n\nallow := {"allow": false, "reason": "no"}\n' };
    const bundles = { all: refusing, trial: observing('overrides', `x := {"lift": [${lift}]}`) };
    const { combined, observed } = await judged(bundles, requestOf());
    expect(combined).toMatchObject({ outcome: 'deny', lifted: { overridden: [] } });
    expect(observed?.outcomeIfCounted).toBe('allow');
  });

  it('tells others nothing of the actor, and holds it to no capabilities', async () => {
    const rule = 'x := {"known": true, "scope": "narrow", "capabilities": []}';
    const bundles = { all: GRANT, scoped: SCOPED, trial: observing('capabilities', rule) };
    const { combined, request } = await judged(bundles, requestOf());
    expect(combined.outcome).toBe('allow');
    expect(request.actor).toEqual({ id: 'agent:helper' });
  });

  it('sets no duties, and redacts nothing', async () => {
    const rule = 'x := {"outcome": "sanitize", "redact": ["/path"], "obligations": ["notify"]}';
    const { combined } = await judged({ all: GRANT, trial: observing('guard', rule) }, requestOf());
    expect(combined).toMatchObject({ outcome: 'allow', obligations: [] });
  });

  it('describes no tools: what its registry says is left out', async () => {
    const registry = { servers: { files: { tools: { read: { capability: 'files.read' } } } } };
    const trial = observing('guard', 'x := true', { data: { writ: { registry } }, roots: ['trial', 'writ'] });
    expect((await policiesOf({ all: GRANT, trial })).registry.tools.size).toBe(0);
    const { writ: _mode, ...enforced } = trial;
    expect((await policiesOf({ all: GRANT, trial: enforced })).registry.tools.size).toBe(1);
  });

  it('may hold one entrypoint that counts; and the other way round', async () => {
    const entrypoints = [
      { path: 'trial/x', kind: 'guard', mode: 'enforce' },
      { path: 'trial/y', kind: 'guard' },
    ];
    const trial = observing('guard', 'x := {"allow": false, "reason": "counts"}\n\ny := false', {
      entrypoints,
    });
    const { combined } = await judged({ all: GRANT, trial }, requestOf());
    expect(combined.reasons.filter(({ outcome }) => outcome === 'deny')).toMatchObject([{ code: 'counts' }]);
  });
});
