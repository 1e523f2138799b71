import type { Json } from '@writ/decision';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineQuestion,
  LoadedPolicies,
} from '../../src/engine/engine.ts';

/** A bundle as engines take it, with a digest that follows its content. */
export function engineBundle(
  name: string,
  modules: Readonly<Record<string, string>>,
  more: Partial<EngineBundle> = {},
): EngineBundle {
  const files = Object.entries(modules).map(([file, text]) => ({ file, text }));
  return {
    name,
    revision: 'r1',
    digest: `sha256:${Buffer.from(JSON.stringify([name, modules, more]))
      .toString('hex')
      .padEnd(64, '0')
      .slice(-64)}`,
    regoVersion: 1,
    modules: files,
    data: {},
    entrypoints: [],
    ...more,
  };
}

export interface EngineCase {
  /** A fresh engine for these bundles; for a remote one, somebody else has to run them. */
  readonly create: (bundles: readonly EngineBundle[]) => Promise<Engine>;
  /** What the engine needs of a bundle in Rego beside its sources, such as a module that was built of them. */
  readonly prepare?: (bundle: EngineBundle) => Promise<EngineBundle>;
  /** It answers entrypoints alone, and each bundle sees itself alone: so it is with what was compiled elsewhere. */
  readonly isApart?: true;
}

/** What is asked of a bundle in whichever language, and what must come of it. */
export interface EngineBasics extends Pick<EngineCase, 'create' | 'prepare'> {
  readonly bundle: EngineBundle;
  /** An answer that follows from the input. */
  readonly value: {
    readonly path: string;
    readonly inputs: readonly (readonly [input: Json, answer: Json])[];
  };
  readonly undefined: { readonly path: string; readonly input: Json };
  /** An evaluation that fails by itself. */
  readonly fault: { readonly path: string; readonly input: Json };
}

/** What every engine must do, whatever language its policies are in. */
export function engineBasics(name: string, given: EngineBasics): void {
  describe(`engine basics: ${name}`, () => {
    const opened: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const item of opened.splice(0).reverse()) await item.close();
    });

    async function load(): Promise<LoadedPolicies> {
      const bundle = (await given.prepare?.(given.bundle)) ?? given.bundle;
      const engine = await given.create([bundle]);
      opened.push(engine);
      const result = await engine.load([bundle]);
      if (!result.ok) throw new Error(JSON.stringify(result.diagnostics, null, 2));
      opened.push(result.policies);
      return result.policies;
    }

    const ask = async (
      policies: LoadedPolicies,
      path: string,
      input: Json,
      more: Partial<EngineQuestion> = {},
    ) =>
      policies.evaluate({
        bundle: given.bundle.name,
        path,
        input,
        deadlineMs: 10_000,
        timeNs: 1_700_000_000_000_000_000n,
        ...more,
      });

    it('answers by its input, many at once, and tells undefined from every value', async () => {
      const policies = await load();
      const { path, inputs } = given.value;
      const asked = Array.from({ length: 50 }, () => inputs).flat();
      const answers = await Promise.all(asked.map(([input]) => ask(policies, path, input)));
      expect(answers.map((answer) => (answer.kind === 'value' ? answer.value : answer))).toEqual(
        asked.map(([, answer]) => answer),
      );
      expect((await ask(policies, given.undefined.path, given.undefined.input)).kind).toBe('undefined');
    });

    it('[P-ENGINE-FAULT-DENIES] an evaluation that fails is an error, and the next one is answered', async () => {
      const policies = await load();
      expect(await ask(policies, given.fault.path, given.fault.input)).toMatchObject({
        kind: 'error',
        code: 'policy_error',
      });
      const [input, answer] = given.value.inputs[0]!;
      expect(await ask(policies, given.value.path, input)).toMatchObject({ kind: 'value', value: answer });
    });

    it('[P-ENGINE-DEADLINE] answers nothing once no time is left, and no bundle that is not active', async () => {
      const policies = await load();
      const [input] = given.value.inputs[0]!;
      const { path } = given.value;
      expect(await ask(policies, path, input, { deadlineMs: 0 })).toMatchObject({ code: 'policy_timeout' });
      expect(await ask(policies, path, input, { bundle: 'other' })).toMatchObject({ code: 'policy_error' });
      expect(policies.reads('other', path)).toBeUndefined();
    });
  });
}

const POLICY = `package agent.tools

default decision := {"outcome": "deny", "reason": "no_rule"}

decision := {"outcome": "allow", "limit": data.agent.limits.amount} if {
	input.tool == "read"
	input.amount <= data.agent.limits.amount
}

names contains name if some name in input.names

only_if_present if input.present

now := time.now_ns()

# Not what a module of Wasm carries itself.
spelled := sprintf("%v of %d", [{"b", "a"}, input.amount])

third := 1 / 3

conflict := 1 if input.clash

conflict := 2 if input.clash

slow if {
	count([1 | some i in numbers.range(1, 30000); some j in numbers.range(1, 30000); i * j == -1]) > 0
}
`;

