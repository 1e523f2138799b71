import { compilePolicy, type JsonObject, runTests } from '@writ/rego';
import { describe, expect, it } from 'vitest';
import { buildYamlPolicy, explainYamlPolicy, readDirectory } from '../src/index.ts';
import { bundleOf, makeFolder } from './bundle-fixture.ts';

const FINANCE = `agent: finance-agent
allowed_tools:
  - name: stripe-payments
    actions:
      - create_payment
    conditions:
      max_amount: 5000
      approval_threshold: 5000
`;

const EVERYTHING = `name: desk
agents:
  - agent: finance-agent
    allowed_tools:
      - name: pay
        server: bank
        actions: [create, confirm]
        conditions:
          max_amount: 100
          amount: /payment/amount
          scopes: [pay, write]
          groups: [finance]
          same_tenant: true
          hosts: [api.bank.example, "*.psp.example"]
          data_classes: [internal]
          calls_per_session: 5
      - name: send
        conditions:
          arguments:
            /to: { type: string, pattern: "[a-z]+@corp\\\\.example", max_length: 40 }
            /copies: { type: integer, min: 1, max: 3, optional: true }
            /kind: { enum: [letter, memo] }
        sanitize:
          - { field: /card, replacement: "***" }
        examples:
          - { args: { to: a@corp.example, kind: memo }, expect: allow }
          - { args: { to: a@corp.example, kind: memo, card: "4111" }, expect: sanitize, reason: fields_redacted }
          - { args: { to: a@else.example, kind: memo }, expect: deny, reason: argument_invalid }
          - { args: { to: a@corp.example, kind: memo, copies: 1.5 }, expect: deny, reason: argument_invalid }
          - { args: { to: a@corp.example }, expect: deny, reason: argument_missing }
      - name: close
        conditions:
          times: { days: [mon], from: "09:00", to: "13:00", timezone: Europe/Berlin }
        examples:
          - { expect: deny, reason: outside_of_hours }
          - { input: { environment: { time: "2026-01-05T11:59:59Z" } }, expect: allow }
          - { input: { environment: { time: "2026-01-06T11:00:00Z" } }, expect: deny }
      - name: delete
        conditions: { approval: always }
        examples: [{ expect: escalate, reason: approval_needed }]
      - name: rotate
        conditions: { step_up: [passkey] }
        examples:
          - { expect: step_up, reason: step_up_required }
          - { input: { context: { step_up_verified: true } }, expect: allow }
    allowed_models:
      - { provider: openai, models: ["gpt-*"], regions: [eu], conditions: { data_classes: [public] }, examples: [{ expect: allow }] }
    denied_tools:
      - { name: wire, reason: never_wire }
  - class: helper
    allowed_tools:
      - { name: read, examples: [{ expect: allow, reason: allowed }] }
budgets:
  - { name: desk-calls, per: session, unit: requests, limit: 50 }
`;

async function built(text: string) {
  const result = buildYamlPolicy(text, 'policy.yaml');
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  const files = Object.fromEntries(result.files.map((file) => [file.path, String(file.text)]));
  return { ...result, texts: files, bundle: bundleOf(await readDirectory(makeFolder(files), { name: 'b' })) };
}

async function decide(text: string, input: object): Promise<unknown> {
  const { bundle } = await built(text);
  const compiled = compilePolicy(bundle.modules, { data: bundle.data as JsonObject });
  const path = bundle.entrypoints[0]!.path;
  const result = compiled.policy!.prepare(path).evaluate(input as JsonObject);
  return result.kind === 'value'
    ? JSON.parse(JSON.stringify([...(result.value as Iterable<unknown>)]))
    : result;
}

const payment = (amount: unknown) => ({
  actor: { id: 'finance-agent' },
  action: { type: 'tool_call', tool: 'stripe-payments', operation: 'create_payment', args: { amount } },
});

