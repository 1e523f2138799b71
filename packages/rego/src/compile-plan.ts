import type { AnalysedPolicy } from './analysis/analyse.ts';
import { analyseSteps } from './analysis/analyse.ts';
import { type ReadPaths, readPaths } from './analysis/reads.ts';
import { pathSteps } from './plan/document-path.ts';
import type { PolicyPlan } from './plan/plan.ts';
import { planPolicySteps } from './plan/planner.ts';
import type { CompileOptions, ModuleSource } from './policy-types.ts';
import { compileRead, type WholeModules } from './read-modules.ts';
import type { Diagnostic } from './syntax/diagnostic.ts';
import { finish, type Steps } from './syntax/steps.ts';

/** A plan for whoever needs no more of the policy. */
export interface CompiledPlan {
  /** Absent where the modules have errors. Its rules are planned when they are asked for, see `planPolicySteps`. */
  readonly plan?: PolicyPlan;
  /** Which input and data a path can read. */
  readonly reads: (path: string) => ReadPaths;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles Rego modules up to the plan: what another thread needs to evaluate the policy. Without twins every rule is
 * looked at by itself, which comes to the same.
 */
export function compilePlan(
  sources: readonly ModuleSource[],
  options: CompileOptions,
  withTwins = true,
): CompiledPlan {
  const compiled = finish(compileRead(sources, options, withTwins, (read) => planSteps(read, options)));
  return 'reads' in compiled ? compiled : { ...compiled, reads: () => NOTHING };
}

const NOTHING: ReadPaths = { input: [], data: [] };

function* planSteps(
  { modules, twins, diagnostics }: WholeModules,
  options: CompileOptions,
): Steps<CompiledPlan> {
  const analysed = yield* analyseSteps(modules, options, twins);
  const all = [...diagnostics, ...analysed.diagnostics];
  if (analysed.policy === undefined) return { reads: () => NOTHING, diagnostics: all };
  const policy: AnalysedPolicy = analysed.policy;
  const { plan } = yield* planPolicySteps(policy, true);
  return { plan, reads: (path) => readPaths(policy.root, pathSteps(path)), diagnostics: all };
}
