import type { Builtin } from '../builtins/index.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';

/**
 * The resolved tree: what analysis turns a syntax tree into and what the planner reads. Names are gone: a variable
 * is one object per declaration, a reference starts at `input`, `data` or a variable, a call names its callee.
 * Bodies are rewritten in place by the stages (see `stages.ts`), so nodes here are not frozen.
 */

/** One variable of one rule (or query); compared by identity. */
export interface Variable {
  /** As the user wrote it; for generated ones a name that no user can write. */
  readonly name: string;
  readonly origin: 'user' | 'wildcard' | 'generated';
  /** For a generated one, the user's term whose value it holds: messages show that. */
  readonly standsFor?: CoreTerm;
  /** How that was written, where it has been rewritten since. */
  readonly text?: string;
}

/** A builtin by its name; where the caller of the engine brought it, with what it does. */
export interface BuiltinCallee {
  readonly kind: 'builtin';
  readonly name: string;
  readonly custom?: Builtin | undefined;
}

/** What a call calls. */
export type Callee =
  | BuiltinCallee
  | { readonly kind: 'function'; readonly path: readonly string[] }
  | { readonly kind: 'unknown'; readonly name: string };

interface CoreNode {
  readonly location: Location;
}
export interface CoreConstant extends CoreNode {
  readonly kind: 'constant';
  readonly value: Value;
}
export interface CoreVariable extends CoreNode {
  readonly kind: 'variable';
  readonly variable: Variable;
}
/** `input.a[b]`: root and the steps after it. A bare `input` has no steps. */
export interface CoreRef extends CoreNode {
  readonly kind: 'ref';
  root: 'input' | 'data' | CoreTerm;
  parts: CoreTerm[];
}
export interface CoreArray extends CoreNode {
  readonly kind: 'array';
  items: CoreTerm[];
}
export interface CoreSet extends CoreNode {
  readonly kind: 'set';
  items: CoreTerm[];
}
export interface CoreObject extends CoreNode {
  readonly kind: 'object';
  entries: [key: CoreTerm, value: CoreTerm][];
}
/** A comprehension of any of the three kinds; `key` only for objects. */
export interface CoreComprehension extends CoreNode {
  readonly kind: 'comprehension';
  readonly result: 'array' | 'set' | 'object';
  key: CoreTerm | undefined;
  term: CoreTerm;
  body: CoreBody;
}
/** A call in term position; gone after the `expand` stage. */
export interface CoreCall extends CoreNode {
  readonly kind: 'call';
  readonly callee: Callee;
  args: CoreTerm[];
}
export type CoreTerm =
  | CoreConstant
  | CoreVariable
  | CoreRef
  | CoreArray
  | CoreSet
  | CoreObject
  | CoreComprehension
  | CoreCall;

/** What `with` replaces. */
export type WithTarget =
  | { readonly kind: 'input'; readonly path: readonly string[] }
  | { readonly kind: 'data'; readonly path: readonly string[] }
  | BuiltinCallee;
/** What it puts there: a value, or a function or builtin in place of a function. */
export type WithReplacement =
  | { readonly kind: 'term'; term: CoreTerm }
  | { readonly kind: 'function'; readonly path: readonly string[] }
  | BuiltinCallee;
export interface CoreWith extends CoreNode {
  readonly target: WithTarget;
  replacement: WithReplacement;
  readonly targetLocation: Location;
  readonly replacementLocation: Location;
}

interface CoreExpressionNode extends CoreNode {
  negated: boolean;
  with: CoreWith[];
  /** True where a stage made the expression. */
  readonly generated: boolean;
  /** The user's expression, before rewriting: for traces and failure reports. */
  readonly source: Location;
}
export interface CoreTest extends CoreExpressionNode {
  readonly kind: 'test';
  term: CoreTerm;
}
export interface CoreEqual extends CoreExpressionNode {
  readonly kind: 'equal';
  left: CoreTerm;
  right: CoreTerm;
  /** Written `:=`: the left side is a pure output. */
  readonly assigned: boolean;
  /** In the place of a call of `rego.metadata.*`: what the right side stands for is known around the body. */
  readonly answered?: true;
}
export interface CoreCallExpression extends CoreExpressionNode {
  readonly kind: 'call';
  readonly callee: Callee;
  /** Inputs, then the output where there is one (decided by the callee's arity). */
  args: CoreTerm[];
}
export interface CoreEvery extends CoreExpressionNode {
  readonly kind: 'every';
  readonly key: Variable | undefined;
  readonly value: Variable;
  domain: CoreTerm;
  body: CoreBody;
}
/** An operand: a body that gives nothing outward. */
export interface CoreOperand {
  body: CoreBody;
  /** Written with braces: what is declared inside is its own. */
  readonly explicit: boolean;
}
/** `not` over a body (one operand), `and` and `or` (two). */
export interface CoreLogical extends CoreExpressionNode {
  readonly kind: 'logical';
  readonly operator: 'not' | 'and' | 'or';
  readonly operands: readonly CoreOperand[];
}
export type CoreExpression = CoreTest | CoreEqual | CoreCallExpression | CoreEvery | CoreLogical;
export type CoreBody = CoreExpression[];

/** A body with the value it gives: a rule's own, or one of its `else` branches. */
export interface CoreBranch extends CoreNode {
  value: CoreTerm | undefined;
  body: CoreBody;
}

/** A rule after resolution. */
export interface CoreRule extends CoreNode {
  readonly form: 'complete' | 'partial-set' | 'partial-object' | 'function';
  /** Package path and the ground beginning of the head: where the rule stands in the document tree. */
  readonly path: readonly string[];
  readonly packagePath: readonly string[];
  readonly packageLocation: Location;
  /** What follows `path` in the head's ref; empty for ground heads. */
  tail: CoreTerm[];
  args: CoreTerm[];
  /** Member of a partial set. */
  key: CoreTerm | undefined;
  readonly isDefault: boolean;
  /** The rule's own branch, then its `else` branches. */
  readonly branches: CoreBranch[];
  readonly file: string;
  readonly row: number;
}

let generatedCount = 0;

/** A variable that no source names. */
export function generatedVariable(standsFor?: CoreTerm, text?: string): Variable {
  generatedCount += 1;
  const name = `__local${generatedCount}__`;
  if (standsFor === undefined) return { name, origin: 'generated' };
  return { name, origin: 'generated', standsFor, ...(text !== undefined && { text }) };
}

/** A term that reads a variable. */
export function variableTerm(variable: Variable, location: Location): CoreVariable {
  return { kind: 'variable', variable, location };
}
