import type { Value } from '../value/index.ts';
import type { CryptoHost } from './crypto-host.ts';
import type { HostAnswers } from './host-request.ts';
import type { NondeterministicCache } from './nondeterministic-cache.ts';

/** The types that a signature can ask for; the shapes are OPA's (`capabilities.json`). */
export type BuiltinType =
  | { readonly type: 'any' | 'null' | 'boolean' | 'number' | 'string' }
  | { readonly type: 'any'; readonly of: readonly BuiltinType[] }
  | { readonly type: 'array'; readonly static?: readonly BuiltinType[]; readonly dynamic?: BuiltinType }
  | { readonly type: 'set'; readonly of: BuiltinType }
  | {
      readonly type: 'object';
      readonly static?: readonly { readonly key: string; readonly value: BuiltinType }[];
      readonly dynamic?: { readonly key: BuiltinType; readonly value: BuiltinType };
    };

/** What OPA declares about a builtin. */
export interface BuiltinSignature {
  readonly name: string;
  /** Types of the operands; their number is the arity. */
  readonly args: readonly BuiltinType[];
  /** Type of further operands; only `print` has it. */
  readonly variadic?: BuiltinType;
  /** Absent where the builtin gives no value (`print`). */
  readonly result?: BuiltinType;
  /** The operator that stands for it. */
  readonly infix?: string;
  /** Gives several answers, like `walk`. */
  readonly relation?: true;
  /** Rejected in Rego v1. */
  readonly deprecated?: true;
  /** The answer does not follow from the operands alone. */
  readonly nondeterministic?: true;
}

/** Codes of a builtin's failure, as OPA names them. */
export type BuiltinErrorCode = 'eval_builtin_error' | 'eval_type_error' | 'eval_cancel_error';

/**
 * A failed builtin call. It makes the expression undefined unless errors are strict; `eval_cancel_error` always ends
 * the evaluation.
 */
export class BuiltinError {
  readonly code: BuiltinErrorCode;
  /** In OPA's words, the builtin's name in front: `div: divide by zero`. */
  readonly message: string;

  constructor(code: BuiltinErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** What a builtin may ask of the evaluation around it. */
export interface BuiltinContext {
  /** The time of the query in nanoseconds since 1970; one value for the whole query. */
  readonly timeNs: bigint;
  /** The next random number of the query, at least 0 and below 1. */
  random(): number;
  /** Values that stay the same within one query (`rand.intn`, `uuid.rfc4122`), by key; starts empty. */
  readonly memo: Map<string, Value>;
  /** Takes the text of a `print` call. */
  printed(message: string): void;
  /** Takes the name of the case that a test has come to: the steps after the test's own name. */
  testCase(name: readonly Value[]): void;
  /** Takes the text of a `trace` call. */
  traced(message: string): void;
  /** What `opa.runtime` answers. */
  readonly runtime: Value;
  /** Keys and signatures; without it builtins that need them end the evaluation. */
  readonly crypto?: CryptoHost | undefined;
  /** What non-deterministic builtins answered before, and where they put their answers. */
  readonly nondeterministic?: NondeterministicCache | undefined;
  /** What the network answered; without it the network is out of reach. */
  readonly answers?: HostAnswers | undefined;
  /** The hosts that may be reached; any where it is undefined. */
  readonly allowNet?: readonly string[] | undefined;
  /** Counts work beyond that of a call as operations; throws what ends the evaluation where it has no more. */
  spend(operations: number): void;
  /** Counts memory that a call takes, before it takes it; throws what ends the evaluation where it is too much. */
  allocate(bytes: number): void;
  /** True once the evaluation ought to stop; long-running builtins look at it. */
  cancelled(): boolean;
}

/** What an implementation gives: a value, a failure, or nothing (undefined). */
export type BuiltinOutcome = Value | BuiltinError | undefined;

/** A builtin's function over checked operands. */
export type BuiltinImplementation = (context: BuiltinContext, ...operands: Value[]) => BuiltinOutcome;

/** A builtin that this engine can call. */
export interface Builtin extends BuiltinSignature {
  /** Number of operands. */
  readonly arity: number;
  /** The same operands give the same answer. */
  readonly deterministic: boolean;
  readonly implementation: BuiltinImplementation;
  /** A relation's answers, one after another; only where `relation` is set. */
  readonly answers?: (context: BuiltinContext, ...operands: Value[]) => Iterable<Value>;
}
