import { quote } from '../../value/index.ts';
import { refuse } from './fault.ts';
import type { Definition, FieldDefinition, TypeNode } from './nodes.ts';
import type { Schema } from './types.ts';
import { typeText } from './types.ts';

/** Whether one type can stand for the other. */
function isCovariant(schema: Schema, wanted: TypeNode, found: TypeNode): boolean {
  if (wanted.NonNull && !found.NonNull) return false;
  if (wanted.Elem !== undefined) {
    return found.Elem !== undefined && isCovariant(schema, wanted.Elem, found.Elem);
  }
  if (wanted.NamedType === found.NamedType) return true;
  const possible = schema.possible.get(wanted.NamedType) ?? [];
  return possible.some((type) => type.Name === found.NamedType);
}

/** Whether a value of the one type fits the other. */
export function isCompatible(type: TypeNode, other: TypeNode): boolean {
  if (type.NamedType !== other.NamedType) return false;
  if (type.Elem !== undefined && (other.Elem === undefined || !isCompatible(type.Elem, other.Elem)))
    return false;
  return !other.NonNull || type.NonNull;
}

function checkField(
  schema: Schema,
  definition: Definition,
  implemented: Definition,
  wanted: FieldDefinition,
): void {
  const start = `For ${definition.Name} to implement ${implemented.Name}`;
  const found = definition.Fields.find((field) => field.Name === wanted.Name);
  if (found === undefined) {
    refuse(`${start} it must have a field called ${wanted.Name}.`, definition.Position);
  }
  if (!isCovariant(schema, wanted.Type, found.Type)) {
    refuse(`${start} the field ${wanted.Name} must have type ${typeText(wanted.Type)}.`, found.Position);
  }
  const same = `${start} the field ${wanted.Name} must have the same arguments but`;
  for (const arg of wanted.Arguments) {
    const given = found.Arguments.find((other) => other.Name === arg.Name);
    if (given === undefined) refuse(`${same} it is missing ${arg.Name}.`, found.Position);
    if (!isCompatible(arg.Type, given.Type))
      refuse(`${same} ${arg.Name} has the wrong type.`, given.Position);
  }
  for (const arg of found.Arguments) {
    const isKnown = wanted.Arguments.some((other) => other.Name === arg.Name);
    if (isKnown || !arg.Type.NonNull || arg.DefaultValue !== undefined) continue;
    const rule = `any additional arguments on ${found.Name} must be optional or have a default value`;
    refuse(`${start} ${rule} but ${arg.Name} is required.`, arg.Position);
  }
}

/** Whether a type keeps what an interface asks for (GraphQL, 3.6, "Type Validation"). */
export function checkImplements(schema: Schema, definition: Definition, name: string): void {
  const implemented = schema.types.get(name);
  if (implemented === undefined) refuse(`Undefined type ${quote(name)}.`, definition.Position);
  if (implemented.Kind !== 'INTERFACE') {
    refuse(`${quote(name)} is a non interface type ${implemented.Kind}.`, definition.Position);
  }
  for (const wanted of implemented.Fields) checkField(schema, definition, implemented, wanted);
  for (const further of implemented.Interfaces) {
    if (definition.Interfaces.includes(further)) continue;
    const problem =
      further === definition.Name
        ? `cannot implement ${name} because it would create a circular reference`
        : `must implement ${further} because it is implemented by ${name}`;
    refuse(`Type ${definition.Name} ${problem}.`, definition.Position);
  }
}
