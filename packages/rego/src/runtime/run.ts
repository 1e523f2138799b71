import type { Builtin, BuiltinContext, BuiltinError } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import { EvaluationFault } from './fault.ts';
import type { Observer } from './observer.ts';

/** A frame holds the variables of one rule; what a slot holds beside values (collectors) is the back end's own. */
export type Frame = unknown[];

/** A rule that gave a value, with its place. */
export interface MatchedRule {
  /** `data.agent.tools.decision` */
  readonly path: string;
  readonly file: string;
  readonly row: number;
}

/** What stands in for a function or builtin below a `with`. */
export type Mock =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'function'; readonly group: number }
  /** The value that the rule has where the call stands. */
  | { readonly kind: 'rule'; readonly group: number }
  | { readonly kind: 'builtin'; readonly name: string; readonly custom?: Builtin | undefined };

/**
 * What rules can see: changes below a `with`. Results are remembered per scope, so that an override never meets a
 * result computed without it.
 */
export interface Scope {
  readonly input: Value | undefined;
  readonly data: Value;
  /** Paths below `data` that a `with` replaced: rules at or below them are out of sight. */
  readonly replaced: readonly (readonly string[])[] | undefined;
  readonly mocks: ReadonlyMap<string, Mock> | undefined;
  /** The scope around this one. */
  readonly outer: Scope | undefined;
  /** Values of whole groups, by group. */
  readonly memo: unknown[];
  /** Values of single members and calls, by group, then by key. */
  keyed: Map<number, Map<unknown, unknown>> | undefined;
}

/** Above this many groups results are kept sparsely. */
const DENSE_GROUPS_MAX = 512;
/** After so many operations the clock starts: most evaluations are over before, and looking at it costs as much. */
const CLOCK_START = 32;
/** How many operations pass between two looks at the clock. */
const CLOCK_INTERVAL = 1024;

/** Makes an array for the results of all groups. */
export function newMemo(groupCount: number): unknown[] {
  return groupCount <= DENSE_GROUPS_MAX ? new Array(groupCount) : [];
}

/** A failure of a builtin, in the form of an evaluation's error. */
export interface FailedCall {
  readonly kind: 'error';
  readonly code: 'eval_builtin_error' | 'eval_type_error';
  readonly message: string;
  readonly location: Location;
}

/** One evaluation. */
export class Run {
  scope: Scope;
  readonly groupCount: number;
  readonly builtins: BuiltinContext;
  readonly matched: MatchedRule[] | undefined;
  readonly observer: Observer | undefined;
  rulesEvaluated = 0;
  /** The first failure of a builtin; reported in strict mode. */
  builtinError: { readonly error: BuiltinError; readonly location: Location } | undefined;
  /** A failure ends the evaluation, so that none may be passed over that OPA meets. */
  readonly isStrict: boolean;
  /** Hears of all of them. */
  readonly builtinFailed: ((failure: FailedCall) => void) | undefined;
  operations = 0;
  #nextCheck: number;
  #memoryBytes = 0;
  readonly #operationsMax: number;
  readonly #memoryBytesMax: number;
  readonly #deadlineMs: number;
  /** On the clock of `performance.now()`; undefined until the clock has started. */
  #deadline: number | undefined;

  constructor(options: {
    readonly scope: Scope;
    readonly groupCount: number;
    readonly builtins: BuiltinContext;
    readonly recordRules: boolean;
    readonly observer: Observer | undefined;
    readonly operationsMax: number;
    readonly memoryBytesMax: number;
    /** From the first look at the clock, which is after a few operations. */
    readonly deadlineMs: number;
    readonly builtinFailed: Run['builtinFailed'];
    readonly isStrict: boolean;
  }) {
    this.scope = options.scope;
    this.groupCount = options.groupCount;
    this.builtins = options.builtins;
    this.matched = options.recordRules ? [] : undefined;
    this.observer = options.observer;
    this.builtinFailed = options.builtinFailed;
    this.isStrict = options.isStrict;
    this.#operationsMax = options.operationsMax;
    this.#memoryBytesMax = options.memoryBytesMax;
    this.#deadlineMs = options.deadlineMs;
    this.#nextCheck = Math.min(CLOCK_START, options.operationsMax);
  }

  /** Counts one operation; ends the evaluation where its budget is spent. */
  count(): void {
    this.operations += 1;
    if (this.operations > this.#nextCheck) this.#check();
  }

  /** Counts the work of a step that does much at once as so many operations. */
  spend(operations: number): void {
    this.operations += operations;
    if (this.operations > this.#nextCheck) this.#check();
  }

  /** Counts what a value takes, roughly, whether it is kept or not; ends the evaluation where that is too much. */
  allocate(bytes: number): void {
    this.#memoryBytes += bytes;
    if (this.#memoryBytes > this.#memoryBytesMax) {
      throw new EvaluationFault('eval_cancel_error', 'evaluation exceeded its estimate of memory');
    }
  }

  #check(): void {
    if (this.operations > this.#operationsMax) {
      throw new EvaluationFault('eval_cancel_error', 'evaluation exceeded its budget of operations');
    }
    if (this.cancelled()) throw new EvaluationFault('eval_cancel_error', 'evaluation exceeded its deadline');
    this.#nextCheck = Math.min(this.operations + CLOCK_INTERVAL, this.#operationsMax);
  }

  /** Whether the deadline has passed. The first look starts the clock. */
  cancelled(): boolean {
    if (this.#deadlineMs === Number.POSITIVE_INFINITY) return false;
    const now = performance.now();
    this.#deadline ??= now + this.#deadlineMs;
    return now > this.#deadline;
  }
}
