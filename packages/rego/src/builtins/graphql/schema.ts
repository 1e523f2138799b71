import { checkDefinition } from './check-definition.ts';
import { checkArguments, checkDirectives, checkReservedName } from './check-directives.ts';
import { checkInputCycles } from './check-input-cycles.ts';
import { refuse } from './fault.ts';
import type {
  ArgumentDefinition,
  Definition,
  DirectiveDefinition,
  FieldDefinition,
  SchemaDefinition,
  SchemaDocument,
  TypeNode,
} from './nodes.ts';
import { prelude } from './prelude.ts';
import type { Schema } from './types.ts';

/** Directives that a schema may define anew; the first definition counts. */
const REDEFINABLE = ['include', 'skip', 'deprecated', 'specifiedBy', 'defer', 'oneOf'];

/** Definitions with their extensions. */
function collectTypes(document: SchemaDocument): Map<string, Definition> {
  const types = new Map<string, Definition>();
  for (const definition of [...prelude().Definitions, ...document.Definitions]) {
    const { Name: name } = definition;
    if (types.has(name)) refuse(`Cannot redeclare type ${name}.`, definition.Position);
    types.set(name, definition);
  }
  for (const extension of document.Extensions) {
    const { Name: name, Kind: kind } = extension;
    const base = types.get(name);
    if (base === undefined) {
      types.set(name, { ...extension, BuiltIn: false });
      continue;
    }
    if (base.Kind !== kind) {
      refuse(
        `Cannot extend type ${name} because the base type is a ${base.Kind}, not ${kind}.`,
        extension.Position,
      );
    }
    types.set(name, {
      ...base,
      Directives: [...base.Directives, ...extension.Directives],
      Interfaces: [...base.Interfaces, ...extension.Interfaces],
      Fields: [...base.Fields, ...extension.Fields],
      Types: [...base.Types, ...extension.Types],
      EnumValues: [...base.EnumValues, ...extension.EnumValues],
    });
  }
  return types;
}

function possibleTypes(types: ReadonlyMap<string, Definition>): Map<string, Definition[]> {
  const possible = new Map<string, Definition[]>();
  const add = (name: string, definition: Definition | undefined) => {
    if (definition === undefined) return;
    const known = possible.get(name);
    if (known === undefined) possible.set(name, [definition]);
    else known.push(definition);
  };
  for (const definition of types.values()) {
    if (definition.Kind === 'UNION') {
      for (const member of definition.Types) add(definition.Name, types.get(member));
    }
    if (
      definition.Kind === 'OBJECT' ||
      definition.Kind === 'INPUT_OBJECT' ||
      definition.Kind === 'INTERFACE'
    ) {
      for (const implemented of definition.Interfaces) add(implemented, definition);
      if (definition.Kind !== 'INTERFACE') add(definition.Name, definition);
    }
  }
  return possible;
}

function collectDirectives(document: SchemaDocument): Map<string, DirectiveDefinition> {
  const directives = new Map<string, DirectiveDefinition>();
  for (const directive of [...prelude().Directives, ...document.Directives]) {
    if (directives.has(directive.Name) && !REDEFINABLE.includes(directive.Name)) {
      refuse(`Cannot redeclare directive ${directive.Name}.`, directive.Position);
    }
    directives.set(directive.Name, directive);
  }
  return directives;
}

function readRoots(schema: Schema, roots: Map<string, Definition>, entry: SchemaDefinition): void {
  for (const { Operation: operation, Type: name, Position: position } of entry.OperationTypes) {
    const type = schema.types.get(name);
    if (type === undefined) {
      refuse(`Schema root ${operation} refers to a type ${name} that does not exist.`, position);
    }
    roots.set(operation, type);
  }
  checkDirectives(schema, entry.Directives, { place: 'SCHEMA' });
}

function sortedNames(map: ReadonlyMap<string, unknown>): string[] {
  return [...map.keys()].sort((a, b) => (a < b ? -1 : 1));
}

/** Root types by their usual names, where no schema says which they are. */
function inferRoots(types: ReadonlyMap<string, Definition>, roots: Map<string, Definition>): void {
  for (const [operation, name] of [
    ['query', 'Query'],
    ['mutation', 'Mutation'],
    ['subscription', 'Subscription'],
  ] as const) {
    const type = types.get(name);
    if (type !== undefined && !roots.has(operation)) roots.set(operation, type);
  }
}

function introspectionField(
  name: string,
  type: TypeNode,
  args: readonly ArgumentDefinition[],
): FieldDefinition {
  return {
    Position: undefined,
    Description: '',
    Name: name,
    Arguments: args,
    DefaultValue: undefined,
    Type: type,
    Directives: [],
  };
}

function namedType(name: string, isNonNull: boolean): TypeNode {
  return { Position: undefined, NamedType: name, Elem: undefined, NonNull: isNonNull };
}

/** Gives the root type of queries the fields of introspection (GraphQL, 4.1), wherever that type stands. */
function addIntrospection(types: Map<string, Definition>, roots: Map<string, Definition>): void {
  const query = roots.get('query');
  if (query === undefined) return;
  const name = introspectionField('name', namedType('String', true), []);
  const whole: Definition = {
    ...query,
    Fields: [
      ...query.Fields,
      introspectionField('__schema', namedType('__Schema', true), []),
      introspectionField('__type', namedType('__Type', false), [name]),
    ],
  };
  types.set(query.Name, whole);
  for (const [operation, type] of roots) if (type === query) roots.set(operation, whole);
}

/** Checks a document of types and joins it with what every schema has; a fault is thrown. */
export function buildSchema(document: SchemaDocument): Schema {
  const types = collectTypes(document);
  const roots = new Map<string, Definition>();
  const schema: Schema = {
    types,
    directives: collectDirectives(document),
    possible: possibleTypes(types),
    roots,
  };
  const [first, second] = document.Schema;
  if (second !== undefined) {
    refuse('Cannot have multiple schema entry points, consider schema extensions instead.', second.Position);
  }
  if (first !== undefined) readRoots(schema, roots, first);
  for (const extension of document.SchemaExtension) readRoots(schema, roots, extension);
  for (const name of sortedNames(types)) checkDefinition(schema, types.get(name)!);
  checkInputCycles(schema, sortedNames(types));
  for (const name of sortedNames(schema.directives)) {
    const directive = schema.directives.get(name)!;
    checkReservedName(directive);
    checkArguments(schema, directive.Arguments, directive.Name);
  }
  if (first === undefined) inferRoots(types, roots);
  addIntrospection(types, roots);
  return schema;
}
