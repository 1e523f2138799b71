import type {
  BuiltinContext,
  CryptoHost,
  HostAnswers,
  HostRequest,
  NondeterministicCache,
} from '../builtins/index.ts';
import type { PolicyPlan } from '../plan/plan.ts';
import type { EvaluationErrorCode } from '../runtime/fault.ts';
import type { Observer } from '../runtime/observer.ts';
import type { MatchedRule, Scope } from '../runtime/run.ts';
import { newMemo, Run } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import type { JsonObject, Value } from '../value/value.ts';

/** Ends an evaluation that does more than this many operations, where no other number is given. */
export const OPERATIONS_MAX_DEFAULT = 20_000_000;
/** Ends an evaluation whose values take more bytes than this by the estimate, where no other number is given. */
export const MEMORY_BYTES_MAX_DEFAULT = 512 * 1024 * 1024;
/** Ends an evaluation that takes longer than this, where no other limit is given. */
export const DEADLINE_MS_DEFAULT = 10_000;

/** What builtins may know of the world outside; nothing where it is not given. */
export interface EvaluationHost {
  /** What `opa.runtime()` answers; an empty object by default. */
  readonly runtime?: Value;
  /** Takes the text of `print` calls. */
  readonly printed?: (message: string) => void;
  /** Takes the text of `trace` calls. */
  readonly traced?: (message: string) => void;
  /** Takes the case that a test has come to, where the policy was compiled with `testCases`: the steps after its name. */
  readonly testCase?: (name: readonly Value[]) => void;
  /** Takes each failure of a builtin, which does not end an evaluation that is not strict. */
  readonly builtinFailed?: (failure: EvaluationError) => void;
  /** Nanoseconds since 1970, where an evaluation does not say its own time. */
  readonly clock?: () => bigint;
  /** Gives numbers of at least 0 and below 1. */
  readonly random?: () => number;
  /** Keys and signatures for `io.jwt.*` and `crypto.x509.*`: `nodeCrypto` of `@writ/rego/node`. */
  readonly crypto?: CryptoHost;
}

/** How one evaluation is to be done. */
export interface EvaluationOptions {
  /** Base data; what the policy was compiled with by default. */
  readonly data?: JsonObject;
  /** A builtin's failure ends the evaluation with an error instead of being undefined. */
  readonly strict?: boolean;
  /** Milliseconds from now; 10,000 by default. Best effort: looked at between operations. */
  readonly deadlineMs?: number;
  /** Rules, calls and steps of iterations; 20,000,000 by default. */
  readonly operationsMax?: number;
  /** Bytes that values may take that the evaluation makes, by a rough estimate; 512 MiB by default. */
  readonly memoryBytesMax?: number;
  /** Nanoseconds since 1970: what `time.now_ns` gives throughout; the clock by default. */
  readonly timeNs?: bigint;
  readonly host?: EvaluationHost;
  /**
   * Hosts that `http.send` and `net.lookup_ip_addr` may reach, of those that the policy's capabilities allow (all of
   * them by default), where there is a network at all.
   */
  readonly allowNet?: readonly string[];
  /** What non-deterministic builtins answered before; takes what they answer now. */
  readonly nondeterministic?: NondeterministicCache;
  /**
   * What the network answered: with it, a call that has no answer yet suspends the evaluation (`eval_suspended`);
   * without it, such a call fails. `evaluateAsync` does all of that.
   */
  readonly answers?: HostAnswers;
  /** False leaves the list of matched rules empty. */
  readonly recordRules?: boolean;
  /** Sees every statement; a slower compiled variant then runs. */
  readonly observer?: Observer;
}

/** An evaluation's outcome. Errors are values: nothing is thrown for what a policy or its input does. */
export type EvaluationResult =
  | {
      readonly kind: 'value';
      readonly value: Value;
      readonly rules: readonly MatchedRule[];
      readonly rulesEvaluated: number;
    }
  | { readonly kind: 'undefined'; readonly rules: readonly MatchedRule[]; readonly rulesEvaluated: number }
  | EvaluationError;
