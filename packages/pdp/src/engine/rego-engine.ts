import { setImmediate } from 'node:timers/promises';
import type { Json } from '@writ/decision';
import {
  type EvaluationResult,
  type MatchedRule,
  type PreparedQuery,
  toParsed,
  type Value,
} from '@writ/rego';
import {
  type Compilers,
  createCompilers,
  nodeCrypto,
  PolicyWorkers,
  type WorkerPolicy,
} from '@writ/rego/node';
import { type FileNames, groupBundles, nameFiles } from './bundle-groups.ts';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineDiagnostic,
  EngineQuestion,
  EngineRule,
  LoadedPolicies,
  LoadResult,
  ReadPaths,
} from './engine.ts';
import { refuseOtherLanguages } from './engines.ts';
import {
  CAPABILITIES,
  describeDiagnostic,
  firstParties,
  type KeptRules,
  type LocalPolicy,
} from './first-parties.ts';
import { isInexact } from './inexact.ts';
import { createPolicyQueries } from './policy-queries.ts';
import type { PolicyQueries } from './query-types.ts';

/** What policies are given of this machine: cryptography on what they hold already, and nothing that reaches out. */
const HOST = Object.freeze({ crypto: nodeCrypto });

/** Bounds of one evaluation beside its deadline; best effort, as everything inside one process is. */
export interface RegoEngineOptions {
  /** Rules, calls and steps of iterations; the language package's own limit by default. */
  readonly operationsMax?: number;
  /** Threads that third parties' policies share; 2 by default. */
  readonly thirdPartyThreads?: number;
  /** Sources of more characters than this are compiled in a thread of their own; 131,072 by default. */
  readonly apartCharacters?: number;
  /**
   * Keeps a thread started for the next large policy, some tens of MiB: it is active sooner, by the time that a thread
   * takes to start. False by default.
   */
  readonly readyCompiler?: boolean;
}

const THIRD_PARTY_THREADS = 2;

/**
 * Evaluates by `@writ/rego`. First-party bundles are compiled together and run in this thread; each third party's is
 * compiled alone with its own data, and runs in threads that are killed where they exceed time or memory. Policies reach nothing outside: builtins of the network do not exist for them, `opa.runtime` is empty.
 */
export function createRegoEngine(options: RegoEngineOptions = {}): Engine {
  const workers = new PolicyWorkers({ threads: options.thirdPartyThreads ?? THIRD_PARTY_THREADS });
  const kept: KeptRules = {};
  const compilers = createCompilers();
  return {
    name: 'rego',
    async load(bundles) {
      const loaded = await loadBundles(bundles, { ...options, compilers }, workers, kept);
      if (options.readyCompiler === true) compilers.prepareIn(PREPARE_AFTER_MS);
      return loaded;
    },
    health: async () => ({ ok: true }),
    async close() {
      await Promise.all([workers.close(), compilers.close()]);
    },
  };
}

/** The next thread starts when what an activation stirs up has passed. */
const PREPARE_AFTER_MS = 2_000;

type LoadOptions = RegoEngineOptions & { readonly compilers: Compilers };

/** Bundles that were compiled together. */
interface CompiledGroup {
  readonly policy: LocalPolicy | WorkerPolicy;
  readonly files: FileNames;
}

function isWorkerPolicy(policy: LocalPolicy | WorkerPolicy): policy is WorkerPolicy {
  return 'evaluate' in policy;
}

async function compileThirdParty(
  bundle: EngineBundle,
  files: FileNames,
  workers: PolicyWorkers,
): Promise<{ readonly policy?: WorkerPolicy; readonly diagnostics: readonly EngineDiagnostic[] }> {
  const { policy, diagnostics, ...more } = await workers.compile(files.sources, {
    data: bundle.data,
    builtins: CAPABILITIES.builtins?.map(({ name }) => name) ?? [],
    paths: bundle.entrypoints.map(({ path }) => path),
  });
  const described = diagnostics.map((diagnostic) => describeDiagnostic(diagnostic, files));
  if (policy !== undefined) return { policy, diagnostics: described };
  const failure = 'failure' in more ? more.failure : undefined;
  if (failure === undefined) return { diagnostics: described };
  const error = { code: 'policy_error', severity: 'error', message: failure, bundle: bundle.name } as const;
  return { diagnostics: [...described, error] };
}

