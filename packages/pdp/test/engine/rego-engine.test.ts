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
  const rules = Array.from({ length: 2_000 }, (_none, index) => `allow if input.tool == "tool.${index}"\n`);
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