describe('a policy in YAML', () => {
  it('allows to the threshold, asks above it, and blocks past ten times', async () => {
    expect(await decide(FINANCE, payment(5000))).toEqual([{ outcome: 'allow', reason: 'within_limit' }]);
    expect(await decide(FINANCE, payment(5000.01))).toMatchObject([
      { outcome: 'escalate', reason: 'approval_needed' },
    ]);
    expect(await decide(FINANCE, payment(50_000))).toMatchObject([{ outcome: 'escalate' }]);
    expect(await decide(FINANCE, payment(50_001))).toMatchObject([
      { outcome: 'deny', reason: 'blocked_over_hard_limit' },
    ]);
    for (const amount of [null, -1, '100', true, [100], { amount: 1 }])
      expect(await decide(FINANCE, payment(amount))).toMatchObject([
        { outcome: 'deny', reason: 'amount_missing' },
      ]);
    const other = { ...payment(1), actor: { id: 'other' } };
    expect(await decide(FINANCE, other)).toMatchObject([{ outcome: 'deny', reason: 'not_allowed' }]);
    const action = { ...payment(1).action, operation: 'refund' };
    expect(await decide(FINANCE, { ...payment(1), action })).toMatchObject([
      { outcome: 'deny', reason: 'not_allowed' },
    ]);
  });

  it.each([
    ['the one tool', FINANCE, 7],
    ['everything', EVERYTHING, 20],
  ])('makes a bundle that compiles and passes the tests made with it: %s', async (_name, text, least) => {
    const { bundle } = await built(text);
    const compiled = compilePolicy([...bundle.modules, ...bundle.testModules], {
      data: bundle.data as JsonObject,
    });
    expect(compiled.diagnostics).toEqual([]);
    const report = runTests(compiled.policy!, { data: bundle.data as JsonObject });
    expect(report.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(report.results.length).toBeGreaterThanOrEqual(least);
  });

  it('is asked about its own tools, and keeps figures in data', async () => {
    const one = await built(FINANCE);
    expect(one.bundle.entrypoints).toMatchObject([
      { path: 'policy/decision', kind: 'grant', when: { tools: ['stripe-payments'], types: ['tool_call'] } },
    ]);
    const two = await built(FINANCE.replaceAll('5000', '9000'));
    expect(two.texts['policy.rego']).toBe(one.texts['policy.rego']);
    expect(two.texts['data.json']).not.toBe(one.texts['data.json']);
    const { bundle } = await built(EVERYTHING);
    expect(bundle.entrypoints.map(({ path }) => path)).toEqual(['desk/decision', 'desk/model_decision']);
    expect(bundle.data).toMatchObject({ writ: { budgets: [{ name: 'desk-calls' }] } });
  });

  it('a figure that is missing or no number in data allows nothing', async () => {
    const { bundle } = await built(FINANCE);
    const compiled = compilePolicy(bundle.modules);
    const id = 'finance-agent/stripe-payments';
    for (const figures of [
      {},
      { allowed: '5000', hard_limit: '50000' },
      { allowed: null, hard_limit: null },
    ]) {
      const data = { policy: { parameters: { [id]: { actions: ['create_payment'], ...figures } } } };
      const result = compiled.policy!.prepare('policy/decision').evaluate(payment(1) as JsonObject, { data });
      expect(
        JSON.stringify([...((result as { value: Iterable<unknown> }).value as Iterable<unknown>)]),
      ).toContain('blocked_over_hard_limit');
    }
  });

  it('a list that is missing or no list in data allows nothing', async () => {
    const text =
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { scopes: [pay], groups: [g], hosts: [h.example], data_classes: [c], calls_per_session: 5 }\n';
    const { bundle } = await built(text);
    const compiled = compilePolicy(bundle.modules);
    const input = {
      principal: { id: 'p', scopes: ['pay'], groups: ['g'] },
      actor: { id: 'a' },
      action: {
        type: 'tool_call',
        tool: 't',
        args: {},
        destination: { host: 'h.example' },
        data_classes_referenced: ['c'],
      },
      context: { request_count: 1 },
    };
    const ask = (figures: object) => {
      const data = { policy: { parameters: { 'a/t': figures } } } as unknown as JsonObject;
      const result = compiled.policy!.prepare('policy/decision').evaluate(input as JsonObject, { data });
      return JSON.stringify([...((result as { value: Iterable<unknown> }).value as Iterable<unknown>)]);
    };
    const whole = {
      scopes: ['pay'],
      groups: ['g'],
      hosts: ['h.example'],
      data_classes: ['c'],
      calls_per_session: 5,
    };
    const allows = '"outcome":"allow"';
    expect(ask(whole)).toContain(allows);
    for (const name of Object.keys(whole))
      for (const value of [undefined, null, 'pay', {}, []]) {
        const { [name as 'scopes']: _left, ...rest } = whole;
        const asked = ask(value === undefined ? rest : { ...rest, [name]: value });
        expect(asked, `${name} ${JSON.stringify(value)}`).not.toContain(allows);
      }
  });

  it('[P-YAML-NO-CODE] writes no word of its text as code', async () => {
    const evil = 'x\n}\nallow := true #\u2028\u0085"\\';
    const quoted = JSON.stringify(evil);
    const text = `agents:
  - agent: ${quoted}
    allowed_tools:
      - { name: ${quoted}, server: ${quoted}, actions: [${quoted}], examples: [{ name: ${quoted}, expect: allow }, { name: ${quoted}, args: { POLICY: POLICY }, expect: allow }] }
    denied_tools: [{ name: POLICY, reason: ${quoted}, remediation: ${quoted} }]
  - class: ${quoted}
    allowed_models: [{ provider: ${quoted}, models: [${quoted}] }]
`;
    const plain = text.replaceAll(quoted, 'plain');
    const rules = async (source: string) => {
      const { bundle } = await built(source);
      const all = [...bundle.modules, ...bundle.testModules];
      const { policy, diagnostics } = compilePolicy(all, { data: bundle.data as JsonObject });
      expect(diagnostics).toEqual([]);
      const report = runTests(policy!, { data: bundle.data as JsonObject });
      expect(report.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
      const paths = policy!.rulePaths.filter((path) => !path.startsWith('policy_test/'));
      return { paths, tests: report.results.length };
    };
    const [evilly, plainly] = [await rules(text), await rules(plain)];
    const named = evilly.paths.map((path) => path.replaceAll(evil, 'plain'));
    expect(named.sort()).toEqual(plainly.paths);
    // Two examples of one name are two tests.
    expect(evilly.tests).toBe(plainly.tests);
    expect(evilly.tests).toBe(4);
  });

  it('says in words what it means', async () => {
    const { policy } = await built(EVERYTHING);
    const text = explainYamlPolicy(policy);
    for (const part of [
      'finance-agent may use pay to create, confirm of server bank:',
      '/card is redacted',
      'never use wire',
      'only on mon from 09:00 until 13:00 (Europe/Berlin)',
      'gpt-* of openai in eu',
    ])
      expect(text).toContain(part);
  });

  const wrong: [string, string, number, RegExp, RegExp?][] = [
    [
      'an unknown key',
      FINANCE.replace('max_amount', 'max_amout'),
      7,
      /unknown key `max_amout`/,
      /max_amount/,
    ],
    ['a textual figure', FINANCE.replace('max_amount: 5000', 'max_amount: "5000"'), 7, /max_amount/],
    ['a negative figure', FINANCE.replace('max_amount: 5000', 'max_amount: -1'), 7, /max_amount/],
    [
      'a threshold above the limit',
      FINANCE.replace('threshold: 5000', 'threshold: 6000'),
      8,
      /above `max_amount`/,
    ],
    ['a hard limit below', `${FINANCE}      hard_limit: 10\n`, 9, /below what is allowed/],
    [
      'a hard limit alone',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions:\n      hard_limit: 3\n',
      5,
      /means nothing/,
    ],
    ['every tool unsaid', 'agent: a\nallowed_tools:\n  - name: "*"\n', 3, /not a pattern/, /match: all/],
    ['every agent unsaid', 'agent: "*"\nallowed_tools:\n  - name: t\n', 1, /not a pattern/, /match: all/],
    ['nobody', 'allowed_tools:\n  - name: t\n', 1, /whom it is for/],
    ['no tool', 'agent: a\nallowed_tools:\n  - actions: [x]\n', 3, /must name one tool/],
    ['nothing', '{}\n', 1, /names no agent/],
    [
      'a rule that nothing reaches',
      'agent: a\nallowed_tools:\n  - name: t\n  - name: t\n    conditions: { max_amount: 3 }\n',
      4,
      /nothing comes to this rule/,
    ],
    [
      'a denial of all that is allowed',
      'agent: a\nallowed_tools:\n  - name: t\ndenied_tools:\n  - name: t\n',
      3,
      /denied altogether/,
    ],
    [
      'a denial of every tool',
      'agent: a\nallowed_tools:\n  - name: t\ndenied_tools:\n  - name: "*"\n',
      5,
      /names one tool/,
    ],
    [
      'no time',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions:\n      times: { from: "10:00", to: "09:00" }\n',
      5,
      /no time is after/,
    ],
    [
      'no time zone',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions:\n      times: { timezone: Mars }\n',
      5,
      /no time zone/,
    ],
    [
      'every host',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { hosts: ["*"] }\n',
      4,
      /every host/,
    ],
    [
      'an empty range',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { arguments: { /n: { min: 3, max: 1 } } }\n',
      4,
      /no number/,
    ],
    [
      'an impossible choice',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { arguments: { /n: { enum: [a], max_length: 0 } } }\n',
      4,
      /does not fit/,
    ],
    [
      'no pattern',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { arguments: { /n: { pattern: "(" } } }\n',
      4,
      /regular expression/,
    ],
    [
      'no pointer',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { arguments: { n: { min: 1 } } }\n',
      4,
      /JSON Pointer|key/,
    ],
    [
      'a rule for a model that nothing reaches',
      'agent: a\nallowed_models:\n  - provider: p\n  - { provider: p, models: [m] }\n',
      4,
      /nothing comes to this rule/,
    ],
    [
      'a threshold where a person is asked anyway',
      `${FINANCE}      approval: always\n`,
      8,
      /asks about every call/,
    ],
    [
      'a range without a whole number',
      'agent: a\nallowed_tools:\n  - name: t\n    conditions: { arguments: { /n: { type: integer, min: 1.2, max: 1.8 } } }\n',
      4,
      /no whole number/,
      /widen/,
    ],
    [
      'a budget twice',
      `${FINANCE}budgets:\n  - { name: b, per: actor, unit: cost, limit: 1 }\n  - { name: b, per: tenant, unit: cost, limit: 9 }\n`,
      11,
      /defined twice/,
    ],
    ['a key twice', 'agent: a\nagent: b\n', 2, /unique/],
    ['no YAML', 'agent: [\n', 2, /./],
    ['an alias', 'agent: &a x\nallowed_tools:\n  - name: *a\n', 3, /./],
  ];
  it.each(wrong)('refuses %s, with its row', (_name, text, row, message, help) => {
    const result = buildYamlPolicy(text, 'p.yaml');
    if (result.ok) throw new Error('it was built');
    const [problem] = result.problems;
    expect(problem).toMatchObject({ code: 'yaml_policy_invalid', file: 'p.yaml', row });
    expect(problem?.column).toBeGreaterThan(0);
    expect(problem?.message).toMatch(message);
    expect(problem?.help).toMatch(/\w/);
    if (help !== undefined) expect(problem?.help).toMatch(help);
  });
});