const BUNDLE = engineBundle(
  'tools',
  { 'policy.rego': POLICY },
  {
    roots: ['agent'],
    data: { agent: { limits: { amount: 0.3 } } },
    entrypoints: ['decision', 'names', 'only_if_present', 'now', 'third', 'conflict', 'slow', 'spelled'].map(
      (rule) => entrypointAt(`agent/tools/${rule}`),
    ),
  },
);

/** An entrypoint as bundles have them. */
export function entrypointAt(path: string): EngineBundle['entrypoints'][number] {
  return { path, kind: 'grant', layer: 'resource', profile: 'writ/v1' };
}

/** What every engine for Rego must do. The suite belongs to the interface; each engine's test runs it. */
export function engineContract(name: string, given: EngineCase): void {
  engineBasics(name, {
    ...given,
    bundle: BUNDLE,
    value: {
      path: 'agent/tools/names',
      inputs: [
        [{ names: ['b', 'a', 'b'] }, ['a', 'b']],
        [{ names: [] }, []],
      ],
    },
    undefined: { path: 'agent/tools/only_if_present', input: {} },
    fault: { path: 'agent/tools/conflict', input: { clash: true } },
  });
  describe(`engine contract: ${name}`, () => {
    const opened: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const item of opened.splice(0).reverse()) await item.close();
    });

    // Where it is not so, there is nothing to test.
    const unlessApart = (title: string, test: () => Promise<void>) =>
      given.isApart === true ? undefined : it(title, test);

    async function load(...sources: EngineBundle[]): Promise<LoadedPolicies> {
      const bundles = await Promise.all(sources.map((source) => given.prepare?.(source) ?? source));
      const engine = await given.create(bundles);
      opened.push(engine);
      const result = await engine.load(bundles);
      if (!result.ok) throw new Error(JSON.stringify(result.diagnostics, null, 2));
      opened.push(result.policies);
      return result.policies;
    }

    async function ask(
      policies: LoadedPolicies,
      path: string,
      input: unknown,
      deadlineMs = 10_000,
    ): Promise<EngineAnswer> {
      return policies.evaluate({
        bundle: 'tools',
        path,
        input: input as null,
        deadlineMs,
        timeNs: 1_700_000_000_000_000_000n,
      });
    }

    it('answers with values, by input and data', async () => {
      const policies = await load(BUNDLE);
      expect(await ask(policies, 'agent/tools/decision', { tool: 'read', amount: 0.3 })).toMatchObject({
        kind: 'value',
        value: { outcome: 'allow', limit: 0.3 },
      });
      expect(await ask(policies, 'agent/tools/decision', { tool: 'read', amount: 0.31 })).toMatchObject({
        value: { outcome: 'deny', reason: 'no_rule' },
      });
      expect(await ask(policies, 'agent/tools/names', { names: ['b', 'a', 'b'] })).toMatchObject({
        value: ['a', 'b'],
      });
      if (given.isApart !== true)
        expect(await ask(policies, 'agent/limits', {})).toMatchObject({ value: { amount: 0.3 } });
      expect(await ask(policies, 'agent/tools/spelled', { amount: 3 })).toMatchObject({
        value: '{"a", "b"} of 3',
      });
      expect((await ask(policies, 'agent/tools/spelled', { amount: null })).kind).not.toBe('error');
    });

    it('tells undefined from every value', async () => {
      const policies = await load(BUNDLE);
      expect((await ask(policies, 'agent/tools/only_if_present', { present: true })).kind).toBe('value');
      expect((await ask(policies, 'agent/tools/only_if_present', {})).kind).toBe('undefined');
      expect((await ask(policies, 'agent/tools/only_if_present', undefined)).kind).toBe('undefined');
      expect((await ask(policies, 'agent/tools/there_is_no_such_rule', {})).kind).toBe(
        given.isApart === true ? 'error' : 'undefined',
      );
    });

    it('[P-ENGINE-FAULT-DENIES] names a policy that contradicts itself', async () => {
      const policies = await load(BUNDLE);
      expect(await ask(policies, 'agent/tools/conflict', { clash: true })).toMatchObject({
        kind: 'error',
        code: 'policy_error',
      });
    });

    it('refuses an answer with a number that JSON readers would change', async () => {
      const policies = await load(BUNDLE);
      expect(await ask(policies, 'agent/tools/third', {})).toMatchObject({
        kind: 'error',
        code: 'policy_error',
      });
    });

    it('[P-ENGINE-DEADLINE] ends an evaluation at its deadline', async () => {
      const policies = await load(BUNDLE);
      expect(await ask(policies, 'agent/tools/slow', {}, 60)).toMatchObject({
        kind: 'error',
        code: 'policy_timeout',
      });
      expect(await ask(policies, 'agent/tools/only_if_present', { present: true }, 0)).toMatchObject({
        code: 'policy_timeout',
      });
      expect(await ask(policies, 'agent/tools/only_if_present', { present: true })).toMatchObject({
        kind: 'value',
        value: true,
      });
    });

    it('answers for a bundle that is not active with an error', async () => {
      const policies = await load(BUNDLE);
      const answer = await policies.evaluate({
        bundle: 'other',
        path: 'agent/tools/decision',
        input: {},
        deadlineMs: 1_000,
        timeNs: 0n,
      });
      expect(answer).toMatchObject({ kind: 'error', code: 'policy_error' });
    });

    unlessApart('evaluates several bundles, which see each other below their roots', async () => {
      const library = engineBundle(
        'library',
        { 'lib.rego': 'package lib\n\nis_small(n) if n < 10\n' },
        { roots: ['lib'] },
      );
      const user = engineBundle(
        'tools',
        { 'p.rego': 'package agent.tools\n\nallow if data.lib.is_small(input.n)\n' },
        { roots: ['agent'] },
      );
      const policies = await load(library, user);
      expect((await ask(policies, 'agent/tools/allow', { n: 3 })).kind).toBe('value');
      expect((await ask(policies, 'agent/tools/allow', { n: 30 })).kind).toBe('undefined');
    });

    it('evaluates policies of the older language', async () => {
      const old = engineBundle(
        'tools',
        { 'p.rego': 'package agent.tools\n\nallow[r] {\n\tr := input.x\n}\n' },
        { regoVersion: 0, roots: ['agent'], entrypoints: [entrypointAt('agent/tools/allow')] },
      );
      expect(await ask(await load(old), 'agent/tools/allow', { x: 'a' })).toMatchObject({
        kind: 'value',
        value: ['a'],
      });
    });

    unlessApart('tells what a path can read', async () => {
      const policies = await load(BUNDLE);
      const reads = policies.reads('tools', 'agent/tools/decision');
      expect(reads?.input).toEqual(expect.arrayContaining([['tool'], ['amount']]));
      expect(reads?.input).toHaveLength(2);
      expect(reads?.data).toEqual([['agent', 'limits', 'amount']]);
      expect(policies.reads('other', 'agent/tools/decision')).toBeUndefined();
    });

    it('answers many at once', async () => {
      const policies = await load(BUNDLE);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, n) => ask(policies, 'agent/tools/names', { names: [`n${n}`] })),
      );
      expect(answers.map((answer) => answer.kind === 'value' && answer.value)).toEqual(
        Array.from({ length: 100 }, (_, n) => [`n${n}`]),
      );
    });
  });
}

