import { quote } from '../../value/index.ts';
import { checkArguments, checkDirectives, checkReservedName, checkTypeExists } from './check-directives.ts';
import { checkImplements } from './check-implements.ts';
import { refuse } from './fault.ts';
import type { Definition, DefinitionKind } from './nodes.ts';
import type { Schema } from './types.ts';
import { typeName } from './types.ts';

const OUTPUT_KINDS: readonly DefinitionKind[] = ['SCALAR', 'OBJECT', 'INTERFACE', 'UNION', 'ENUM'];
const INPUT_KINDS: readonly DefinitionKind[] = ['SCALAR', 'ENUM', 'INPUT_OBJECT'];

function checkFields(schema: Schema, definition: Definition): void {
  const place = definition.Kind === 'INPUT_OBJECT' ? 'INPUT_FIELD_DEFINITION' : 'FIELD_DEFINITION';
  for (const field of definition.Fields) {
    checkReservedName(field);
    checkTypeExists(schema, field.Type);
    checkArguments(schema, field.Arguments, undefined);
    checkDirectives(schema, field.Directives, { place });
  }
}

function checkMembers(schema: Schema, { Kind: kind, Types: types, Position: position }: Definition): void {
  for (const name of types) {
    const type = schema.types.get(name);
    if (type === undefined) refuse(`Undefined type ${quote(name)}.`, position);
    if (type.Kind !== 'OBJECT') refuse(`${kind} type ${quote(name)} must be OBJECT.`, position);
  }
}

function checkKind(schema: Schema, definition: Definition): void {
  const { Kind: kind, Name: name, Position: position } = definition;
  if (kind === 'OBJECT' || kind === 'INTERFACE') {
    if (definition.Fields.length === 0) refuse(`${kind} ${name}: must define one or more fields.`, position);
    for (const field of definition.Fields) {
      const type = schema.types.get(typeName(field.Type));
      if (type !== undefined && !OUTPUT_KINDS.includes(type.Kind)) {
        refuse(`${kind} ${name}: field must be one of ${OUTPUT_KINDS.join(', ')}.`, field.Position);
      }
    }
  } else if (kind === 'ENUM') checkEnum(schema, definition);
  else if (kind === 'INPUT_OBJECT') {
    if (definition.Fields.length === 0) {
      refuse(`${kind} ${name}: must define one or more input fields.`, position);
    }
    for (const field of definition.Fields) {
      const type = schema.types.get(typeName(field.Type));
      if (type !== undefined && !INPUT_KINDS.includes(type.Kind)) {
        refuse(`${type.Kind} ${field.Name}: field must be one of ${INPUT_KINDS.join(', ')}.`, field.Position);
      }
    }
  }
}

function checkEnum(
  schema: Schema,
  { Kind: kind, Name: name, EnumValues: values, Position: position }: Definition,
): void {
  if (values.length === 0) refuse(`${kind} ${name}: must define one or more unique enum values.`, position);
  for (const value of values) {
    if (['true', 'false', 'null'].includes(value.Name)) {
      refuse(`${kind} ${name}: non-enum value ${value.Name}.`, position);
    }
    checkDirectives(schema, value.Directives, { place: 'ENUM_VALUE' });
  }
}

/** The second of two members of one name; the pair that begins first counts. */
function repeated<Member>(
  members: readonly Member[],
  nameOf: (member: Member) => string,
): Member | undefined {
  for (const [index, member] of members.entries()) {
    const again = members.slice(index + 1).find((other) => nameOf(other) === nameOf(member));
    if (again !== undefined) return again;
  }
  return undefined;
}

function checkUnique(definition: Definition): void {
  const { Name: name } = definition;
  const field = repeated(definition.Fields, (member) => member.Name);
  if (field !== undefined) refuse(`Field ${name}.${field.Name} can only be defined once.`, field.Position);
  const value = repeated(definition.EnumValues, (member) => member.Name);
  if (value !== undefined) {
    refuse(`Enum value ${name}.${value.Name} can only be defined once.`, value.Position);
  }
  const type = repeated(definition.Types, (member) => member);
  if (type !== undefined) {
    refuse(`Union type ${name} can only include type ${type} once.`, definition.Position);
  }
}

/** Checks one type. Source: GraphQL (October 2021), 3; order and words are gqlparser's. */
export function checkDefinition(schema: Schema, definition: Definition): void {
  checkFields(schema, definition);
  checkMembers(schema, definition);
  for (const name of definition.Interfaces) checkImplements(schema, definition, name);
  checkKind(schema, definition);
  checkUnique(definition);
  if (!definition.BuiltIn) checkReservedName(definition);
  checkDirectives(schema, definition.Directives, { place: definition.Kind, isMerged: true });
}
