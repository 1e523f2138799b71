import { describe, expect, it } from 'vitest';
import { createCrosscheckEngine } from '../../src/engine/crosscheck-engine.ts';
import type { Engine, EngineBundle, EngineQuestion } from '../../src/engine/engine.ts';
import { createEngines } from '../../src/engine/engines.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { engineBundle, engineContract, engineLoadContract, entrypointAt } from './engine-contract.ts';

const twoEngines = (): Engine =>
  createEngines({
    standard: createRegoEngine(),
    others: { crosscheck: () => createCrosscheckEngine(createRegoEngine(), createRegoEngine()) },
  });

engineContract('several side by side', { create: async () => twoEngines() });
engineLoadContract('several side by side', twoEngines);

const bundle = (name: string, text: string, more: Partial<EngineBundle> = {}): EngineBundle =>
  engineBundle(
    name,
    { 'p.rego': `package ${name}\n\n${text}` },
    { roots: [name], entrypoints: [entrypointAt(`${name}/allow`)], ...more },
  );

const question = (name: string): EngineQuestion => ({
  bundle: name,
  path: `${name}/allow`,
  input: {},
  deadlineMs: 1_000,
  timeNs: 0n,
});

describe('engines side by side', () => {
  it('evaluate each bundle by the engine that it names, and say which ones did', async () => {
    const engine = twoEngines();
    const loaded = await engine.load([
      bundle('one', 'allow := 1\n'),
      bundle('two', 'allow := 2\n', { engine: 'crosscheck' }),
    ]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    expect(loaded.policies.engine).toBe('rego+crosscheck');
    expect(await loaded.policies.evaluate(question('one'))).toMatchObject({ value: 1 });
    expect(await loaded.policies.evaluate(question('two'))).toMatchObject({ value: 2 });
    expect(await loaded.policies.evaluate(question('three'))).toMatchObject({ code: 'policy_error' });
    await loaded.policies.close();
    await engine.close();
  });

  it('load nothing where one of them does not load, and close what had', async () => {
    let closed = 0;
    const real = createRegoEngine();
    const counting: Engine = {
      ...real,
      load: async (bundles) => {
        const loaded = await real.load(bundles);
        if (!loaded.ok) return loaded;
        const { policies } = loaded;
        return {
          ...loaded,
          policies: {
            evaluate: (asked) => policies.evaluate(asked),
            reads: (name, path) => policies.reads(name, path),
            close: async () => {
              closed += 1;
              await policies.close();
            },
          },
        };
      },
    };
    const engine = createEngines({
      standard: counting,
      others: { crosscheck: () => createCrosscheckEngine(createRegoEngine(), createRegoEngine()) },
    });
    const broken = bundle('two', 'allow if {\n', { engine: 'crosscheck' });
    expect(await engine.load([bundle('one', 'allow := 1\n'), broken])).toMatchObject({
      ok: false,
      diagnostics: [{ bundle: 'two', code: 'rego_parse_error' }],
    });
    expect(closed).toBe(1);
    await engine.close();
  });

  it('refuse a bundle for an engine that is not there, or that reads another language', async () => {
    expect(await twoEngines().load([bundle('one', 'allow := 1\n', { engine: 'opa' })])).toMatchObject({
      ok: false,
      diagnostics: [{ bundle: 'one', message: expect.stringContaining('`opa`') }],
    });
    expect(await createRegoEngine().load([bundle('one', 'allow := 1\n', { engine: 'cedar' })])).toMatchObject(
      {
        ok: false,
        diagnostics: [{ bundle: 'one', message: expect.stringContaining('`cedar`') }],
      },
    );
  });

  it("warn of what one engine's policy reads of another's, which is never there", async () => {
    const engine = twoEngines();
    const loaded = await engine.load([
      bundle('one', 'allow if data.two.limit > 1\n'),
      bundle('two', 'allow := 2\n', { engine: 'crosscheck', data: { two: { limit: 2 } } }),
    ]);
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [
        { code: 'engine_data_apart', bundle: 'one', message: expect.stringContaining('data.two.limit') },
      ],
    });
    await engine.close();
  });
});
