import type { Json } from '@writ/decision';
import {
  type Capabilities,
  capabilities,
  compilePolicy,
  type Diagnostic,
  type EvaluationResult,
  isPlainObject,
  type MatchedRule,
  type Policy,
  type PreparedQuery,
  RegoNumber,
  RegoObject,
  RegoSet,
  renderDiagnostic,
  toParsed,
  type Value,
} from '@writ/rego';
import { nodeCrypto } from '@writ/rego/node';
import { type FileNames, groupBundles, mergeData, nameFiles } from './bundle-groups.ts';
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

/** What policies are given of this machine: cryptography on what they hold already, and nothing that reaches out. */
const HOST = Object.freeze({ crypto: nodeCrypto });

const NETWORK_BUILTINS: ReadonlySet<string> = new Set(['http.send', 'net.lookup_ip_addr']);

/** What reaches out does not exist for policies, so that they do not load. */
const CAPABILITIES: Capabilities = withoutNetwork(capabilities());

function withoutNetwork(all: Capabilities): Capabilities {
  const builtins = all.builtins?.filter(({ name }) => !NETWORK_BUILTINS.has(name)) ?? [];
  return { ...all, builtins, allow_net: [] };
}

/** Bounds of one evaluation beside its deadline; best effort, as everything inside one process is. */
export interface RegoEngineOptions {
  /** Rules, calls and steps of iterations; the language package's own limit by default. */
  readonly operationsMax?: number;
}

/**
 * Evaluates in this process by `@writ/rego`. First-party bundles are compiled together, each third party's alone
 * with its own data. Policies reach nothing outside: builtins of the network do not exist for them, `opa.runtime` is empty.
 */
export function createRegoEngine(options: RegoEngineOptions = {}): Engine {
  return {
    name: 'rego',
    load: async (bundles) => loadBundles(bundles, options),
    health: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

/** Bundles that were compiled together. */
interface CompiledGroup {
  readonly policy: Policy;
  readonly files: FileNames;
}

function loadBundles(bundles: readonly EngineBundle[], options: RegoEngineOptions): LoadResult {
  const groups = new Map<string, CompiledGroup>();
  const diagnostics: EngineDiagnostic[] = [];
  for (const members of groupBundles(bundles)) {
    const files = nameFiles(members);
    const compiled = compilePolicy(files.sources, {
      data: mergeData(members),
      capabilities: CAPABILITIES,
    });
    diagnostics.push(...compiled.diagnostics.map((diagnostic) => describe(diagnostic, files)));
    if (compiled.policy === undefined) continue;
    for (const { name } of members) groups.set(name, { policy: compiled.policy, files });
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || groups.size < bundles.length) return { ok: false, diagnostics };
  return { ok: true, policies: new RegoPolicies(groups, options), warnings: diagnostics };
}

function describe(diagnostic: Diagnostic, files: FileNames): EngineDiagnostic {
  const { code, severity, message, location } = diagnostic;
  const origin = files.origins.get(location.file);
  return {
    code,
    severity,
    message,
    bundle: origin?.bundle ?? '',
    file: origin?.file ?? location.file,
    row: location.row,
    column: location.column,
    ...(origin === undefined ? {} : { rendered: renderDiagnostic(diagnostic, origin.text) }),
  };
}

class RegoPolicies implements LoadedPolicies {
  readonly #groups: ReadonlyMap<string, CompiledGroup>;
  readonly #options: RegoEngineOptions;
  readonly #queries = new Map<string, PreparedQuery>();
  readonly #reads = new Map<string, ReadPaths>();
  readonly #rules = new Map<MatchedRule, EngineRule>();

  constructor(groups: ReadonlyMap<string, CompiledGroup>, options: RegoEngineOptions) {
    this.#groups = groups;
    this.#options = options;
  }

  evaluate(question: EngineQuestion): EngineAnswer {
    const { bundle, path, input, deadlineMs, timeNs } = question;
    const group = this.#groups.get(bundle);
    if (group === undefined) return failed('policy_error', `bundle \`${bundle}\` is not active`);
    if (deadlineMs <= 0) return failed('policy_timeout', 'no time is left for this evaluation');
    try {
      const query = this.#query(group, bundle, path);
      return this.#answer(
        query.evaluate(input as Value | undefined, { deadlineMs, timeNs, host: HOST, ...this.#options }),
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

  reads(bundle: string, path: string): ReadPaths | undefined {
    const group = this.#groups.get(bundle);
    if (group === undefined) return undefined;
    const key = `${bundle}\n${path}`;
    const known = this.#reads.get(key);
    if (known !== undefined) return known;
    const found = group.policy.reads(path);
    if (this.#reads.size < PREPARED_MAX) this.#reads.set(key, found);
    return found;
  }

  async close(): Promise<void> {
    this.#queries.clear();
  }

  #query(group: CompiledGroup, bundle: string, path: string): PreparedQuery {
    const key = `${bundle}\n${path}`;
    const known = this.#queries.get(key);
    if (known !== undefined) return known;
    const query = group.policy.prepare(path);
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
    const rules = result.rules.map((rule) => this.#ruleOf(rule, group));
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
    const file = group.files.origins.get(rule.file)?.file ?? rule.file;
    const made = Object.freeze({ path: rule.path, file, row: rule.row });
    if (this.#rules.size < PREPARED_MAX) this.#rules.set(rule, made);
    return made;
  }
}

/** Paths come from entrypoints, but an administrator may ask any: the caches stay bounded. */
const PREPARED_MAX = 20_000;

function failed(code: 'policy_error' | 'policy_timeout', message: string): EngineAnswer {
  return { kind: 'error', code, message };
}

/** Does the value hold a number that a double would change: then what is read is not what the policy said. */
function isInexact(value: Value): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (value instanceof RegoNumber) return true;
  if (value instanceof RegoSet) return value.sorted().some(isInexact);
  if (Array.isArray(value)) return (value as readonly Value[]).some(isInexact);
  if (value instanceof RegoObject)
    return [...value.entries()].some(([key, member]) => isInexact(key) || isInexact(member));
  return isPlainObject(value) && Object.values(value).some(isInexact);
}
