import {
  type Completion,
  type Decision,
  type DecisionPoint,
  type Json,
  type JsonObject,
  OUTCOMES,
} from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as sdk from '../src/index.ts';
import {
  ApprovalPending,
  authorize,
  deniedDecision,
  type GuardOptions,
  guard,
  PolicyViolation,
  ResultWithheld,
  RunHalted,
  resume,
} from '../src/index.ts';
import { MemoryPoint, type PlainPolicy } from './memory-point.ts';

/** Decides by the argument `want`: the answer itself. */
const AS_WANTED: PlainPolicy = {
  bundle: 'wanted',
  kind: 'grant',
  answer: (request) => request.action.args?.['want'],
};
const WHO = { principal: { id: 'user:1' }, actor: { id: 'agent:1' }, session: 's1' };

function setUp(options: Partial<GuardOptions> = {}, policies: readonly PlainPolicy[] = [AS_WANTED]) {
  const point = new MemoryPoint(policies);
  const ran: JsonObject[] = [];
  const tools = guard(
    {
      plain: (args: JsonObject) => {
        ran.push(args);
        return `ran ${Object.keys(args).join(',')}`;
      },
      described: {
        description: 'echoes',
        inputSchema: { type: 'object' },
        execute: async (args: JsonObject, extra?: string) => {
          ran.push(args);
          return { echoed: args, extra: extra ?? null };
        },
      },
      failing: (args: JsonObject) => {
        ran.push(args);
        throw new RangeError('disk on fire');
      },
    },
    { point, ...WHO, ...options },
  );
  return { point, ran, tools };
}