/** An evaluation that ended without an answer. */
export interface EvaluationError {
  readonly kind: 'error';
  readonly code: EvaluationErrorCode;
  readonly message: string;
  readonly location?: Location;
  /** Only with `eval_suspended`: what the host is asked. Evaluating again with the answer goes further. */
  readonly request?: HostRequest;
}

/** The answers of a query: one set of bindings each. */
export type QueryResult =
  | {
      readonly kind: 'bindings';
      readonly bindings: readonly Readonly<Record<string, Value>>[];
      readonly rules: readonly MatchedRule[];
    }
  | EvaluationError;

const NO_DATA: JsonObject = Object.freeze(Object.create(null));

/** What a policy was compiled with that its evaluations need. */
export interface PolicyDefaults {
  /** Base data for evaluations that bring none. */
  readonly data?: JsonObject | undefined;
  /** Hosts that may be reached; an evaluation can only take from them. */
  readonly allowNet?: readonly string[] | undefined;
}

/** What builtins see of one evaluation; costly parts are made when asked for. */
class EvaluationContext implements BuiltinContext {
  readonly #options: EvaluationOptions;
  readonly #allowNet: readonly string[] | undefined;
  #timeNs: bigint | undefined;
  #memo: Map<string, Value> | undefined;
  run: Run | undefined;

  constructor(options: EvaluationOptions, allowNet: readonly string[] | undefined) {
    this.#options = options;
    this.#allowNet = allowNet;
  }

  get timeNs(): bigint {
    this.#timeNs ??= this.#options.timeNs ?? this.#options.host?.clock?.() ?? BigInt(Date.now()) * 1_000_000n;
    return this.#timeNs;
  }

  get memo(): Map<string, Value> {
    this.#memo ??= new Map();
    return this.#memo;
  }

  get runtime(): Value {
    return this.#options.host?.runtime ?? NO_DATA;
  }

  get crypto(): CryptoHost | undefined {
    return this.#options.host?.crypto;
  }

  get nondeterministic(): NondeterministicCache | undefined {
    return this.#options.nondeterministic;
  }

  get answers(): HostAnswers | undefined {
    return this.#options.answers;
  }

  get allowNet(): readonly string[] | undefined {
    const { allowNet } = this.#options;
    if (allowNet === undefined) return this.#allowNet;
    return allowNet.filter((host) => this.#allowNet?.includes(host) ?? true);
  }

  random(): number {
    return this.#options.host?.random?.() ?? Math.random();
  }

  printed(message: string): void {
    this.#options.host?.printed?.(message);
  }

  testCase(name: readonly Value[]): void {
    this.#options.host?.testCase?.(name);
  }

  traced(message: string): void {
    this.#options.observer?.note?.(message);
    this.#options.host?.traced?.(message);
  }

  spend(operations: number): void {
    this.run?.spend(operations);
  }

  allocate(bytes: number): void {
    this.run?.allocate(bytes);
  }

  cancelled(): boolean {
    return this.run?.cancelled() ?? false;
  }
}

/** Begins an evaluation. */
export function startRun(
  plan: PolicyPlan,
  input: Value | undefined,
  options: EvaluationOptions,
  defaults: PolicyDefaults,
): Run {
  const scope: Scope = {
    input,
    data: options.data ?? defaults.data ?? NO_DATA,
    replaced: undefined,
    mocks: undefined,
    outer: undefined,
    memo: newMemo(plan.groups.length),
    keyed: undefined,
  };
  const builtins = new EvaluationContext(options, defaults.allowNet);
  const run = new Run({
    scope,
    groupCount: plan.groups.length,
    builtins,
    recordRules: options.recordRules !== false,
    observer: options.observer,
    operationsMax: options.operationsMax ?? OPERATIONS_MAX_DEFAULT,
    memoryBytesMax: options.memoryBytesMax ?? MEMORY_BYTES_MAX_DEFAULT,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS_DEFAULT,
    builtinFailed: options.host?.builtinFailed,
    isStrict: options.strict === true,
  });
  builtins.run = run;
  return run;
}
