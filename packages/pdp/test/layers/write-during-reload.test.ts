import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createPolicyWrites, writtenSource } from '../../src/layers/policy-writes.ts';
import { reloadPolicies } from '../../src/layers/reload-policies.ts';

/** An engine whose next load waits, once it has been given what was read, until it is let go. */
function holdable(engine: Engine) {
  let held: { readonly reached: () => void; readonly release: Promise<void> } | undefined;
  return {
    engine: {
      ...engine,
      name: engine.name,
      async load(bundles) {
        const hold = held;
        held = undefined;
        hold?.reached();
        await hold?.release;
        return engine.load(bundles);
      },
    } satisfies Engine,
    /** Resolves when the next load stands still; gives what lets it go on. */
    holdNext() {
      const release = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<() => void>();
      held = { reached: () => reached.resolve(release.resolve), release: release.promise };
      return reached.promise;
    },
  };
}

async function writable() {
  const folder = mkdtempSync(join(tmpdir(), 'writ-writes-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const directory = join(folder, 'written');
  const sources = [writtenSource(directory)];
  const { engine, holdNext } = holdable(createRegoEngine());
  const load = await loadPolicies(sources, engine);
  if (!load.ok) throw new Error(JSON.stringify(load));
  const policies = createPolicySource(load.set);
  onTestFinished(async () => {
    await policies.close();
    await engine.close();
  });
  const administration = {
    recordWrite: async () => ({ ok: true }) as const,
    recordActivation: async () => undefined,
  };
  return {
    writes: createPolicyWrites({ directory, sources, engine, policies, administration }),
    reload: () => reloadPolicies(sources, engine, policies),
    data: () => policies.current()?.bundles[0]?.data,
    holdNext,
  };
}

it('a reload that read before a write does not put the older content back', async () => {
  const { writes, reload, data, holdNext } = await writable();
  const put = (value: number) => writes.changeData([{ op: 'add', path: ['limit'], value }], 'user:operator');
  expect(await put(1)).toEqual({ ok: true });
  const standing = holdNext();
  const reloaded = reload();
  const goOn = await standing;
  const written = put(2);
  // Long enough for a write that does not wait to be done.
  await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 100))]);
  goOn();
  await Promise.all([reloaded, written]);
  expect(data()).toEqual({ limit: 2 });
});

it('a write that fails keeps nobody waiting', async () => {
  const { writes, reload, data } = await writable();
  const wrong = writes.putPolicy('p', 'package p\n\nx := missing\n', 'user:operator');
  const right = writes.changeData([{ op: 'add', path: ['limit'], value: 1 }], 'user:operator');
  expect(await wrong).toMatchObject({ ok: false, status: 400 });
  expect([await right, (await reload()).refused]).toEqual([{ ok: true }, undefined]);
  expect(data()).toEqual({ limit: 1 });
});
