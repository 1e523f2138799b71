import { describe, expect, it } from 'vitest';
import { createCrosscheckEngine, type Disagreement } from '../../src/engine/crosscheck-engine.ts';
import type { Engine, EngineAnswer } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { regoSet } from '../http/api-fixture.ts';
import { openFixture, toolCall } from '../pipeline/support.ts';
import { engineBundle, engineContract, engineLoadContract } from './engine-contract.ts';

engineContract('crosscheck of two embedded ones', {
  create: async () => createCrosscheckEngine(createRegoEngine(), createRegoEngine()),
});
engineLoadContract('crosscheck', () => createCrosscheckEngine(createRegoEngine(), createRegoEngine()));

const BUNDLE = engineBundle('tools', { 'p.rego': 'package a\n\nallow := input.x\n' }, { roots: ['a'] });

/** The embedded engine with a fault: it gives what `change` makes of each answer. */
function wrong(change: (answer: EngineAnswer) => EngineAnswer): Engine {
  const engine = createRegoEngine();
  return {
    ...engine,
    load: async (bundles) => {
      const loaded = await engine.load(bundles);
      if (!loaded.ok) return loaded;
      const { policies } = loaded;
      return {
        ...loaded,
        policies: {
          evaluate: async (question) => change(await policies.evaluate(question)),
          reads: (bundle, path) => policies.reads(bundle, path),
          close: () => policies.close(),
        },
      };
    },
  };
}

async function ask(other: Engine, x: unknown): Promise<{ answer: EngineAnswer; told: Disagreement[] }> {
  const told: Disagreement[] = [];
  const engine = createCrosscheckEngine(createRegoEngine(), other, {
    onDisagreement: (each) => {
      told.push(each);
      throw new Error('whoever is told fails');
    },
  });
  const loaded = await engine.load([BUNDLE]);
  if (!loaded.ok) throw new Error('not loaded');
  const question = { bundle: 'tools', path: 'a/allow', input: { x } as never, deadlineMs: 1_000, timeNs: 0n };
  const answer = await loaded.policies.evaluate(question);
  await loaded.policies.close();
  await engine.close();
  return { answer, told };
}

const yes = (answer: EngineAnswer): EngineAnswer =>
  answer.kind === 'value' ? { ...answer, value: true } : answer;
const undefinedAlways = (): EngineAnswer => ({ kind: 'undefined', rules: [], rulesEvaluated: 0 });
const failing = (): EngineAnswer => ({ kind: 'error', code: 'policy_engine_unavailable', message: 'gone' });

describe('[P-CROSSCHECK] two engines', () => {
  it.each([
    ['another value', yes, false],
    ['undefined for a value', undefinedAlways, true],
  ])('that disagree deny, and it is told: %s', async (_name, change, x) => {
    const { answer, told } = await ask(wrong(change), x);
    expect(answer).toMatchObject({ kind: 'error', code: 'policy_engines_disagree' });
    expect(told).toMatchObject([{ bundle: 'tools', path: 'a/allow', engines: ['rego', 'rego'] }]);
    expect(JSON.stringify(told)).not.toContain('input');
  });

  it('of which one fails deny by its code, and it is told', async () => {
    const { answer, told } = await ask(wrong(failing), true);
    expect(answer).toMatchObject({ code: 'policy_engine_unavailable' });
    expect(told).toMatchObject([{ answers: ['value', 'policy_engine_unavailable'] }]);
  });

  it('that agree are one, whatever the order of names', async () => {
    const turned = (answer: EngineAnswer): EngineAnswer =>
      answer.kind === 'value' ? { ...answer, value: { b: 2, a: 1 } } : answer;
    const { answer, told } = await ask(wrong(turned), { a: 1, b: 2 });
    expect(answer).toMatchObject({ kind: 'value', value: { a: 1, b: 2 } });
    expect(told).toEqual([]);
  });

  it('load nothing that one of them does not load', async () => {
    const none: Engine = { ...createRegoEngine(), load: async () => ({ ok: false, diagnostics: [] }) };
    expect(await createCrosscheckEngine(createRegoEngine(), none).load([BUNDLE])).toMatchObject({
      ok: false,
    });
    expect(await createCrosscheckEngine(none, createRegoEngine()).load([BUNDLE])).toMatchObject({
      ok: false,
    });
  });

  it('put their disagreement on record, as a denial', async () => {
    const manifest = {
      roots: [''],
      metadata: { writ: { entrypoints: [{ path: 'a/allow', kind: 'grant', layer: 'resource' }] } },
    };
    const engine = createCrosscheckEngine(createRegoEngine(), wrong(undefinedAlways));
    const set = await regoSet('package a\n\nallow := true\n', manifest, engine);
    const fixture = await openFixture(set);
    try {
      const decision = await fixture.point.decide(toolCall('read'));
      expect(decision).toMatchObject({ effect: 'refuse', reason: 'policy_engines_disagree' });
      expect(decision.metadata.engine).toBe('crosscheck');
      const [entry] = await fixture.entries();
      expect(entry?.core).toMatchObject({ outcome: 'deny', codes: ['policy_engines_disagree'] });
    } finally {
      await fixture.close();
    }
  });
});
