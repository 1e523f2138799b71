import { BUILT_IN_BUNDLES, type BundleSource } from '@writ/bundle';
import { combine, PROFILES } from '@writ/decision';
import { expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { consult } from '../../src/layers/consult.ts';
import { renderLoadFailure } from '../../src/layers/load-failure.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { CONTEXT_FREE, type PolicySet } from '../../src/layers/policy-set.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { reloadPolicies, watchPolicies } from '../../src/layers/reload-policies.ts';
import { OPTIONS, policiesOf, requestOf, writeBundle, writeBundles } from './policy-fixture.ts';

const answering = (code: string) => ({
  rego: `package agent\n\nx := {"outcome": "deny", "reason": "${code}"}\n\ny := {"outcome": "deny", "reason": "${code}"}\n`,
  entrypoints: [
    { path: 'agent/x', kind: 'grant' },
    { path: 'agent/y', kind: 'guard', layer: 'compliance' },
  ],
});

async function codesOf(set: PolicySet): Promise<readonly string[]> {
  const { opinions } = await consult(set, requestOf(), OPTIONS);
  return [
    ...new Set(
      combine(opinions, { phase: 'call', subject: { principal: 'p', actor: 'a' }, nowMs: 0 }).reasons.map(
        ({ code }) => code,
      ),
    ),
  ];
}

/** The embedded engine, each answer after a turn of the event loop, refusing to answer once it is closed. */
function slowEngine(): Engine & { readonly closed: string[] } {
  const inner = createRegoEngine();
  const closed: string[] = [];
  return {
    ...inner,
    closed,
    async load(bundles) {
      const loaded = await inner.load(bundles);
      if (!loaded.ok) return loaded;
      let isClosed = false;
      return {
        ...loaded,
        policies: {
          reads: (...args) => loaded.policies.reads(...args),
          async evaluate(question) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            return isClosed
              ? { kind: 'error', code: 'policy_engine_unavailable', message: 'closed' }
              : loaded.policies.evaluate(question);
          },
          async close() {
            isClosed = true;
            closed.push(bundles[0]?.digest ?? '');
          },
        },
      };
    },
  };
}

it('[P-ONE-REVISION] a decision never mixes revisions, however often they are swapped meanwhile', async () => {
  const engine = slowEngine();
  const sets = await Promise.all(
    ['one', 'two', 'three'].map((code) => policiesOf({ tools: answering(code) }, engine)),
  );
  const source = createPolicySource(sets[0]);
  const decide = async () => {
    const hold = source.hold()!;
    try {
      const first = await codesOf(hold.set);
      return [...first, ...(await codesOf(hold.set))];
    } finally {
      hold.release();
    }
  };
  const running: Promise<readonly string[]>[] = [];
  for (let turn = 0; turn < 30; turn += 1) {
    running.push(decide());
    if (turn % 10 === 5) source.swap(sets[(turn - 5) / 10 + 1] ?? sets[0]!);
    await new Promise((resolve) => setImmediate(resolve));
    if (turn === 20) break;
  }
  for (const codes of await Promise.all(running)) {
    expect(new Set(codes).size).toBe(1);
    expect(['one', 'two', 'three']).toContain(codes[0]);
  }
  await source.close();
  expect(engine.closed).toHaveLength(3);
});

it('closes a set when its last hold is released, once', async () => {
  const engine = slowEngine();
  const [one, two] = await Promise.all(
    ['one', 'two'].map((code) => policiesOf({ tools: answering(code) }, engine)),
  );
  const source = createPolicySource(one);
  const [first, second] = [source.hold()!, source.hold()!];
  source.swap(two!);
  first.release();
  first.release();
  expect(engine.closed).toEqual([]);
  expect(await codesOf(second.set)).toEqual(['one']);
  second.release();
  expect(engine.closed).toHaveLength(1);
  expect(source.current()).toBe(two);
  await source.close();
  expect(engine.closed).toHaveLength(2);
  expect(source.hold()).toBeUndefined();
});

it('keeps the last good policies when what is on disk is wrong', async () => {
  const sources = writeBundles({ tools: answering('one') });
  const engine = createRegoEngine();
  const source = createPolicySource();
  expect(await reloadPolicies(sources, engine, source)).toMatchObject({
    activated: { change: { added: ['tools'] } },
  });
  expect(await reloadPolicies(sources, engine, source)).toEqual({});
  const folder = (sources[0] as Extract<BundleSource, { kind: 'path' }>).path;
  writeBundle(folder, { ...answering('two'), rego: 'package agent\n\nx := {\n' });
  const { refused } = await reloadPolicies(sources, engine, source);
  if (refused === undefined) throw new Error('it was not refused');
  expect(refused.diagnostics[0]).toMatchObject({ bundle: 'tools', file: 'policy.rego', row: 4 });
  expect(renderLoadFailure(refused)).toContain('policy.rego:');
  expect(await codesOf(source.current()!)).toEqual(['one']);
  writeBundle(folder, answering('two'));
  expect(await reloadPolicies(sources, engine, source)).toMatchObject({
    activated: {
      change: { changed: [{ name: 'tools' }], files: [{ file: 'policy.rego', change: 'changed' }] },
    },
  });
  expect(await codesOf(source.current()!)).toEqual(['two']);
});

