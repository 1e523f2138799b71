import type { GroupPlan, PolicyPlan, RulePlan, Statement } from '../plan/plan.ts';
import type { Frame, Run } from '../runtime/run.ts';
import type { Value } from '../value/value.ts';

/** A compiled computation of one value, or nothing. */
export type Compute = (run: Run, frame: Frame) => Value | undefined;
/** A compiled statement with all that follows it. True ends every search around it. */
export type Step = (run: Run, frame: Frame) => boolean;

/** All rules of one path, compiled. */
export interface CompiledGroup {
  /** The whole: a complete rule's value, all of a partial set or object. */
  value(run: Run): Value | undefined;
  /** One member of a partial set, or the value under one key of a partial object. */
  member(run: Run, key: Value): Value | undefined;
  call(run: Run, args: readonly Value[]): Value | undefined;
}

/** A rule that gives one value: tries its branches in order. */
export type SingleRule = (run: Run, args: readonly Value[]) => Value | undefined;
/** A partial rule: hands each answer of its body to a collector. */
export type PartialRule = (run: Run, collector: Collector, key: Value | undefined) => void;
/** Takes the keys and the value (or member) of one answer; true where no further answer is wanted. */
export type Collector = (keys: readonly Value[], value: Value, rule: RulePlan) => boolean;

/** Parts made in another way than by closures; where it has none, closures are made. */
export interface OtherParts {
  /** How often a rule runs as a closure before it is asked for here. */
  readonly warmUses: number;
  group(group: GroupPlan): CompiledGroup | undefined;
  singleRule(group: GroupPlan, position: number): SingleRule | undefined;
  partialRule(group: GroupPlan, position: number, keyed: boolean): PartialRule | undefined;
}

/** What compiling a part needs of the whole. */
export interface Backend {
  readonly plan: PolicyPlan;
  /** Compiles statements so that they lead to `end` (bodies inside of values). */
  statements(statements: readonly Statement[], end: Step, ordered: boolean): Step;
  /** Compiled at first use. */
  group(id: number): CompiledGroup;
  /** What is made in another way than by closures. */
  readonly other: OtherParts;
  /** A step or name of the tree of documents, resolved while running. */
  document(run: Run, path: readonly string[], keys: readonly Value[]): Value | undefined;
  /** Names below a step of the tree of documents. */
  documentNames(run: Run, path: readonly string[], keys: readonly Value[]): Iterable<Value>;
  /** Whether a rule is begun only where OPA's index of rules has it: decides which errors come up. */
  readonly choosesAsOpa: boolean;
  /** Whether statements report to the run's observer. */
  readonly observed: boolean;
}