describe('guard()', () => {
  test('an allowed call runs with what may be forwarded and is completed', async () => {
    const { point, ran, tools } = setUp();
    const given = { want: true, n: 1 };
    expect(await tools.plain(given)).toBe('ran want,n');
    expect(ran).toEqual([given]);
    expect(ran[0]).not.toBe(given);
    expect(point.completed).toMatchObject([{ status: 'succeeded', result: { content: 'ran want,n' } }]);
    expect(await tools.described.execute({ want: 'allow' }, 'x')).toEqual({
      echoed: { want: 'allow' },
      extra: 'x',
    });
    expect(tools.described.description).toBe('echoes');
    expect(point.decided).toHaveLength(2);
  });

  test('[P-DENY-AS-RESULT] a denial comes back as the result, the machine-readable reason first', async () => {
    const { point, ran, tools } = setUp();
    const want = {
      allow: false,
      reason: { code: 'amount_over_limit', message: 'Refunds end at 500' },
      remediation: 'ask_for_less',
    };
    expect(await tools.plain({ want })).toBe(
      'TOOL_DENIED: amount_over_limit. Refunds end at 500. ask_for_less. Choose a different action.',
    );
    expect(await tools.plain({})).toMatch(/^TOOL_DENIED: policy_undefined\. /);
    expect(await tools.plain({ want: 'step_up' })).toMatch(/^STEP_UP_REQUIRED: step_up_required\. /);
    expect(ran).toEqual([]);
    expect(point.completed).toEqual([]);
  });

  test('onDeny: throw raises PolicyViolation', async () => {
    const { ran, tools } = setUp({ onDeny: 'throw' });
    const thrown = await tools.plain({ want: 'deny' }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(PolicyViolation);
    expect(thrown).toMatchObject({ code: 'policy_violation', reason: 'not_permitted', tool: 'plain' });
    expect(ran).toEqual([]);
  });

  test('[P-SANITIZE-FORWARDED] sanitized arguments reach the tool redacted', async () => {
    const { ran, tools } = setUp();
    await tools.plain({ want: { outcome: 'sanitize', redact: ['/args/ssn'] }, ssn: '123' });
    expect(ran[0]?.['ssn']).toBe('[REDACTED]');
  });

  test('[P-STRICT-ARGUMENTS] arguments that are not JSON are refused, reported, and never reach policy or tool', async () => {
    const { point, ran, tools } = setUp();
    const getter = Object.defineProperty({ want: true }, 'x', { enumerable: true, get: () => 1 });
    for (const bad of [
      { want: true, at: new Date() },
      { want: true, f: () => 1 },
      getter,
      { want: true, n: Number.NaN },
    ]) {
      expect(await tools.plain(bad as unknown as JsonObject)).toMatch(
        /^TOOL_DENIED: (json_not_json|number_not_exact)\. /,
      );
    }
    for (const bad of ['text', 7, [true], null]) {
      const text = await tools.plain(bad as unknown as JsonObject);
      expect(text).toMatch(bad === null ? /policy_undefined/ : /^TOOL_DENIED: request_invalid/);
    }
    expect(ran).toEqual([]);
    expect(point.reported).toHaveLength(7);
  });

  test('a tool that throws is recorded as failed, and its error goes on', async () => {
    const { point, tools } = setUp();
    await expect(tools.failing({ want: true })).rejects.toThrow('disk on fire');
    expect(point.completed).toMatchObject([
      { status: 'failed', result: { is_error: true, content: 'RangeError: disk on fire' } },
    ]);
  });

  test('[P-HALT] the obligation `halt` stops the run', async () => {
    const { ran, tools } = setUp();
    expect(
      await tools.plain({ want: { allow: false, reason: 'stop_now', metadata: { halt: true } } }),
    ).toMatch(/stop_now/);
    await expect(tools.plain({ want: true })).rejects.toBeInstanceOf(RunHalted);
    await expect(tools.described.execute({ want: true })).rejects.toMatchObject({ code: 'run_halted' });
    await expect(resume(tools, 'apr-x')).rejects.toBeInstanceOf(RunHalted);
    expect(ran).toEqual([]);
  });
});

describe('results', () => {
  const output = (answer: PlainPolicy['answer']): readonly PlainPolicy[] => [
    AS_WANTED,
    { bundle: 'output', kind: 'guard', layer: 'compliance', phases: ['result'], answer },
  ];

  test('[P-RESULT-POLICY] an output policy withholds or redacts a result', async () => {
    const withheld = setUp(
      {},
      output(() => ({ allow: false, reason: 'secret_found' })),
    );
    expect(await withheld.tools.plain({ want: true })).toMatch(
      /^RESULT_WITHHELD: secret_found\. The tool did run/,
    );
    const thrown = setUp(
      { onDeny: 'throw' },
      output(() => false),
    );
    await expect(thrown.tools.plain({ want: true })).rejects.toBeInstanceOf(ResultWithheld);
    const redacted = setUp(
      {},
      output(() => ({ outcome: 'sanitize', redact: ['/result/structured/extra'] })),
    );
    expect(await redacted.tools.described.execute({ want: true }, 'x')).toEqual({
      echoed: { want: true },
      extra: '[REDACTED]',
    });
    const error = setUp(
      {},
      output((request) => request.result?.is_error !== true),
    );
    expect(await error.tools.failing({ want: true })).toMatch(/^RESULT_WITHHELD/);
  });

  test('a value that policies saw whole is released as it was, also where it is no plain JSON', async () => {
    class Money {
      readonly amount = 5;
      readonly missing = undefined;
    }
    const point = new MemoryPoint([AS_WANTED]);
    const money = new Money();
    const tools = guard(
      { money: (_: JsonObject) => money, nothing: (_: JsonObject) => undefined },
      { point, ...WHO },
    );
    expect(await tools.money({ want: true })).toBe(money);
    expect(await tools.nothing({ want: true })).toBeUndefined();
    expect(point.completed[0]?.result).toEqual({ structured: { amount: 5 } });
  });

  test('what cannot be shown to policies is not released', async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const tools = guard(
      {
        stream: (_: JsonObject) =>
          (async function* () {
            yield 1;
          })(),
        cycle: (_: JsonObject) => cycle,
        fn: (_: JsonObject) => () => 1,
        big: (_: JsonObject) => 10n,
      },
      { point: new MemoryPoint([AS_WANTED]), ...WHO },
    );
    for (const tool of Object.values(tools)) {
      expect(await tool({ want: true })).toMatch(/^RESULT_WITHHELD: json_not_json/);
    }
  });
});