/** Bounds of the evaluation that warms an entrypoint; what it answers does not matter. */
const WARM_MS = 2;
const WARM_OPERATIONS = 10_000;

/** What the first decision would have to make is made before: an entrypoint at a time, with others between them. */
async function warm(policy: LocalPolicy, members: readonly EngineBundle[]): Promise<void> {
  for (const { entrypoints } of members) {
    for (const { path } of entrypoints) {
      const options = { deadlineMs: WARM_MS, operationsMax: WARM_OPERATIONS, host: HOST };
      policy.prepare(path).evaluate({}, options);
      await setImmediate();
    }
  }
}

async function loadBundles(
  bundles: readonly EngineBundle[],
  options: LoadOptions,
  workers: PolicyWorkers,
  kept: KeptRules,
): Promise<LoadResult> {
  const others = refuseOtherLanguages('rego', bundles);
  if (others.length > 0) return { ok: false, diagnostics: others };
  const groups = new Map<string, CompiledGroup>();
  const diagnostics: EngineDiagnostic[] = [];
  let reused = false;
  for (const members of groupBundles(bundles)) {
    const files = nameFiles(members);
    const [first] = members;
    if (first?.thirdParty === true) {
      const apart = await compileThirdParty(first, files, workers);
      diagnostics.push(...apart.diagnostics);
      if (apart.policy !== undefined) groups.set(first.name, { policy: apart.policy, files });
      continue;
    }
    const compiled = await firstParties(members, files, options, kept);
    if (compiled.reused === true) reused = true;
    diagnostics.push(...compiled.diagnostics);
    if (compiled.policy === undefined) continue;
    await warm(compiled.policy, members);
    for (const { name } of members) groups.set(name, { policy: compiled.policy, files });
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || groups.size < bundles.length) {
    closeApart(groups);
    return { ok: false, diagnostics };
  }
  const policies = new RegoPolicies(groups, options);
  return { ok: true, policies, warnings: diagnostics, ...(reused ? { reused } : {}) };
}

function closeApart(groups: ReadonlyMap<string, CompiledGroup>): void {
  for (const { policy } of groups.values()) if (isWorkerPolicy(policy)) policy.close();
}

class RegoPolicies implements LoadedPolicies {
  readonly #groups: ReadonlyMap<string, CompiledGroup>;
  readonly #options: RegoEngineOptions;
  readonly #queries = new Map<string, PreparedQuery>();
  readonly #reads = new Map<string, ReadPaths>();
  readonly #rules = new Map<MatchedRule, EngineRule>();
  readonly queries?: PolicyQueries;

  constructor(groups: ReadonlyMap<string, CompiledGroup>, options: RegoEngineOptions) {
    this.#groups = groups;
    this.#options = options;
    // First parties are one group; what third parties' policies hold is asked by their entrypoints alone.
    for (const { policy, files } of groups.values()) {
      if (isWorkerPolicy(policy)) continue;
      this.queries = createPolicyQueries(policy, files, HOST);
      break;
    }
  }

