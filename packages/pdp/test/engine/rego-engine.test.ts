import { buildYamlPolicy } from '@writ/bundle';
import { expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { engineBundle, engineContract, engineLoadContract } from './engine-contract.ts';

engineContract('rego, embedded', { create: async () => createRegoEngine() });
engineLoadContract('rego, embedded', () => createRegoEngine());

const question = { bundle: 'tools', deadlineMs: 5_000, timeNs: 1_700_000_000_123_456_789n };

it('names the rule and file that decided, within its bundle', async () => {
  const library = engineBundle('library', { 'p.rego': 'package lib\n\nok if true\n' }, { roots: ['lib'] });
  const tools = engineBundle(
    'tools',
    { 'p.rego': 'package agent\n\n\nallow if data.lib.ok\n' },
    { roots: ['agent'] },
  );
  const loaded = await createRegoEngine().load([library, tools]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const answer = await loaded.policies.evaluate({ ...question, path: 'agent/allow', input: {} });
  expect(answer).toMatchObject({
    kind: 'value',
    rules: expect.arrayContaining([
      { path: 'data.agent.allow', file: 'p.rego', row: 4 },
      { path: 'data.lib.ok', file: 'p.rego', row: 3 },
    ]),
  });
  expect(loaded.policies.reads('tools', 'agent/allow')).toEqual({ input: [], data: [] });
});

it('takes the time from the question', async () => {
  const loaded = await createRegoEngine().load([
    engineBundle('tools', {
      'p.rego': 'package agent\n\nat := time.now_ns() / 1000000000\n\nyear := time.date(time.now_ns())[0]\n',
    }),
  ]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  expect(await loaded.policies.evaluate({ ...question, path: 'agent/year', input: {} })).toMatchObject({
    value: 2023,
  });
});

it('bounds the operations of an evaluation', async () => {
  const loaded = await createRegoEngine({ operationsMax: 1_000 }).load([
    engineBundle('tools', {
      'p.rego': 'package agent\n\nmany := count([i | some i in numbers.range(1, 5000); i > 0])\n',
    }),
  ]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  expect(await loaded.policies.evaluate({ ...question, path: 'agent/many', input: {} })).toMatchObject({
    kind: 'error',
  });
});

it('lets others have their turn while it loads many rules', async () => {
  // Rules of one text would be compiled once.
  const rules = Array.from(
    { length: 2_000 },
    (_none, index) => `allow if { input.tool == "tool.${index}"; not input.no_${index} }\n`,
  );
  let isLoading = true;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (isLoading) setImmediate(turn);
  };
  setImmediate(turn);
  const text = `package agent\n\ndefault allow := false\n\n${rules.join('\n')}`;
  const loaded = await createRegoEngine().load([engineBundle('tools', { 'p.rego': text })]);
  isLoading = false;
  expect(loaded.ok).toBe(true);
  expect(turns).toBeGreaterThan(3);
});

it('compiles no rule again where only data changed, and both sets decide by their own data', async () => {
  const engine = createRegoEngine();
  const policy = 'package agent\n\nallow if input.amount <= data.agent.limit\n';
  const load = async (limit: number, text = policy) => {
    const loaded = await engine.load([
      engineBundle('tools', { 'p.rego': text }, { data: { agent: { limit } } }),
    ]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded;
  };
  const kind = async (loaded: Awaited<ReturnType<typeof load>>, amount: number) =>
    (await loaded.policies.evaluate({ ...question, path: 'agent/allow', input: { amount } })).kind;
  const first = await load(5);
  expect(first.reused).toBeUndefined();
  expect([await kind(first, 5), await kind(first, 6)]).toEqual(['value', 'undefined']);
  const second = await load(9);
  expect(second.reused).toBe(true);
  expect([await kind(second, 9), await kind(second, 10)]).toEqual(['value', 'undefined']);
  // A decision that is under way holds the set before.
  expect([await kind(first, 5), await kind(first, 6)]).toEqual(['value', 'undefined']);
  const third = await load(9, policy.replace('<=', '<'));
  expect(third.reused).toBeUndefined();
  expect([await kind(third, 8), await kind(third, 9)]).toEqual(['value', 'undefined']);
  expect((await load(1)).reused).toBeUndefined();
});

it('compiles nothing again where a figure of a policy in YAML changed', async () => {
  const engine = createRegoEngine();
  const load = async (limit: number) => {
    const built = buildYamlPolicy(
      `agent: finance-agent\nallowed_tools:\n  - { name: pay, conditions: { max_amount: ${limit} } }\n`,
      'finance.yaml',
    );
    if (!built.ok) throw new Error(JSON.stringify(built.problems));
    const text = (path: string) => String(built.files.find((file) => file.path === path)?.text);
    const more = { data: JSON.parse(text('data.json')) };
    const loaded = await engine.load([engineBundle('tools', { 'p.rego': text('policy.rego') }, more)]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded;
  };
  const input = {
    actor: { id: 'finance-agent' },
    action: { type: 'tool_call', tool: 'pay', args: { amount: 7 } },
  };
  const reasons = async ({ policies }: Awaited<ReturnType<typeof load>>) =>
    JSON.stringify(await policies.evaluate({ ...question, path: 'policy/decision', input }));
  const [low, high] = [await load(5), await load(9)];
  expect([low.reused, high.reused]).toEqual([undefined, true]);
  expect(await reasons(low)).toContain('amount_over_limit');
  expect(await reasons(high)).toContain('within_limit');
});
