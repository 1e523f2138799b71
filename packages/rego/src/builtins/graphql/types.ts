import type { Definition, DirectiveDefinition, TypeNode } from './nodes.ts';

/** A schema, its extensions applied. */
export interface Schema {
  readonly types: ReadonlyMap<string, Definition>;
  readonly directives: ReadonlyMap<string, DirectiveDefinition>;
  /** The types that can stand where a type is asked for. */
  readonly possible: ReadonlyMap<string, readonly Definition[]>;
  /** The root types by operation. */
  readonly roots: ReadonlyMap<string, Definition>;
}

/** The innermost name of a type. */
export function typeName(type: TypeNode): string {
  return type.Elem === undefined ? type.NamedType : typeName(type.Elem);
}

/** A type as it is written. */
export function typeText(type: TypeNode): string {
  const inner = type.Elem === undefined ? type.NamedType : `[${typeText(type.Elem)}]`;
  return type.NonNull ? `${inner}!` : inner;
}
