import type { AnalysedPolicy } from './analysis/analyse.ts';
import { walkGroups } from './analysis/documents.ts';
import { createBackend } from './compile/create-backend.ts';
import { type Entrypoint, entrypointsOf } from './entrypoints.ts';
import type { Backend } from './eval/backend.ts';
import type { PlannedPolicy } from './plan/planner.ts';
import type { PolicyBackend } from './policy-types.ts';
import type { Module } from './syntax/ast.ts';

/** What compiling made, whatever the data. */
export interface MadePolicy {
  /**
   * Gives the modules again: trees are several times as large as their text, and few programs look at them once the
   * policy is compiled.
   */
  readonly parse: () => readonly Module[];
  readonly modulePackages: readonly string[];
  readonly entrypoints: readonly Entrypoint[];
  readonly analysed: AnalysedPolicy;
  readonly planned: PlannedPolicy;
  readonly plain: Backend;
  readonly rulePaths: readonly string[];
  readonly packages: readonly string[];
}

/** Puts together what an analysis and a plan give. */
export function madePolicy(
  modules: readonly Module[],
  parse: () => readonly Module[],
  analysed: AnalysedPolicy,
  planned: PlannedPolicy,
  backend: PolicyBackend | undefined,
): MadePolicy {
  const modulePackages = modules.map((module) => module.package.path.join('/'));
  const rulePaths: string[] = [];
  walkGroups(analysed.root, (group) => rulePaths.push(group.path.join('/')));
  return {
    parse,
    modulePackages,
    entrypoints: entrypointsOf(modules),
    analysed,
    planned,
    plain: createBackend(planned.plan, backend),
    rulePaths: rulePaths.sort(),
    packages: [...new Set(modulePackages)].sort(),
  };
}