describe('escalation', () => {
  const want = { outcome: 'escalate', reason: 'human_approval_required' };

  test('comes back as a text, is approved, resumed once; a replay is refused', async () => {
    const { point, ran, tools } = setUp();
    const text = (await tools.plain({ want })) as string;
    expect(text).toMatch(/^APPROVAL_PENDING: human_approval_required\. /);
    const id = /apr-[0-9a-f-]+/.exec(text)?.[0] as string;
    expect(await resume(tools, id)).toBe(text);
    expect(ran).toEqual([]);
    point.judge(id, 'approved');
    expect(await resume(tools, id)).toBe('ran want');
    expect(await resume(tools, id)).toMatch(/^TOOL_DENIED: approval_used/);
    expect(ran).toHaveLength(1);
  });

  test('throws ApprovalPending with what is needed to go on in another process', async () => {
    const { point, ran, tools } = setUp({ onDeny: 'throw' });
    const thrown = await tools.plain({ want }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ApprovalPending);
    const { pending } = thrown as ApprovalPending;
    expect(pending).toMatchObject({ tool: 'plain', args: { want } });
    await expect(resume(tools, pending.approval_id)).rejects.toBeInstanceOf(ApprovalPending);
    point.judge(pending.approval_id, 'approved');
    const kept = JSON.parse(JSON.stringify(pending)) as typeof pending;
    const restarted = guard(
      {
        plain: (args: JsonObject) => {
          ran.push(args);
          return 'later';
        },
      },
      { point, ...WHO },
    );
    const other = { ...kept, args: { ...kept.args, n: 2 } };
    expect(await resume(restarted, kept.approval_id, other)).toMatch(/approval_arguments_changed/);
    expect(await resume(restarted, kept.approval_id, kept)).toBe('later');
    expect(ran).toHaveLength(1);
  });

  test('after a restart the approval itself is enough where it shows the arguments whole', async () => {
    const { point, tools } = setUp();
    const id = /apr-[0-9a-f-]+/.exec((await tools.plain({ want })) as string)?.[0] as string;
    point.judge(id, 'approved');
    const restarted = guard({ plain: () => 'later' }, { point, ...WHO });
    expect(await resume(restarted, id)).toBe('later');
    expect(await resume(restarted, 'apr-none')).toMatch(/^TOOL_DENIED: approval_unknown/);
    expect(await resume(guard({}, { point, ...WHO }), id)).toMatch(/^TOOL_DENIED: tool_unknown/);
    await expect(resume({}, id)).rejects.toThrow(TypeError);
  });

  test('[P-HUMAN-REJECTED] a refusal by a person is `human_rejected`', async () => {
    const { point, ran, tools } = setUp({ onEscalate: 'wait' });
    const waiting = tools.plain({ want });
    await new Promise((resolve) => setImmediate(resolve));
    point.judge(point.decided[0]?.approval?.id as string, 'denied');
    expect(await waiting).toMatch(/^TOOL_DENIED: human_rejected\. /);
    expect(ran).toEqual([]);
  });

  test('waits for a person without holding anything up', async () => {
    const { point, ran, tools } = setUp({ onEscalate: 'wait' });
    const waiting = tools.plain({ want });
    expect(await tools.plain({ want: true })).toBe('ran want');
    point.judge(point.decided[0]?.approval?.id as string, 'approved');
    expect(await waiting).toBe('ran want');
    expect(ran).toHaveLength(2);
  });
});

