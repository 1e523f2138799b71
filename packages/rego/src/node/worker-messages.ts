import type { ReadPaths } from '../analysis/reads.ts';
import type { ModuleSource } from '../policy.ts';
import type { EvaluationErrorCode } from '../runtime/fault.ts';
import type { MatchedRule } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import type { Transported } from './transport.ts';

/** What is compiled in a worker. */
export interface CompileRequest {
  readonly kind: 'compile';
  readonly policy: number;
  readonly sources: readonly ModuleSource[];
  readonly data: Transported;
  /** Builtins that exist for these policies; all where it is undefined. */
  readonly builtins: readonly string[] | undefined;
  /** Slash paths of which is asked what they can read. */
  readonly paths: readonly string[];
}

export interface EvaluateRequest {
  readonly kind: 'evaluate';
  readonly policy: number;
  readonly path: string;
  /** Undefined where there is no input. */
  readonly input: Transported | undefined;
  readonly deadlineMs: number;
  readonly timeNs: bigint | undefined;
  readonly operationsMax: number | undefined;
  readonly memoryBytesMax: number | undefined;
  readonly strict: boolean;
}

export type WorkerRequest = CompileRequest | EvaluateRequest;

/** As an evaluation's result, fit to be sent. */
export type SentResult =
  | {
      readonly kind: 'value';
      readonly value: Transported;
      readonly rules: readonly MatchedRule[];
      readonly rulesEvaluated: number;
    }
  | { readonly kind: 'undefined'; readonly rules: readonly MatchedRule[]; readonly rulesEvaluated: number }
  | {
      readonly kind: 'error';
      readonly code: EvaluationErrorCode;
      readonly message: string;
      readonly location?: Location;
    };

export type WorkerReply =
  | {
      readonly kind: 'compiled';
      readonly ok: boolean;
      readonly diagnostics: readonly Diagnostic[];
      readonly reads: readonly (readonly [path: string, reads: ReadPaths])[];
    }
  | { readonly kind: 'evaluated'; readonly result: SentResult };
