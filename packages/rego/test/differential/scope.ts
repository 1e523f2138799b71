import type { OperandSource } from './builtin-calls.ts';
import type { Kind } from './kind.ts';
import { fits } from './kind.ts';
import type { Piece } from './piece.ts';
import type { Random } from './random.ts';

/**
 * The dialect that a module is written in; version 0 without imports lacks the newer keywords, `v2` (an import in
 * version 1) adds `and`, `or` and `not` over whole bodies.
 */
export type Dialect = 'v1' | 'v2' | 'v0' | 'v0-future';

/** A rule that later ones may use. */
export interface KnownRule {
  readonly name: string;
  readonly packagePath: string;
  readonly shape: 'complete' | 'set' | 'object' | 'nested' | 'function';
  /** Kind of its document; of its value, for a function. */
  readonly kind: Kind;
  readonly arity: number;
}

export interface KnownVariable {
  readonly name: string;
  readonly kind: Kind;
}

/** Names that only one program uses. */
export class Names {
  #count = 0;

  fresh(): string {
    this.#count += 1;
    return `v${this.#count}`;
  }
}

/** Where a piece of a program is being written: what it can use, and how much it may still nest. */
export interface Scope {
  readonly random: Random;
  readonly dialect: Dialect;
  readonly packagePath: string;
  readonly names: Names;
  readonly rules: readonly KnownRule[];
  /** Aliases of imports, by what they stand for: `input.g`, `data.lib.u`. */
  readonly imports: readonly { readonly alias: string; readonly path: string }[];
  /** Given a value by what stands before; grows while a body is written. */
  readonly variables: KnownVariable[];
  /** Declared by `some` or `every` in this body: each must be used. */
  readonly unused: string[];
  /** Whether a reference may iterate, by wildcards or by variables of its own. */
  readonly iterates: boolean;
  readonly depth: number;
  /** Values that the input is to hold, for operands whose type is not to be seen: `input.a3`. */
  readonly held: Held;
  readonly operands: OperandSource;
  /** Writes a body; given from outside, because terms hold bodies and bodies terms. */
  readonly body: (scope: Scope) => Piece;
}

/** What the first input holds for certain operands, as JSON text by field. */
export class Held {
  readonly values: { field: string; json: string }[] = [];

  hold(json: string): string {
    const field = `a${this.values.length}`;
    this.values.push({ field, json });
    return field;
  }
}

/** One level further in, with what is known so far; what is declared inside stays inside. */
export function inner(scope: Scope, changes: Partial<Scope> = {}): Scope {
  return { ...scope, depth: scope.depth - 1, variables: [...scope.variables], unused: [], ...changes };
}

/** Terms inside terms: the same body, so the same variables. */
export function deeper(scope: Scope): Scope {
  return { ...scope, depth: scope.depth - 1 };
}

/** Declares a new variable. */
export function declare(scope: Scope, kind: Kind): string {
  const name = scope.names.fresh();
  scope.variables.push({ name, kind });
  return name;
}

/** Variables that may stand where a kind is asked for. */
export function variablesOf(scope: Scope, kind: Kind): readonly KnownVariable[] {
  return scope.variables.filter((one) => fits(one.kind, kind));
}

/** How a rule is written in this scope: its name where the package is the same, else an alias or the whole path. */
export function rulePath(scope: Scope, rule: KnownRule): string {
  if (rule.packagePath === scope.packagePath && scope.random.chance(0.7)) return rule.name;
  const alias = scope.imports.find(({ path }) => path === `data.${rule.packagePath}`);
  if (alias !== undefined && scope.random.chance(0.6)) return `${alias.alias}.${rule.name}`;
  return `data.${rule.packagePath}.${rule.name}`;
}
