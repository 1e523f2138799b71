import type { Bundle } from '@writ/bundle';
import type { DecisionMetadata, DecisionRequest } from '@writ/decision';
import type { BudgetDefinition, ContextFact } from '@writ/state';
import type { ActiveEntrypoint, PolicySet } from '../layers/policy-set.ts';
import { readBudgets } from './budgets.ts';
import { factsFor } from './gather.ts';

/** What a decision about a request has to gather, and the paths by which the record says so. */
export interface NeededFacts {
  readonly facts: readonly ContextFact[];
  readonly paths: readonly string[];
}

/** What stays the same for all decisions under one policy set. */
export interface PolicyFacts {
  readonly engine: string;
  /** Revisions in one text, for `policy_version`. */
  readonly version: string;
  readonly digest: string;
  readonly bundles: NonNullable<DecisionMetadata['bundles']>;
  readonly budgets: readonly BudgetDefinition[];
  /** Why the budgets in the bundles' data cannot be read: then nothing is decided but denials. */
  readonly budgetProblem?: string;
  /** Does any entrypoint judge results, or observe them. */
  readonly judgesResults: boolean;
  /** Does any entrypoint judge results whose opinion counts. */
  readonly mustJudgeResults: boolean;
  needs(request: DecisionRequest): NeededFacts;
}

/** Kinds of request whose needs are remembered; with more the oldest is forgotten. */
const NEEDS_MAX = 1024;
/** Most paths that the record lists for one decision. */
const PATHS_MAX = 64;

/** Gives the facts of policy sets, each worked out once. `extra` are budgets from the configuration. */
export function rememberPolicyFacts(extra: readonly BudgetDefinition[]): (set: PolicySet) => PolicyFacts {
  const known = new WeakMap<PolicySet, PolicyFacts>();
  return (set) => {
    const before = known.get(set);
    if (before !== undefined) return before;
    const facts = policyFacts(set, extra);
    known.set(set, facts);
    return facts;
  };
}

function policyFacts(set: PolicySet, extra: readonly BudgetDefinition[]): PolicyFacts {
  const budgets = readBudgets(set.bundles, extra);
  return {
    engine: set.engine,
    version: versionOf(set.bundles),
    digest: set.digest,
    bundles: Object.fromEntries(
      set.bundles.map(({ name, revision, digest }) => [name, { revision, digest }]),
    ),
    budgets: budgets.ok ? budgets.budgets : [],
    ...(budgets.ok ? {} : { budgetProblem: budgets.message }),
    judgesResults: set.entrypoints.some(asksResults),
    mustJudgeResults: set.entrypoints.some((active) => asksResults(active) && !active.observes),
    needs: rememberNeeds(set),
  };
}

function asksResults({ entrypoint }: ActiveEntrypoint): boolean {
  return entrypoint.when.phases.includes('result');
}

function versionOf(bundles: readonly Bundle[]): string {
  return bundles
    .map(({ name, revision }) => `${name}@${revision}`)
    .sort()
    .join(' ');
}

/** Which entrypoints apply depends on these members alone, and so does what they read. */
function rememberNeeds(set: PolicySet): PolicyFacts['needs'] {
  const remembered = new Map<string, NeededFacts>();
  return (request) => {
    const { phase, type, server, tool, capability } = request.action;
    const key = JSON.stringify([
      phase,
      type,
      server ?? 0,
      tool ?? 0,
      capability ?? 0,
      request.principal.tenant ?? 0,
    ]);
    const before = remembered.get(key);
    if (before !== undefined) return before;
    const needs = needsOf(set, request);
    remembered.set(key, needs);
    if (remembered.size > NEEDS_MAX) remembered.delete(remembered.keys().next().value as string);
    return needs;
  };
}

function needsOf(set: PolicySet, request: DecisionRequest): NeededFacts {
  const reads = set.readsOf(request);
  const facts = factsFor(reads?.input);
  const data = reads === undefined ? ['data'] : reads.data.map((path) => ['data', ...path].join('.'));
  return { facts, paths: [...facts.map((fact) => `context.${fact}`), ...data].slice(0, PATHS_MAX) };
}