/** What engines that compile must do when bundles are wrong. */
export function engineLoadContract(name: string, create: () => Engine): void {
  describe(`engine load contract: ${name}`, () => {
    async function diagnosticsOf(bundle: EngineBundle) {
      const engine = create();
      try {
        const result = await engine.load([bundle]);
        if (result.ok) {
          await result.policies.close();
          throw new Error('loaded');
        }
        return result.diagnostics;
      } finally {
        await engine.close();
      }
    }

    it('refuses a policy that does not parse or compile, with its place', async () => {
      const broken = engineBundle('broken', { 'a/p.rego': 'package a\n\nallow if {\n\tinput.x ==\n}\n' });
      expect((await diagnosticsOf(broken))[0]).toMatchObject({
        code: 'rego_parse_error',
        bundle: 'broken',
        file: 'a/p.rego',
      });
      const unsafe = engineBundle('unsafe', { 'a/p.rego': 'package a\n\nallow if {\n\tinput.y == x\n}\n' });
      expect((await diagnosticsOf(unsafe))[0]).toMatchObject({
        code: 'rego_unsafe_var_error',
        bundle: 'unsafe',
        file: 'a/p.rego',
        row: 4,
      });
    });

    it.each(['http.send({"url": "http://127.0.0.1", "method": "GET"})', 'net.lookup_ip_addr("localhost")'])(
      '[P-POLICY-NO-NETWORK] refuses a policy that reaches outside of its evaluation: %s',
      async (call) => {
        const bundle = engineBundle('outside', { 'p.rego': `package a\n\nallow if ${call}\n` });
        expect((await diagnosticsOf(bundle)).length).toBeGreaterThan(0);
      },
    );

    it('[P-POLICY-NO-NETWORK] tells a policy nothing about the process', async () => {
      const bundle = engineBundle(
        'tools',
        { 'p.rego': 'package a\n\nruntime := opa.runtime()\n' },
        { roots: ['a'] },
      );
      const engine = create();
      const result = await engine.load([bundle]);
      if (result.ok) {
        const question = { bundle: 'tools', path: 'a/runtime', input: {}, deadlineMs: 5_000, timeNs: 0n };
        expect(await result.policies.evaluate(question)).toMatchObject({ kind: 'value', value: {} });
        const { value } = (await result.policies.evaluate(question)) as { value: object };
        expect(Object.keys(value)).toEqual([]);
        await result.policies.close();
      }
      await engine.close();
    });
  });
}
