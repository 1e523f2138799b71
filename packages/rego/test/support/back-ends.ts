import { isDeepStrictEqual } from 'node:util';
import type {
  CompileOptions,
  CompileResult,
  EvaluationOptions,
  EvaluationResult,
  ModuleSource,
  Policy,
  PolicyBackend,
  QueryResult,
  QuerySource,
  Value,
} from '../../src/index.ts';
import { compilePolicy, equal, makeObject, toJson } from '../../src/index.ts';
import type { LoadedPolicy } from '../../src/runtime.ts';
import { loadModuleText } from './load-module-text.ts';

/** Beside these every policy also runs compiled ahead of time. */
export const BACKENDS: readonly PolicyBackend[] = ['closures', 'generated'];

/**
 * As `compilePolicy`; each evaluation then runs on every back end, and fails where two of them differ in anything:
 * value, error with its place, rules that matched in their order, number of rules tried.
 */
export function compileOnAll(sources: readonly ModuleSource[], options: CompileOptions = {}): CompileResult {
  const compiled = BACKENDS.map((backend) => compilePolicy(sources, { ...options, backend }));
  const [first] = compiled;
  if (first?.policy === undefined) return first!;
  return { ...first, policy: together(compiled.map(({ policy }) => policy!)) };
}

/** The policy compiled ahead of time; a policy that is a module offers only the queries that it was written with. */
function moduleOf(
  policy: Policy,
  queries: Readonly<Record<string, QuerySource>> = {},
): LoadedPolicy | undefined {
  const { text, diagnostics } = policy.writeModule({ queries });
  // A builtin that the caller brings has no place in a file.
  if (diagnostics.some(({ message }) => message.includes('that its caller brings'))) return undefined;
  if (text === undefined) throw new Error(JSON.stringify(diagnostics));
  return loadModuleText(text);
}

function together(policies: readonly Policy[]): Policy {
  const first = policies[0]!;
  let loaded: LoadedPolicy | undefined;
  return {
    writeModule: (options) => first.writeModule(options),
    backend: first.backend,
    modules: first.modules,
    rulePaths: first.rulePaths,
    packages: first.packages,
    entrypoints: () => first.entrypoints(),
    reads: (path) => first.reads(path),
    kindsOf: (path) => first.kindsOf(path),
    requiredCapabilities: () => first.requiredCapabilities(),
    dependencies: (query, options) => first.dependencies(query, options),
    withData: (data) => together(policies.map((policy) => policy.withData(data))),
    partial: (query, options) => first.partial(query, options),
    prepare: (path) => {
      loaded ??= moduleOf(first);
      const all = loaded === undefined ? policies : [...policies, loaded];
      const prepared = all.map((policy) => policy.prepare(path));
      return {
        path: prepared[0]!.path,
        evaluate: (input, options) => onAll(prepared, sameResult, input, options),
      };
    },
    prepareResults: (text, options) => first.prepareResults(text, options),
    prepareQuery: (text, options) => {
      const prepared = policies.map((policy) => policy.prepareQuery(text, options));
      const queries = prepared.map(({ query }) => query);
      const { diagnostics } = prepared[0]!;
      if (queries[0] === undefined) return { diagnostics };
      const written = moduleOf(first, { query: { text, ...options } })?.query('query');
      const compiled = queries.map((one) => one!);
      const all = written === undefined ? compiled : [...compiled, written];
      return {
        diagnostics,
        query: { evaluate: (input, evaluation) => onAll(all, sameBindings, input, evaluation) },
      };
    },
  };
}

interface Evaluable<R> {
  evaluate(input: Value | undefined, options?: EvaluationOptions): R;
}

function onAll<R>(
  evaluables: readonly Evaluable<R>[],
  same: (a: R, b: R) => boolean,
  input: Value | undefined,
  options: EvaluationOptions = {},
): R {
  const timeNs = options.timeNs ?? BigInt(Date.now()) * 1_000_000n;
  // A module cannot be observed.
  const some = options.observer === undefined ? evaluables : evaluables.slice(0, BACKENDS.length);
  const results = some.map((one, index) => {
    let turn = 0;
    const random = (): number => {
      turn += 1;
      return (turn * 0.618_033_988_749) % 1;
    };
    // What prints goes to the host once.
    const { printed, traced, ...host } = options.host ?? {};
    const heard = index === 0 ? options.host : host;
    return one.evaluate(input, { ...options, timeNs, host: { random, ...heard } });
  });
  for (const [index, result] of results.entries()) {
    if (same(result, results[0]!) || (index >= BACKENDS.length && isInDoubt(result))) continue;
    throw new Error(`back ends differ: ${results.map(shown).join(' / ')}`);
  }
  return results[0]!;
}

/**
 * A policy compiled ahead of time has no bodies of rules any more to be evaluated a second time as OPA chooses them: it
 * ends with an error also where that lies in a rule that OPA's index leaves out.
 */
function isInDoubt(result: unknown): boolean {
  const { kind, code } = result as { readonly kind: string; readonly code?: string };
  return kind === 'error' && /^eval_(conflict|builtin|type)_error$/.test(code ?? '');
}

function sameResult(a: EvaluationResult, b: EvaluationResult): boolean {
  if (a.kind === 'value' && b.kind === 'value') {
    if (!equal(a.value, b.value) || toJson(a.value) !== toJson(b.value)) return false;
  }
  if (a.kind === 'error' || b.kind === 'error') return isDeepStrictEqual(a, b);
  return a.kind === b.kind && a.rulesEvaluated === b.rulesEvaluated && isDeepStrictEqual(a.rules, b.rules);
}

function sameBindings(a: QueryResult, b: QueryResult): boolean {
  if (a.kind === 'error' || b.kind === 'error') return isDeepStrictEqual(a, b);
  if (a.bindings.length !== b.bindings.length || !isDeepStrictEqual(a.rules, b.rules)) return false;
  return a.bindings.every((one, index) =>
    equal(makeObject(Object.entries(one)), makeObject(Object.entries(b.bindings[index]!))),
  );
}

function shown(result: unknown): string {
  return JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}
