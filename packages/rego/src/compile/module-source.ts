import type { DocumentPlan, GroupPlan, PolicyPlan, QueryPlan, RulePlan } from '../plan/plan.ts';
import type { JsonObject } from '../value/value.ts';
import type { ConstantSource } from './constants.ts';

/** Counted up when a module written before could not be loaded, or would decide otherwise. */
export const MODULE_FORMAT = 1;

/** What one function of a chunk is. */
export type ChunkPart =
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'single' | 'partial' | 'keyed'; readonly group: number; readonly position: number }
  | { readonly kind: 'query'; readonly name: string };

/** Some functions of a module, made at the first use of one of them. */
export interface ModuleChunk {
  readonly parts: readonly ChunkPart[];
  readonly constants: () => readonly ConstantSource[];
  readonly make: (constants: readonly unknown[]) => unknown[];
}

/** A rule's plan as data. */
export type RuleData = Omit<RulePlan, 'keyed'> & {
  readonly keyed?: ReturnType<NonNullable<RulePlan['keyed']>>;
};
export type GroupData = Omit<GroupPlan, 'rules' | 'fallback'> & {
  readonly rules: readonly RuleData[];
  readonly fallback?: RuleData;
};
export interface DocumentData {
  readonly path: readonly string[];
  readonly group?: number;
  readonly children: readonly DocumentData[];
}

/** A compiled policy as a module hands it to the runtime: plans without the bodies that stand there as code. */
export interface PolicyModule {
  readonly format: number;
  readonly groups: readonly GroupData[];
  readonly root: DocumentData;
  readonly queries: Readonly<Record<string, QueryPlan>>;
  readonly chunks: readonly ModuleChunk[];
  readonly data?: JsonObject;
  /** Hosts that its evaluations may reach; any, where nothing is said. */
  readonly allowNet?: readonly string[];
}

export function ruleData(plan: RulePlan): RuleData {
  // Plans may be made, or read, when something of them is asked for: then they have no members of their own.
  const { path, file, row, location, slots, args, branches, collects, keyed } = plan;
  const rule = { path, file, row, location, slots, args, branches, collects };
  return keyed === undefined ? rule : { ...rule, keyed: keyed() };
}

function rulePlan({ keyed, ...rule }: RuleData): RulePlan {
  return { ...rule, keyed: keyed === undefined ? undefined : () => keyed };
}

export function documentData({ path, group, children }: DocumentPlan): DocumentData {
  const below = Array.from(children.values(), documentData);
  return { path, ...(group !== undefined && { group: group.id }), children: below };
}

export function documentPlan(
  { path, group, children }: DocumentData,
  groups: readonly GroupPlan[],
): DocumentPlan {
  const below = children.map((child) => [child.path.at(-1)!, documentPlan(child, groups)] as const);
  return { path, group: group === undefined ? undefined : groups[group], children: new Map(below) };
}

/** The plan that a module holds. */
export function planOfModule({ groups: all, root }: PolicyModule): PolicyPlan {
  const groups = all.map(
    ({ rules, fallback, ...group }): GroupPlan => ({
      ...group,
      rules: rules.map(rulePlan),
      fallback: fallback === undefined ? undefined : rulePlan(fallback),
    }),
  );
  return { groups, root: documentPlan(root, groups) };
}
