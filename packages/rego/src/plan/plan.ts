import type { Builtin } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';

/**
 * The plan: what a back end runs. Analysis is over: which variables have a value at which point is known, so every
 * variable is a slot of its rule's frame, and unification has become assignment, comparison or matching against a
 * pattern. Plans are plain data; `eval/` turns them into closures.
 *
 * Slot 0 of a frame takes the result of the body; a block that is asked for one key of a partial rule finds that key
 * in slot 1. A function's arguments lie in the slots after that.
 */
export const RESULT_SLOT = 0;
export const KEY_SLOT = 1;
export const FIRST_SLOT = 2;

/** Computes one value, or nothing (Rego's undefined). Never gives a variable a value. */
export type ValueNode =
  | { readonly op: 'constant'; readonly value: Value }
  | { readonly op: 'slot'; readonly slot: number }
  | { readonly op: 'input'; readonly path: readonly string[] }
  /** Base data at a path below which no rule stands. */
  | { readonly op: 'base'; readonly path: readonly string[] }
  /** A package or another step of the tree of rules: rules below it merged with base data. */
  | { readonly op: 'document'; readonly path: readonly string[] }
  /** As `document`, when steps are known only at run time; ends anywhere in or below the tree. */
  | { readonly op: 'dynamic'; readonly path: readonly string[]; readonly keys: readonly ValueNode[] }
  /** All of what the rules at one path define. */
  | { readonly op: 'rule'; readonly group: number }
  /** One member of a partial set, or the value under one key of a partial object. */
  | { readonly op: 'member'; readonly group: number; readonly key: ValueNode }
  /** One step; `stored` where it is a step into base data. */
  | { readonly op: 'lookup'; readonly of: ValueNode; readonly key: ValueNode; readonly stored: boolean }
  | { readonly op: 'array'; readonly items: readonly ValueNode[] }
  | { readonly op: 'set'; readonly items: readonly ValueNode[] }
  | { readonly op: 'object'; readonly entries: readonly (readonly [key: ValueNode, value: ValueNode])[] }
  | {
      readonly op: 'builtin';
      readonly name: string;
      /** Brought by the caller of the engine. */
      readonly custom?: Builtin | undefined;
      readonly args: readonly ValueNode[];
      readonly location: Location;
    }
  | {
      readonly op: 'function';
      readonly group: number;
      readonly path: readonly string[];
      readonly args: readonly ValueNode[];
      readonly location: Location;
    }
  | ComprehensionNode;

export interface ComprehensionNode {
  readonly op: 'comprehension';
  readonly result: 'array' | 'set' | 'object';
  /** Where the members are collected. */
  readonly slot: number;
  readonly body: readonly Statement[];
  readonly key: ValueNode | undefined;
  readonly term: ValueNode;
  readonly location: Location;
}

/** What a value is taken apart by. */
export type Pattern =
  | { readonly op: 'any' }
  | { readonly op: 'bind'; readonly slot: number }
  | { readonly op: 'check'; readonly value: ValueNode }
  | { readonly op: 'array'; readonly items: readonly Pattern[] }
  /** The object has exactly these keys. */
  | { readonly op: 'object'; readonly entries: readonly (readonly [key: ValueNode, value: Pattern])[] };

/** One override of a `with`. */
export type Override =
  | { readonly target: 'input' | 'data'; readonly path: readonly string[]; readonly value: ValueNode }
  | {
      /** Slash path of a function or name of a builtin, by what `mockKey` makes of it. */
      readonly target: 'call';
      readonly key: string;
      readonly replacement:
        | { readonly kind: 'value'; readonly value: ValueNode }
        | { readonly kind: 'function' | 'rule'; readonly group: number }
        | { readonly kind: 'builtin'; readonly name: string; readonly custom?: Builtin | undefined };
    };

