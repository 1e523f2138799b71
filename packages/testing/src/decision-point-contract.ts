import {
  type ActionResult,
  type DecideCall,
  type Decision,
  type DecisionPoint,
  type Json,
  type JsonObject,
  validateCompletion,
  validateDecision,
} from '@writ/decision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * The policies that a decision point under contract holds, as Rego and as plain functions of the request. `wanted`
 * answers with the argument `want`; `output` judges results; `visible` hides one tool.
 */
export const CONTRACT_POLICY = Object.freeze({
  rego: `package contract

wanted := input.action.args.want

default output := true

output := {"allow": false, "reason": "secret_found"} if contains(input.result.content, "SECRET")

output := {"outcome": "sanitize", "redact": ["/result/structured/ssn"]} if input.result.structured.ssn

default visible := false

visible if input.action.tool != "hidden"
`,
  entrypoints: [
    { path: 'contract/wanted', kind: 'grant', layer: 'resource' },
    { path: 'contract/output', kind: 'guard', layer: 'compliance', when: { phases: ['result'] } },
    { path: 'contract/visible', kind: 'visible', layer: 'resource', when: { phases: ['list'] } },
  ],
});

/** A decision point under contract, and the person who judges its approvals. */
export interface PointUnderContract {
  readonly point: DecisionPoint;
  judge(approvalId: string, verdict: 'approved' | 'denied'): Promise<void>;
  close(): Promise<void>;
}

const WHO = { principal: { id: 'user:ann', tenant: 'acme' }, actor: { id: 'agent:helper' } };

function call(args: JsonObject, more: Partial<DecideCall> = {}, tool = 'tool'): DecideCall {
  return {
    request: { ...WHO, action: { type: 'tool_call', phase: 'call', tool, server: 'srv', args } },
    ...more,
  };
}

/** What every `DecisionPoint` keeps, in process or over a wire. `open` makes one that holds `CONTRACT_POLICY`. */
export function decisionPointContract(name: string, open: () => Promise<PointUnderContract>): void {
  describe(`decision point: ${name}`, () => {
    let under: PointUnderContract;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const decide = async (asked: DecideCall): Promise<Decision> => {
      const decision = await under.point.decide(asked);
      expect(validateDecision(decision)).toMatchObject({ ok: true });
      return decision;
    };
    const pending = async (args: JsonObject): Promise<string> => {
      const decision = await decide(call({ want: { outcome: 'escalate', reason: 'big' }, ...args }));
      expect(decision).toMatchObject({
        outcome: 'escalate',
        effect: 'refuse',
        approval: { status: 'pending' },
      });
      return decision.approval?.id as string;
    };

    describe('decide', () => {
      outcomes(decide);
    });
    describe('approvals', () => {
      approvals(() => under, decide, pending);
    });
    describe('complete', () => {
      results(() => under.point, decide);
    });
    test('list shows what could be granted, in order', async () => {
      const items = [{ tool: 'hidden' }, { tool: 'seen', server: 'srv' }];
      const request = { ...WHO, action: { type: 'tool_call', phase: 'list' } } as const;
      expect((await under.point.list({ request, items })).visible).toEqual([false, true]);
      expect((await under.point.list({ request, items: [] })).visible).toEqual([]);
    });
    test('report answers nothing and never fails', async () => {
      expect(
        await under.point.report({ kind: 'model_refusal', code: 'refused', request: WHO }),
      ).toBeUndefined();
    });
  });
}

function outcomes(decide: (asked: DecideCall) => Promise<Decision>): void {
  test.each<[Json | undefined, Partial<Decision>]>([
    [true, { outcome: 'allow', effect: 'proceed' }],
    [
      { allow: true, reason: 'ok' },
      { outcome: 'allow', reason: 'ok', effect: 'proceed' },
    ],
    [
      { outcome: 'deny', reason: 'amount_over_limit' },
      { outcome: 'deny', reason: 'amount_over_limit' },
    ],
    [{ outcome: 'step_up', step_up: { method: 'human_approval' } }, { outcome: 'escalate' }],
    ['deny', { outcome: 'deny' }],
    [false, { outcome: 'deny', reason: 'no_grant' }],
    [undefined, { outcome: 'deny', reason: 'policy_undefined' }],
    [7, { outcome: 'deny', reason: 'policy_unknown_shape' }],
    [
      { allow: true, obligations: [{ type: 'shred' }] },
      { outcome: 'deny', reason: 'obligation_unknown' },
    ],
  ])('a policy that answers %j', async (want, expected) => {
    const args: JsonObject = want === undefined ? { n: 1 } : { want, n: 1 };
    const decision = await decide(call(args));
    expect(decision).toMatchObject({ effect: 'refuse', ...expected });
    expect(decision.allow).toBe(decision.effect === 'proceed');
    expect(decision.forwarded_args).toEqual(decision.effect === 'proceed' ? args : undefined);
  });

  test('sanitized arguments are forwarded redacted', async () => {
    const want = { outcome: 'sanitize', redact: ['/args/ssn'] };
    const decision = await decide(call({ want, ssn: '123', name: 'n' }));
    expect(decision).toMatchObject({ outcome: 'sanitize', allow: true, effect: 'proceed' });
    expect(decision.forwarded_args).toEqual({ want, ssn: '[REDACTED]', name: 'n' });
  });

  test('the same key is the same decision; for other arguments it is refused', async () => {
    const first = await decide(call({ want: true, n: 1 }, { idempotency_key: 'contract-1' }));
    const again = await decide(call({ want: true, n: 1 }, { idempotency_key: 'contract-1' }));
    expect(again).toMatchObject({ decision_id: first.decision_id, effect: 'proceed' });
    const other = await decide(call({ want: true, n: 2 }, { idempotency_key: 'contract-1' }));
    expect(other).toMatchObject({ effect: 'refuse', reason: 'idempotency_mismatch' });
  });

  test('what is no request is refused, not thrown', async () => {
    const strange = { ...call({ want: true }), extra: 1 } as unknown as DecideCall;
    expect(await decide(strange)).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      reason: 'request_invalid',
    });
    const empty = {} as unknown as DecideCall;
    expect(await decide(empty)).toMatchObject({
      outcome: 'deny',
      effect: 'refuse',
      reason: 'request_invalid',
    });
  });
}

