import type { Json } from '@writ/decision';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ALLOW_ALL, asRequest, type Fixture, openFixture, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const KEYS = ['request', 'principal', 'actor', 'action', 'id', 'type', 'phase', 'tool', 'args', 'context'];

describe('what an agent can send', () => {
  it('[P-NO-GRANT-NO-ALLOW] is denied, whatever it is, where nothing grants', async () => {
    fixture = await openFixture([{ path: 'test/object', kind: 'guard', rule: () => true, reads: [] }]);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 'allow', 'call', 'result', 'list', 'tool_call', '__proto__', NaN),
        fc.string(),
        fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('tree')),
        fc.array(tie('tree')),
      ),
    }));
    const base = toolCall('delete', { id: 1 });
    const changed = fc.record(
      { principal: tree, actor: tree, action: tree, context: tree, environment: tree, delegation: tree },
      { requiredKeys: [] },
    );
    const partly = fc.record({ phase: tree, type: tree, args: tree, capability: tree }, { requiredKeys: [] });
    const call = fc.oneof(
      tree,
      changed.map((change) => ({ ...base, request: { ...base.request, ...change } })),
      partly.map((change) => ({
        ...base,
        request: { ...base.request, action: { ...base.request.action, ...change } },
      })),
    );
    await fc.assert(
      fc.asyncProperty(call, async (sent) => {
        const decision = await fixture.point.decide(sent as never);
        expect(decision).toMatchObject({ allow: false, effect: 'refuse', outcome: 'deny' });
        expect(decision.reason).not.toBe('internal_error');
        expect(decision).not.toHaveProperty('forwarded_args');
      }),
      { numRuns: 300 },
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('a record that cannot hold what it should', () => {
  it('[P-RECORD-BEFORE-RELEASE] denies where the entry is larger than a leaf may be', async () => {
    const reasons = Array.from({ length: 4_000 }, (_, count) => `reason_number_${count}_of_very_many`);
    fixture = await openFixture([
      ALLOW_ALL,
      {
        path: 'test/chatty',
        kind: 'guard',
        rule: (input) =>
          asRequest(input).action.tool === 'chatty' ? { outcome: 'allow', reasons: reasons as Json } : true,
        reads: [['action']],
      },
    ]);
    const chatty = await fixture.point.decide(toolCall('chatty'));
    const recorded = (await fixture.entries()).some(
      ({ core }) => core.decision_id === chatty.decision_id && core.effect === chatty.effect,
    );
    expect(chatty.effect === 'proceed').toBe(recorded && chatty.allow);
    expect(await fixture.point.decide(toolCall('other'))).toMatchObject({ effect: 'proceed' });
  });
});

describe('a redacted value', () => {
  const SECRET = '078-05-1120';

  it('[P-REDACTED-EVERYWHERE] stays out of what is forwarded, approved, explained and answered', async () => {
    fixture = await openFixture([
      ALLOW_ALL,
      {
        path: 'test/redact',
        kind: 'guard',
        rule: () => ({
          outcome: 'sanitize',
          obligations: [{ type: 'redact', pointers: ['/list/0/ssn', '/a~1b', '/m~0n', '/missing/0'] }],
        }),
        reads: [['action']],
      },
      {
        path: 'test/person',
        kind: 'guard',
        layer: 'workflow',
        rule: () => ({ outcome: 'escalate', reason: 'human_approval_required' }),
        reads: [['action']],
      },
    ]);
    const call = toolCall('send', { list: [{ ssn: SECRET }], 'a/b': SECRET, 'm~n': SECRET, kept: 'x' });
    const asked = await fixture.point.decide(call);
    expect(asked).toMatchObject({ outcome: 'escalate', effect: 'refuse' });
    const id = asked.approval?.id ?? '';
    const admin = fixture.point.administration.approvals;
    const seen = [asked, await admin.get(id), await fixture.point.approval.get(id)];
    expect(await admin.approve(id, 'operator')).toMatchObject({ ok: true });
    const resumed = await fixture.point.decide({ ...call, approval_id: id });
    expect(resumed).toMatchObject({
      outcome: 'sanitize',
      effect: 'proceed',
      forwarded_args: { list: [{ ssn: '[REDACTED]' }], 'a/b': '[REDACTED]', 'm~n': '[REDACTED]', kept: 'x' },
    });
    seen.push(resumed);
    const { request: _sent, ...explained } = await fixture.point.explain(call);
    expect(JSON.stringify([seen, explained])).not.toContain(SECRET);
  });
});