it('takes a saved change at once, and reports a wrong one', async () => {
  const sources = writeBundles({ tools: answering('one') });
  const engine = createRegoEngine();
  const source = createPolicySource();
  await reloadPolicies(sources, engine, source);
  const events: string[] = [];
  const watch = watchPolicies(sources, engine, source, {
    debounceMs: 5,
    onActivated: (change) =>
      void events.push(...change.files[0]!.lines.map(({ sign, text }) => `${sign} ${text}`)),
    onRefused: (failure) => void events.push(failure.diagnostics[0]?.code ?? failure.problems[0]?.code ?? ''),
  });
  onTestFinished(() => watch.close());
  const folder = (sources[0] as Extract<BundleSource, { kind: 'path' }>).path;
  writeBundle(folder, answering('two'));
  await expect.poll(() => codesOf(source.current()!)).toEqual(['two']);
  expect(events).toContain('+ x := {"outcome": "deny", "reason": "two"}');
  writeBundle(folder, { ...answering('two'), rego: 'package agent\n\nx := {\n' });
  await expect.poll(() => events.at(-1)).toBe('rego_parse_error');
  expect(await codesOf(source.current()!)).toEqual(['two']);
});

it('has a built-in bundle that grants, so that guards alone can decide', async () => {
  const guard = {
    rego: 'package agent\n\nx := input.action.tool != "delete"\n',
    entrypoints: [{ path: 'agent/x', kind: 'guard' }],
  };
  const sources: BundleSource[] = [
    ...writeBundles({ guard }),
    { kind: 'built-in', bundle: BUILT_IN_BUNDLES.get('writ/grant-all')! },
  ];
  const loaded = await loadPolicies(sources, createRegoEngine());
  if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
  const decide = async (tool: string) => {
    const { opinions } = await consult(loaded.set, requestOf({ action: { tool } } as object), OPTIONS);
    return combine(opinions, { phase: 'call', subject: { principal: 'p', actor: 'a' }, nowMs: 0 }).outcome;
  };
  expect(await decide('read')).toBe('allow');
  expect(await decide('delete')).toBe('deny');
});

it('tells what policies read of a request, so that no more is gathered', async () => {
  const set = await policiesOf({
    one: {
      rego: 'package one\n\nallow if input.context.request_count < data.one.limit\n',
      entrypoints: [{ path: 'one/allow', kind: 'grant' }],
      data: { one: { limit: 3 } },
    },
    two: {
      rego: 'package two\n\nok if input.context.labels\n',
      entrypoints: [{ path: 'two/ok', kind: 'guard', when: { tools: ['mail*'] } }],
    },
  });
  expect(set.readsOf(requestOf())).toEqual({
    input: [['context', 'request_count']],
    data: [['one', 'limit']],
  });
  const mail = requestOf({ action: { tool: 'mail_send' } } as object);
  expect(set.readsOf(mail)?.input).toEqual([
    ['context', 'request_count'],
    ['context', 'labels'],
  ]);
  const other = await policiesOf({
    spiffe: {
      rego: 'package s\n\nok if input.tool_name\n',
      entrypoints: [{ path: 's/ok', kind: 'grant', profile: 'spiffe/v1' }],
    },
  });
  expect(other.readsOf(requestOf())?.input).toContainEqual(['context']);
});

it.each(Object.values(PROFILES).filter(({ name }) => CONTEXT_FREE.has(name)))(
  'knows that profile $name shows nothing of the context',
  (profile) => {
    const bare = requestOf();
    const context = {
      session_id: 's',
      request_count: 3,
      labels: ['a'],
      risk_score: 0.5,
      prior_tools: ['x'],
      turn_count: 1,
      trace_id: 't',
      step_up_verified: true,
    };
    expect(profile.toInput({ ...bare, context })).toEqual(profile.toInput(bare));
  },
);

it('refuses a profile that there is not', async () => {
  const bundle = {
    rego: 'package a\n\nx := true\n',
    entrypoints: [{ path: 'a/x', kind: 'grant', profile: 'tool/v1' }],
  };
  const loaded = await loadPolicies(writeBundles({ bundle }), createRegoEngine());
  expect(loaded).toMatchObject({
    ok: false,
    problems: [{ code: 'entrypoint_invalid', help: 'did you mean `tools/v1`?' }],
  });
});