/** A statement goes on to the next one never, once, or many times. */
export type Statement = (
  | { readonly op: 'test'; readonly value: ValueNode }
  | { readonly op: 'assign'; readonly slot: number; readonly value: ValueNode }
  | { readonly op: 'equal'; readonly left: ValueNode; readonly right: ValueNode }
  | { readonly op: 'match'; readonly pattern: Pattern; readonly value: ValueNode }
  /** For each member of a collection. */
  | { readonly op: 'scan'; readonly of: ValueNode; readonly key: Pattern; readonly value: Pattern }
  /** For each name below a step of the tree of documents. */
  | {
      readonly op: 'scan-document';
      readonly path: readonly string[];
      readonly keys: readonly ValueNode[];
      readonly key: Pattern;
    }
  /** For each answer of a relation (`walk`). */
  | {
      readonly op: 'relation';
      readonly name: string;
      readonly args: readonly ValueNode[];
      readonly output: Pattern;
    }
  | { readonly op: 'not'; readonly body: readonly Statement[] }
  /** Goes on once if one of the bodies has an answer; the later ones are not looked at then. */
  | { readonly op: 'holds'; readonly bodies: readonly (readonly Statement[])[] }
  | {
      readonly op: 'every';
      readonly key: number | undefined;
      readonly value: number;
      readonly domain: ValueNode;
      readonly body: readonly Statement[];
    }
  | { readonly op: 'with'; readonly overrides: readonly Override[]; readonly body: readonly Statement[] }
) & {
  /** The user's expression that the statement comes from. */
  readonly source: Location;
  /** The user's variables in that expression, for reports. */
  readonly variables: readonly NamedSlot[];
};

/** Where a variable that a user named has its value. */
export interface NamedSlot {
  readonly name: string;
  readonly slot: number;
}

/** A body and the value that it gives. */
export interface BranchPlan {
  readonly body: readonly Statement[];
  /** Keys after the group's path, outermost first; empty for complete rules and sets. */
  readonly keys: readonly ValueNode[];
  /** The value; for a partial set its member. */
  readonly value: ValueNode;
  readonly location: Location;
}

/** One rule. */
export interface RulePlan {
  readonly path: string;
  readonly file: string;
  readonly row: number;
  readonly location: Location;
  readonly slots: number;
  /** Patterns of a function's arguments. */
  readonly args: readonly Pattern[];
  /** The body, then its `else` bodies. */
  readonly branches: readonly BranchPlan[];
  /** Whether the leaf collects members of a set. */
  readonly collects: 'value' | 'set';
  /** As `branches`, for the one key in slot 1; only for partial rules. */
  readonly keyed: (() => { readonly branches: readonly BranchPlan[]; readonly slots: number }) | undefined;
}

/** Which rules can apply, by the value of one thing that their bodies compare with constants. */
export interface RuleIndex {
  /** Read in the frame of no rule: input, base data, or an argument by position. */
  readonly subject:
    | ValueNode
    | { readonly op: 'argument'; readonly position: number; readonly path: readonly string[] };
  readonly buckets: ReadonlyMap<string | number | boolean | null, RuleChoice>;
  /** For every other value, and none. */
  readonly otherwise: RuleChoice;
}
/** Positions in the group's rules, in order; or a further index. */
export type RuleChoice = readonly number[] | RuleIndex;

/** What constants in the heads of a partial object make of the tree of documents. */
export interface FixedSteps {
  /** Positions of rules whose whole head is constant: two values of one such head contradict each other. */
  readonly whole: readonly number[];
  /** Documents that are there whether rules below them hold or not. */
  readonly prepared: readonly { readonly keys: readonly Value[]; readonly kind: 'object' | 'set' }[];
  readonly defaults: readonly { readonly keys: readonly Value[]; readonly value: Value }[];
}

/** All rules at one path. */
export interface GroupPlan {
  readonly id: number;
  readonly path: readonly string[];
  readonly kind: 'complete' | 'function' | 'partial-set' | 'partial-object';
  readonly arity: number;
  readonly rules: readonly RulePlan[];
  readonly fallback: RulePlan | undefined;
  /** Of partial objects, where no rule has a variable in the first step of its head. */
  readonly fixed?: FixedSteps | undefined;
  /** The one value that every rule gives, where that is known: then the first success ends the search. */
  readonly constant: Value | undefined;
  readonly choice: RuleChoice;
  /** Whether results of calls with one plain argument are remembered. */
  readonly worthKeeping: boolean;
}

/** A node of the tree of documents. */
export interface DocumentPlan {
  readonly path: readonly string[];
  readonly group: GroupPlan | undefined;
  readonly children: ReadonlyMap<string, DocumentPlan>;
}

/** A policy ready to be run. */
export interface PolicyPlan {
  readonly groups: readonly GroupPlan[];
  readonly root: DocumentPlan;
}

/** A query's plan: its body, and where each variable's value lies. */
export interface QueryPlan {
  readonly body: readonly Statement[];
  readonly slots: number;
  readonly variables: readonly NamedSlot[];
}

/** The key under which `with` replaces a function or builtin. */
export function mockKey(
  callee: { kind: 'function'; path: readonly string[] } | { kind: 'builtin'; name: string },
): string {
  return callee.kind === 'builtin' ? callee.name : `data/${callee.path.join('/')}`;
}
