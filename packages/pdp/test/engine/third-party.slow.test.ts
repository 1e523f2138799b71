import { expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { engineBundle } from './engine-contract.ts';

const question = { bundle: 'tools', deadlineMs: 5_000, timeNs: 1_700_000_000_123_456_789n };

it("keeps a third party's bundle apart, with its own data", async () => {
  const own = engineBundle(
    'tools',
    { 'p.rego': 'package agent\n\nsees := data.other_data\n\nsecret := 1\n' },
    { roots: ['agent'] },
  );
  const third = engineBundle(
    'third',
    { 'p.rego': 'package other\n\nsees := data.agent.secret\n\nown := data.other_data\n' },
    {
      roots: ['other', 'other_data'],
      data: { other_data: 7 },
      thirdParty: true,
    },
  );
  const loaded = await createRegoEngine().load([own, third]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const ask = (bundle: string, path: string) =>
    loaded.policies.evaluate({ ...question, bundle, path, input: {} });
  expect(await ask('third', 'other/sees')).toMatchObject({ kind: 'undefined' });
  expect(await ask('third', 'other/own')).toMatchObject({ value: 7 });
  expect(await ask('tools', 'agent/sees')).toMatchObject({ kind: 'undefined' });
});

/** A value that is a small graph and a huge tree: no budget in one thread sees what writing it costs. */
const BLOWN_UP = [
  'x0 := [1, 1]',
  ...Array.from({ length: 40 }, (_none, index) => `x${index + 1} := [x${index}, x${index}]`),
].join('\n\n');

it("[P-UNTRUSTED-KILLED] a third party's policy that holds its thread denies, and holds nobody else", async () => {
  const engine = createRegoEngine();
  const own = engineBundle('tools', { 'p.rego': 'package agent\n\nallow := true\n' }, { roots: ['agent'] });
  const rego = `package other\n\nallow if json.marshal(x40) == "x"\n\nfine := input.x\n\n${BLOWN_UP}\n`;
  const third = engineBundle('third', { 'p.rego': rego }, { roots: ['other'], thirdParty: true });
  const loaded = await engine.load([own, third]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const { policies } = loaded;
  const slow = policies.evaluate({
    ...question,
    bundle: 'third',
    path: 'other/allow',
    input: {},
    deadlineMs: 300,
  });
  const start = performance.now();
  expect(await policies.evaluate({ ...question, path: 'agent/allow', input: {} })).toMatchObject({
    value: true,
  });
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(await slow).toMatchObject({ kind: 'error', code: 'policy_timeout' });
  expect(
    await policies.evaluate({ ...question, bundle: 'third', path: 'other/fine', input: { x: [1] } }),
  ).toMatchObject({
    kind: 'value',
    value: [1],
    rules: [{ path: 'data.other.fine', file: 'p.rego', row: 5 }],
  });
  await policies.close();
  expect(
    await policies.evaluate({ ...question, bundle: 'third', path: 'other/fine', input: {} }),
  ).toMatchObject({ kind: 'error' });
  await engine.close();
});

it("says what is wrong with a third party's policy, and what it reads", async () => {
  const engine = createRegoEngine();
  const broken = engineBundle(
    'third',
    { 'p.rego': 'package other\n\np := http.send({"method": "GET", "url": "http://x"})\n' },
    { roots: ['other'], thirdParty: true },
  );
  expect(await engine.load([broken])).toMatchObject({
    ok: false,
    diagnostics: [{ code: 'rego_type_error', bundle: 'third', file: 'p.rego', row: 3 }],
  });
  const sound = engineBundle(
    'third',
    { 'p.rego': 'package other\n\np if input.action.tool == "x"\n' },
    {
      roots: ['other'],
      thirdParty: true,
      entrypoints: [{ path: 'other/p', kind: 'guard', layer: 'resource', profile: 'writ/v1' }],
    },
  );
  const loaded = await engine.load([sound]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  expect(loaded.policies.reads('third', 'other/p')).toEqual({ input: [['action', 'tool']], data: [] });
  expect(loaded.policies.reads('third', 'other/q')).toBeUndefined();
  await engine.close();
});