  evaluate(question: EngineQuestion): EngineAnswer | Promise<EngineAnswer> {
    const { bundle, path, input, deadlineMs, timeNs, nondeterministic } = question;
    const group = this.#groups.get(bundle);
    if (group === undefined) return failed('policy_error', `bundle \`${bundle}\` is not active`);
    if (deadlineMs <= 0) return failed('policy_timeout', 'no time is left for this evaluation');
    const { policy } = group;
    if (isWorkerPolicy(policy)) return this.#evaluateApart(policy, question, group);
    try {
      const query = this.#query(policy, bundle, path);
      return this.#answer(
        query.evaluate(input as Value | undefined, {
          deadlineMs,
          timeNs,
          host: HOST,
          ...this.#limits(),
          ...(nondeterministic === undefined ? {} : { nondeterministic }),
        }),
        group,
      );
    } catch (error) {
      // A fault of the language package itself: it must not let a decision go on.
      return failed(
        'policy_error',
        `the evaluation failed (${error instanceof Error ? error.name : typeof error})`,
      );
    }
  }

  async #evaluateApart(
    policy: WorkerPolicy,
    { path, input, deadlineMs, timeNs }: EngineQuestion,
    group: CompiledGroup,
  ): Promise<EngineAnswer> {
    try {
      const options = { deadlineMs, timeNs, ...this.#limits() };
      return this.#answer(await policy.evaluate(path, input as Value | undefined, options), group);
    } catch (error) {
      return failed(
        'policy_error',
        `the evaluation failed (${error instanceof Error ? error.name : typeof error})`,
      );
    }
  }

  #limits(): { readonly operationsMax?: number } {
    const { operationsMax } = this.#options;
    return operationsMax === undefined ? {} : { operationsMax };
  }

  reads(bundle: string, path: string): ReadPaths | undefined {
    const group = this.#groups.get(bundle);
    if (group === undefined) return undefined;
    const key = `${bundle}\n${path}`;
    const known = this.#reads.get(key);
    if (known !== undefined) return known;
    const found = group.policy.reads(path);
    if (found === undefined) return undefined;
    if (this.#reads.size < PREPARED_MAX) this.#reads.set(key, found);
    return found;
  }

  async close(): Promise<void> {
    closeApart(this.#groups);
    this.#queries.clear();
  }

  #query(policy: LocalPolicy, bundle: string, path: string): PreparedQuery {
    const key = `${bundle}\n${path}`;
    const known = this.#queries.get(key);
    if (known !== undefined) return known;
    const query = policy.prepare(path);
    if (this.#queries.size < PREPARED_MAX) this.#queries.set(key, query);
    return query;
  }

  #answer(result: EvaluationResult, group: CompiledGroup): EngineAnswer {
    if (result.kind === 'error') {
      const code = result.code === 'eval_cancel_error' ? 'policy_timeout' : 'policy_error';
      const message = `${result.code}: ${result.message}`;
      if (result.location === undefined) return failed(code, message);
      const { row } = result.location;
      const file = group.files.origins.get(result.location.file)?.file ?? result.location.file;
      return { kind: 'error', code, message: `${message} (${file}:${row})`, place: { file, row } };
    }
    const isApart = isWorkerPolicy(group.policy);
    const rules = result.rules.map((rule) => (isApart ? engineRule(rule, group) : this.#ruleOf(rule, group)));
    const { rulesEvaluated } = result;
    if (result.kind === 'undefined') return { kind: 'undefined', rules, rulesEvaluated };
    if (isInexact(result.value)) {
      return failed(
        'policy_error',
        'the answer holds a number that JSON cannot carry exactly; round it in the policy',
      );
    }
    return { kind: 'value', value: toParsed(result.value) as Json, rules, rulesEvaluated };
  }

  /** Matched rules are records of the compiled policy, the same object each time. */
  #ruleOf(rule: MatchedRule, group: CompiledGroup): EngineRule {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    const made = engineRule(rule, group);
    if (this.#rules.size < PREPARED_MAX) this.#rules.set(rule, made);
    return made;
  }
}

function engineRule(rule: MatchedRule, group: CompiledGroup): EngineRule {
  const file = group.files.origins.get(rule.file)?.file ?? rule.file;
  return Object.freeze({ path: rule.path, file, row: rule.row });
}

/** Paths come from entrypoints, but an administrator may ask any: the caches stay bounded. */
const PREPARED_MAX = 20_000;

function failed(code: 'policy_error' | 'policy_timeout', message: string): EngineAnswer {
  return { kind: 'error', code, message };
}
