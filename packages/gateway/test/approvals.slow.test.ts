import { describe, expect, it } from 'vitest';
import { APPEAL_META_KEY, APPROVAL_META_KEY, DECISION_META_KEY } from '../src/index.ts';
import { fixtureUpstream, MODERN, startGateway, textOf } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

/** A sum needs a person above 10, and is refused above 100, which can be appealed up to 1,000. */
const ADDING = `package agent

sum := input.action.args.a + input.action.args.b

decision := {"outcome": "deny", "reason": "far_too_much"} if sum > 1000

else := {
	"outcome": "deny",
	"reason": "too_much",
	"metadata": {"appeal_path": "access_request", "alternatives": ["add less"]},
} if {
	sum > 100
}

else := {"outcome": "escalate", "reason": "needs_a_person"} if sum > 10

else := true
`;

describe.each([
  ['legacy', 'legacy' as const],
  ['2026-07-28', MODERN],
])('approvals through the gateway for a client of era %s', (_name, era) => {
  async function started() {
    const { service, entries } = await startPoint({ rego: ADDING });
    const client = await (await startGateway(service, [fixtureUpstream()])).connect(era);
    const add = (a: number, b: number, meta?: Record<string, unknown>) =>
      client.callTool({
        name: 'echo',
        arguments: { a, b },
        ...(meta === undefined ? {} : { _meta: meta }),
      });
    const verdict = async (...call: Parameters<typeof add>) => {
      const answer = await add(...call);
      return (answer._meta?.[DECISION_META_KEY] ?? {}) as Readonly<Record<string, unknown>>;
    };
    return { service, entries, add, verdict, desk: service.administration.approvals };
  }

  it('[P-GATEWAY-APPROVAL-ONCE] the same arguments pass once after a yes, changed ones do not', async () => {
    const { add, verdict, desk } = await started();
    const paused = await add(8, 4);
    expect(textOf(paused)).toMatch(/^APPROVAL_PENDING: needs_a_person\./);
    const meta = paused._meta ?? {};
    const { approval } = meta[DECISION_META_KEY] as { approval: { id: string } };
    expect(await desk.approve(approval.id, 'operator')).toMatchObject({ ok: true });
    expect(await verdict(8, 5, { [APPROVAL_META_KEY]: approval.id })).toMatchObject({
      reason: 'approval_arguments_changed',
    });
    expect(textOf(await add(4, 8))).toMatch(/^APPROVAL_PENDING/);
    expect(textOf(await add(8, 4))).toBe('{"a":8,"b":4}');
    expect(textOf(await add(8, 4))).toMatch(/^APPROVAL_PENDING/);
    expect(await verdict(8, 4, { [APPROVAL_META_KEY]: approval.id })).toMatchObject({
      reason: 'approval_used',
    });
  });

  it('[P-APPEAL-BOUND] a denial tells what to do instead; an appeal is judged by a person, and the call passes once', async () => {
    const { add, verdict, desk, entries } = await started();
    const denied = await add(100, 20);
    expect(textOf(denied)).toBe(
      'TOOL_DENIED: too_much. Policy suggests instead: add less. ' +
        'This can be appealed: a person then decides about exactly this call. Choose a different action.',
    );
    expect(denied._meta?.[DECISION_META_KEY]).toMatchObject({
      alternatives: ['add less'],
      appeal_path: 'access_request',
    });
    const appealed = await verdict(100, 20, { [APPEAL_META_KEY]: 'the sum is due today' });
    const { id } = appealed['approval'] as { id: string };
    expect(await desk.get(id)).toMatchObject({ appeal: { justification: 'the sum is due today' } });
    expect(textOf(await add(100, 20))).toMatch(/^APPROVAL_PENDING: too_much\./);
    await desk.approve(id, 'operator');
    expect(textOf(await add(100, 21))).toMatch(/^TOOL_DENIED: too_much/);
    expect(textOf(await add(100, 20))).toBe('{"a":100,"b":20}');
    expect(textOf(await add(100, 20))).toMatch(/^TOOL_DENIED: too_much/);
    expect(await verdict(1000, 1, { [APPEAL_META_KEY]: 'please' })).toMatchObject({
      outcome: 'deny',
      reason: 'far_too_much',
    });
    // An appeal is no way to make a call.
    expect(await verdict(1, 1, { [APPEAL_META_KEY]: 'please' })).toMatchObject({
      reason: 'appeal_not_needed',
    });
    const used = (await entries()).filter(({ core }) => core.kind === 'approval' && core.event === 'used');
    expect(used).toHaveLength(1);
  });
});
