import type { Capabilities } from '../analysis/capabilities.ts';
import type { ReadPaths } from '../analysis/reads.ts';
import { dataPath } from '../analysis/term-text.ts';
import { createBackend } from '../compile/create-backend.ts';
import { planOfText } from '../compile/plan-text.ts';
import { Engine } from '../eval/engine.ts';
import { pathSteps, planDocumentPath } from '../plan/document-path.ts';
import type { PolicyPlan } from '../plan/plan.ts';
import { pauseBriefly } from '../policy.ts';
import type { ModuleSource, PreparedQuery } from '../policy-types.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import { finishInSlices } from '../syntax/steps.ts';
import type { JsonObject } from '../value/index.ts';
import { type Compilers, compilerFailure, createCompilers } from './compilers.ts';

/** How modules are compiled in another thread. */
export interface CompileApartOptions {
  /** Base data; it stays in this thread, and is used in place. */
  readonly data?: JsonObject;
  readonly capabilities?: Capabilities;
  /** Slash paths whose reads will be asked for. */
  readonly paths?: readonly string[];
  /** About how long one stretch of work may hold this thread's event loop, ms; 2 by default. */
  readonly sliceMs?: number;
  /** They may have a thread ready, so that none has to be started first. */
  readonly compilers?: Compilers;
}

/** A policy whose compiler ran elsewhere: it answers for documents, and knows no more than its plan. */
export interface PolicyOfPlan {
  /** Slash paths below `data` at which rules stand, sorted. */
  readonly rulePaths: readonly string[];
  prepare(path: string): PreparedQuery;
  /** Which input and data a path can read; of the paths that were named when the policy was compiled. */
  reads(path: string): ReadPaths | undefined;
  /** The same policy with other base data; nothing is compiled again. */
  withData(data: JsonObject): PolicyOfPlan;
}

export type CompileApartResult =
  | { readonly policy: PolicyOfPlan; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly policy?: undefined;
      readonly diagnostics: readonly Diagnostic[];
      /** Why there is no answer, where the modules are not to blame. */
      readonly failure?: string;
    };

const SLICE_MS_DEFAULT = 2;

/**
 * Compiles modules in a thread of its own. This thread takes over the plan, in short slices, and reads each rule of it
 * when it is first needed: neither the compiler nor its garbage holds up what else runs here. Never rejects.
 */
export async function compileApart(
  sources: readonly ModuleSource[],
  options: CompileApartOptions = {},
): Promise<CompileApartResult> {
  const { data, capabilities, paths = [], sliceMs = SLICE_MS_DEFAULT } = options;
  const { compilers = createCompilers() } = options;
  const answer = await compilers.take().ask({ sources, capabilities, paths });
  if ('failure' in answer) return { diagnostics: [], failure: compilerFailure(answer.failure) };
  const { reply } = answer;
  const { diagnostics, failure } = reply;
  if (reply.plan === undefined) return { diagnostics, ...(failure !== undefined && { failure }) };
  const plan = await finishInSlices(planOfText(reply.plan), sliceMs, pauseBriefly);
  const backend = createBackend(plan, undefined);
  const reads = new Map(reply.reads);
  const policyWith = (base: JsonObject | undefined): PolicyOfPlan => {
    const engine = new Engine(plan, backend, { data: base, allowNet: capabilities?.allow_net });
    return policyOf(plan, engine, reads, policyWith);
  };
  return { policy: policyWith(data), diagnostics };
}

function policyOf(
  plan: PolicyPlan,
  engine: Engine,
  reads: ReadonlyMap<string, ReadPaths>,
  withData: PolicyOfPlan['withData'],
): PolicyOfPlan {
  return {
    rulePaths: plan.groups.map((group) => group.path.join('/')).sort(),
    prepare(path) {
      const steps = pathSteps(path);
      return {
        path: steps.join('/'),
        evaluate: engine.prepareValue(planDocumentPath(plan.root, steps), dataPath(steps)),
      };
    },
    reads: (path) => reads.get(path),
    withData,
  };
}
