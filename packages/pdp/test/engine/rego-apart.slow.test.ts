import { expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { engineBundle, engineContract, engineLoadContract, entrypointAt } from './engine-contract.ts';

const apart = () => createRegoEngine({ apartCharacters: 0 });
engineContract('rego, compiled in a thread', { create: async () => apart() });
engineLoadContract('rego, compiled in a thread', apart);

const question = { bundle: 'tools', deadlineMs: 5_000, timeNs: 1_700_000_000_123_456_789n };
const rules = Array.from({ length: 10_000 }, (_none, index) => `allow if input.tool == "tool.${index}"\n`);

it('decides by 10,000 rules as by few, and knows what they read', async () => {
  const loaded = await createRegoEngine().load([
    engineBundle(
      'tools',
      { 'p.rego': `package agent\n\n${rules.join('\n')}` },
      { entrypoints: [entrypointAt('agent/allow')] },
    ),
  ]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const ask = (tool: string) =>
    loaded.policies.evaluate({ ...question, path: 'agent/allow', input: { tool } });
  expect(await ask('tool.9999')).toMatchObject({
    kind: 'value',
    value: true,
    rules: [{ path: 'data.agent.allow', file: 'p.rego', row: 3 + 2 * 9_999 }],
  });
  expect(await ask('tool.10000')).toMatchObject({ kind: 'undefined' });
  expect(loaded.policies.reads('tools', 'agent/allow')).toEqual({ input: [['tool']], data: [] });
});

it('[P-BUNDLE-LAST-GOOD] says where a large policy is wrong, and gives nothing to decide by', async () => {
  const bad = `package agent\n\n${rules.join('\n')}\nallow if input.tool == unknown_name\n`;
  const loaded = await createRegoEngine().load([engineBundle('tools', { 'p.rego': bad })]);
  expect(loaded).toMatchObject({
    ok: false,
    diagnostics: [{ code: 'rego_unsafe_var_error', file: 'p.rego', row: 20_003, bundle: 'tools' }],
  });
});

it('compiles no rule again where only data changed, and each set answers questions by its own data', async () => {
  const engine = apart();
  const load = async (limit: number) => {
    const modules = { 'p.rego': 'package agent\n\nallow if input.amount <= data.agent.limit\n' };
    const more = { data: { agent: { limit } }, entrypoints: [entrypointAt('agent/allow')] };
    const loaded = await engine.load([engineBundle('tools', modules, more)]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded;
  };
  const [first, second] = [await load(5), await load(9)];
  expect([first.reused, second.reused]).toEqual([undefined, true]);
  for (const [{ policies }, limit] of [
    [first, 5],
    [second, 9],
  ] as const) {
    const kinds = [limit, limit + 1].map(
      async (amount) =>
        (await policies.evaluate({ ...question, path: 'agent/allow', input: { amount } })).kind,
    );
    expect(await Promise.all(kinds)).toEqual(['value', 'undefined']);
    expect(policies.reads('tools', 'agent/allow')).toMatchObject({ input: [['amount']] });
  }
});