function approvals(
  under: () => PointUnderContract,
  decide: (asked: DecideCall) => Promise<Decision>,
  pending: (args: JsonObject) => Promise<string>,
): void {
  const same = (args: JsonObject, approval_id: string) =>
    decide(call({ want: { outcome: 'escalate', reason: 'big' }, ...args }, { approval_id }));

  test('is asked, given, used once', async () => {
    const { point, judge } = under();
    const id = await pending({ n: 1 });
    expect(await point.approval.get(id)).toMatchObject({ id, status: 'pending', reasons: [{ code: 'big' }] });
    expect(await point.approval.wait(id, { timeoutMs: 0 })).toMatchObject({ status: 'pending' });
    expect(await same({ n: 1 }, id)).toMatchObject({ effect: 'refuse' });
    const waiting = point.approval.wait(id, { timeoutMs: 30_000 });
    await judge(id, 'approved');
    expect(await waiting).toMatchObject({ status: 'approved' });
    expect(await same({ n: 2 }, id)).toMatchObject({
      effect: 'refuse',
      reason: 'approval_arguments_changed',
    });
    expect(await same({ n: 1 }, id)).toMatchObject({ effect: 'proceed', outcome: 'allow' });
    expect(await point.approval.get(id)).toMatchObject({ status: 'used' });
    expect(await same({ n: 1 }, id)).toMatchObject({ effect: 'refuse', reason: 'approval_used' });
  });

  test('is used once by many at the same time', async () => {
    const id = await pending({ n: 3 });
    await under().judge(id, 'approved');
    const decisions = await Promise.all(Array.from({ length: 8 }, () => same({ n: 3 }, id)));
    expect(decisions.filter((decision) => decision.effect === 'proceed')).toHaveLength(1);
  });

  test('refused by a person is `human_rejected`', async () => {
    const id = await pending({ n: 4 });
    await under().judge(id, 'denied');
    expect(await same({ n: 4 }, id)).toMatchObject({ effect: 'refuse', reason: 'human_rejected' });
  });

  test('can be withdrawn', async () => {
    const id = await pending({ n: 5 });
    expect(await under().point.approval.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect(await same({ n: 5 }, id)).toMatchObject({ effect: 'refuse', reason: 'approval_cancelled' });
  });

  test('that is not known is refused', async () => {
    expect(await under().point.approval.get('apr-none')).toBeUndefined();
    expect(await same({ n: 6 }, 'apr-none')).toMatchObject({ effect: 'refuse', reason: 'approval_unknown' });
  });
}

function results(point: () => DecisionPoint, decide: (asked: DecideCall) => Promise<Decision>): void {
  const completed = async (result: ActionResult) => {
    const { decision_id } = await decide(call({ want: true }));
    const completion = await point().complete({ decision_id, status: 'succeeded', result });
    expect(validateCompletion(completion)).toMatchObject({ ok: true });
    return completion;
  };

  test('lets a result out as it is, redacted, or not at all', async () => {
    expect(await completed({ content: 'fine' })).toMatchObject({
      effect: 'proceed',
      result: { content: 'fine' },
    });
    expect(await completed({ structured: { ssn: '1', n: 2 } })).toMatchObject({
      effect: 'proceed',
      outcome: 'sanitize',
      result: { structured: { ssn: '[REDACTED]', n: 2 } },
    });
    const withheld = await completed({ content: 'a SECRET' });
    expect(withheld).toMatchObject({
      effect: 'refuse',
      outcome: 'deny',
      reasons: [{ code: 'secret_found' }],
    });
    expect(withheld.result).toBeUndefined();
  });

  test('redacts in the result what the call itself asked for', async () => {
    const { decision_id } = await decide(
      call({ want: { allow: true, redact: ['/result/structured/iban'] } }),
    );
    const result = { structured: { iban: 'DE', n: 1 } };
    expect(await point().complete({ decision_id, status: 'succeeded', result })).toMatchObject({
      effect: 'proceed',
      result: { structured: { iban: '[REDACTED]', n: 1 } },
    });
  });

  test('refuses the result of what was never decided', async () => {
    const refused = await point().complete({
      decision_id: 'dec-none',
      status: 'succeeded',
      result: { content: 'x' },
    });
    expect(refused).toMatchObject({ effect: 'refuse' });
  });
}
