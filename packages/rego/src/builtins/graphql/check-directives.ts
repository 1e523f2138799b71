import { refuse } from './fault.ts';
import type { ArgumentDefinition, DirectiveNode, Position, TypeNode } from './nodes.ts';
import { VALUE_KINDS } from './nodes.ts';
import type { Schema } from './types.ts';
import { typeName, typeText } from './types.ts';

/** Names with two underscores in front belong to introspection. */
export function checkReservedName(named: {
  readonly Name: string;
  readonly Position: Position | undefined;
}): void {
  if (named.Name.startsWith('__')) {
    refuse(
      `Name "${named.Name}" must not begin with "__", which is reserved by GraphQL introspection.`,
      named.Position,
    );
  }
}

/** The type must exist. */
export function checkTypeExists(schema: Schema, type: TypeNode): void {
  const name = typeName(type);
  if (!schema.types.has(name)) refuse(`Undefined type ${name}.`, type.Position);
}

/** Definitions of arguments; those of a directive may not use it. */
export function checkArguments(
  schema: Schema,
  args: readonly ArgumentDefinition[],
  directive: string | undefined,
): void {
  for (const arg of args) {
    checkReservedName(arg);
    checkTypeExists(schema, arg.Type);
    const { Kind: kind } = schema.types.get(typeName(arg.Type))!;
    if (kind !== 'SCALAR' && kind !== 'ENUM' && kind !== 'INPUT_OBJECT') {
      refuse(
        `cannot use ${typeText(arg.Type)} as argument ${arg.Name} because ${kind} is not a valid input type`,
        arg.Position,
      );
    }
    checkDirectives(schema, arg.Directives, { place: 'ARGUMENT_DEFINITION', inside: directive });
  }
}

/** Where directives stand. */
export interface DirectivePlace {
  readonly place: string;
  /** The directive whose definition this is. */
  readonly inside?: string | undefined;
  /** The list joins several places, so that one directive may come up again. */
  readonly isMerged?: boolean;
}

/** Uses of directives in a schema. */
export function checkDirectives(
  schema: Schema,
  directives: readonly DirectiveNode[],
  { place, inside, isMerged = false }: DirectivePlace,
): void {
  const seen = new Set<string>();
  for (const directive of directives) {
    const { Name: name, Position: position } = directive;
    checkReservedName(directive);
    if (name === inside) refuse(`Directive ${name} cannot refer to itself.`, position);
    const definition = schema.directives.get(name);
    if (definition === undefined) refuse(`Undefined directive ${name}.`, position);
    if (!isMerged && seen.has(name) && !definition.IsRepeatable) {
      refuse(`The directive ${name} can only be used once at this location.`, position);
    }
    seen.add(name);
    if (!definition.Locations.includes(place)) {
      refuse(`Directive ${name} is not applicable on ${place}.`, position);
    }
    for (const arg of directive.Arguments) {
      if (!definition.Arguments.some((known) => known.Name === arg.Name)) {
        refuse(`Undefined argument ${arg.Name} for directive ${name}.`, arg.Position);
      }
    }
    for (const wanted of definition.Arguments) {
      if (!wanted.Type.NonNull || wanted.DefaultValue !== undefined) continue;
      const given = directive.Arguments.find((arg) => arg.Name === wanted.Name);
      if (given === undefined || given.Value.Kind === VALUE_KINDS.null) {
        refuse(`Argument ${wanted.Name} for directive ${name} cannot be null.`, position);
      }
    }
  }
}