describe('[P-GUARD-FAIL-CLOSED] the tool runs only on a decision to proceed', () => {
  /** A point that answers what a broken, hostile or newer one might. */
  function pointThatAnswers(decide: () => unknown): DecisionPoint {
    return {
      decide: async () => decide() as Decision,
      complete: async (): Promise<Completion> => ({ effect: 'proceed', outcome: 'allow', reasons: [] }),
      list: async () => ({ decision_id: 'd', visible: [] }),
      report: async () => {
        throw new Error('report failed');
      },
      approval: {
        get: async () => {
          throw new Error('get failed');
        },
        wait: async () => {
          throw new Error('wait failed');
        },
        cancel: async () => undefined,
      },
      close: async () => undefined,
    };
  }
  const good: JsonObject = {
    decision_id: 'dec-1',
    outcome: 'allow',
    allow: true,
    effect: 'proceed',
    forwarded_args: {},
    reason: 'ok',
    reasons: [],
    obligations: [],
    metadata: {},
  };

  async function runs(decision: () => unknown, options: Partial<GuardOptions> = {}): Promise<boolean> {
    let ran = false;
    const tools = guard(
      {
        t: () => {
          ran = true;
          return 'x';
        },
      },
      { point: pointThatAnswers(decision), ...WHO, ...options },
    );
    await tools.t().catch(() => undefined);
    return ran;
  }

  test('a sound decision does', async () => {
    expect(await runs(() => good)).toBe(true);
    expect(
      await runs(() => ({ ...good, outcome: 'deny', allow: false, metadata: { mode: 'observe' } })),
    ).toBe(true);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => 'allow'],
    ['true', () => true],
    ['an empty object', () => ({})],
    ['an outcome that is not known', () => ({ ...good, outcome: 'permit' })],
    ['an outcome from a prototype', () => ({ ...good, outcome: 'constructor' })],
    ['proceed with deny', () => ({ ...good, outcome: 'deny', allow: false })],
    ['proceed with escalate', () => ({ ...good, outcome: 'escalate', allow: false })],
    ['a contradiction', () => ({ ...good, outcome: 'deny', allow: true })],
    ['no arguments to forward', () => ({ ...good, forwarded_args: undefined })],
    ['other arguments', () => ({ ...good, arg_hash: `sha256:${'0'.repeat(64)}` })],
    ['an unknown obligation', () => ({ ...good, obligations: [{ id: 'x', type: 'shred', properties: {} }] })],
    ['refuse', () => ({ ...good, effect: 'refuse' })],
    ['an effect that is not known', () => ({ ...good, effect: 'maybe' })],
    ['a client fault', () => deniedDecision('policy_engine_unavailable')],
  ])('%s does not', async (_name, decision) => {
    expect(await runs(decision)).toBe(false);
    expect(await runs(decision, { onDeny: 'throw', onEscalate: 'wait' })).toBe(false);
    const request = {
      ...WHO,
      action: { type: 'tool_call' as const, phase: 'call' as const, tool: 't', args: {} },
    };
    const { session: _session, ...asked } = request;
    expect((await authorize(asked, { point: pointThatAnswers(decision) })).effect).toBe('refuse');
  });

  test('whatever the decision looks like', async () => {
    const decision = fc.record(
      {
        decision_id: fc.constantFrom<Json>('dec-1', null, 7),
        outcome: fc.constantFrom<Json>(...OUTCOMES, 'permit', null, true),
        allow: fc.constantFrom<Json>(true, false, null, 'true'),
        effect: fc.constantFrom<Json>('proceed', 'refuse', 'allow', null),
        forwarded_args: fc.constantFrom<Json>({}, null, []),
        reason: fc.constant<Json>('r'),
        reasons: fc.constantFrom<Json>([], null, [{ code: 'c' }]),
        obligations: fc.constantFrom<Json>(
          [],
          null,
          [{ id: 'h', type: 'halt', properties: {} }],
          [{ type: 'x' }],
        ),
        metadata: fc.constantFrom<Json>({}, { mode: 'observe' }, null),
        approval: fc.constantFrom<Json>({ id: 'apr-1', status: 'pending', expires_at: 'x' }, null),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(decision, fc.constantFrom('return', 'throw', 'wait'), async (made, onEscalate) => {
        if (!(await runs(() => made, { onEscalate }))) return;
        expect(made.effect).toBe('proceed');
        const observed = (made.metadata as JsonObject | undefined)?.['mode'] === 'observe';
        expect(observed || made.outcome === 'allow' || made.outcome === 'sanitize').toBe(true);
        expect(made.forwarded_args).toEqual({});
      }),
      { numRuns: 1000 },
    );
  });
});

test('authorize() asks once and refuses what is not JSON', async () => {
  const point = new MemoryPoint([AS_WANTED]);
  const action = { type: 'tool_call' as const, phase: 'call' as const, tool: 't' };
  const request = { principal: { id: 'u' }, actor: { id: 'a' } };
  expect(
    await authorize({ ...request, action: { ...action, args: { want: true } } }, { point }),
  ).toMatchObject({
    effect: 'proceed',
    forwarded_args: { want: true },
  });
  const args = { want: true, at: new Date() } as unknown as JsonObject;
  expect(await authorize({ ...request, action: { ...action, args } }, { point })).toMatchObject({
    reason: 'json_not_json',
  });
  expect(point.decided).toHaveLength(1);
});

test('the surface is what is listed here', () => {
  expect(Object.keys(sdk).sort()).toMatchInlineSnapshot(`
    [
      "ApprovalPending",
      "PolicyViolation",
      "ResultWithheld",
      "RunHalted",
      "SDK_ERROR_CODES",
      "appeal",
      "authorize",
      "checkDecision",
      "connect",
      "deniedDecision",
      "guard",
      "keepReceipts",
      "refusalText",
      "resume",
      "withheldText",
    ]
  `);
});

test('the error codes are what is listed here', () => {
  expect(sdk.SDK_ERROR_CODES).toEqual([
    'policy_violation',
    'result_withheld',
    'approval_pending',
    'run_halted',
  ]);
});
