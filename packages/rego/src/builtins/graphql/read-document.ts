import type { ObjectValue, Value } from '../../value/index.ts';
import { isNumber, isObject, objectEntries } from '../../value/index.ts';
import { refuse } from './fault.ts';
import type { QueryDocument, SchemaDocument } from './nodes.ts';

/** How a member of a node is read from JSON; what is absent or null is empty. */
type Shape =
  | 'text'
  | 'flag'
  | 'number'
  | { readonly list: Shape }
  | { readonly node: () => Members; readonly isOptional?: boolean };
type Members = Readonly<Record<string, Shape>>;

const list = (shape: Shape): Shape => ({ list: shape });
const node = (members: () => Members): Shape => ({ node: members });
const optional = (members: () => Members): Shape => ({ node: members, isOptional: true });
const TEXTS = list('text');

const TYPE: Members = { NamedType: 'text', Elem: optional(() => TYPE), NonNull: 'flag' };
const VALUE: Members = {
  Raw: 'text',
  Children: list(node(() => CHILD)),
  Kind: 'number',
  ExpectedTypeHasDefault: 'flag',
};
const CHILD: Members = { Name: 'text', Value: node(() => VALUE) };
const DIRECTIVE: Members = { Name: 'text', Arguments: list(node(() => CHILD)), Location: 'text' };
const DIRECTIVES = list(node(() => DIRECTIVE));

const FIELD: Members = {
  Alias: 'text',
  Name: 'text',
  Arguments: list(node(() => CHILD)),
  Directives: DIRECTIVES,
  // As in OPA a fragment inside a selection is read as a field.
  SelectionSet: list(node(() => FIELD)),
};
const SELECTIONS = list(node(() => FIELD));
const VARIABLE: Members = {
  Variable: 'text',
  Type: node(() => TYPE),
  DefaultValue: optional(() => VALUE),
  Directives: DIRECTIVES,
  Used: 'flag',
};
const OPERATION: Members = {
  Operation: 'text',
  Name: 'text',
  VariableDefinitions: list(node(() => VARIABLE)),
  Directives: DIRECTIVES,
  SelectionSet: SELECTIONS,
};
const FRAGMENT: Members = {
  Name: 'text',
  VariableDefinition: list(node(() => VARIABLE)),
  TypeCondition: 'text',
  Directives: DIRECTIVES,
  SelectionSet: SELECTIONS,
};
const QUERY: Members = { Operations: list(node(() => OPERATION)), Fragments: list(node(() => FRAGMENT)) };

const ARGUMENT_DEFINITION: Members = {
  Description: 'text',
  Name: 'text',
  DefaultValue: optional(() => VALUE),
  Type: node(() => TYPE),
  Directives: DIRECTIVES,
};
const FIELD_DEFINITION: Members = {
  ...ARGUMENT_DEFINITION,
  Arguments: list(node(() => ARGUMENT_DEFINITION)),
};
const DEFINITION: Members = {
  Kind: 'text',
  Description: 'text',
  Name: 'text',
  Directives: DIRECTIVES,
  Interfaces: TEXTS,
  Fields: list(node(() => FIELD_DEFINITION)),
  Types: TEXTS,
  EnumValues: list(node(() => ({ Description: 'text', Name: 'text', Directives: DIRECTIVES }))),
  BuiltIn: 'flag',
};
const SCHEMA_DEFINITION: Members = {
  Description: 'text',
  Directives: DIRECTIVES,
  OperationTypes: list(node(() => ({ Operation: 'text', Type: 'text' }))),
};
const DIRECTIVE_DEFINITION: Members = {
  Description: 'text',
  Name: 'text',
  Arguments: list(node(() => ARGUMENT_DEFINITION)),
  Locations: TEXTS,
  IsRepeatable: 'flag',
};
const SCHEMA: Members = {
  Schema: list(node(() => SCHEMA_DEFINITION)),
  SchemaExtension: list(node(() => SCHEMA_DEFINITION)),
  Directives: list(node(() => DIRECTIVE_DEFINITION)),
  Definitions: list(node(() => DEFINITION)),
  Extensions: list(node(() => DEFINITION)),
};

function wrong(name: string): never {
  return refuse(`json: the member ${name} has the wrong type`, undefined);
}

function readMember(name: string, value: Value | undefined, shape: Shape): unknown {
  const given = value ?? undefined;
  if (shape === 'text') return typeof (given ?? '') === 'string' ? (given ?? '') : wrong(name);
  if (shape === 'flag') return typeof (given ?? false) === 'boolean' ? (given ?? false) : wrong(name);
  if (shape === 'number') return isNumber(given ?? 0) ? Number(given ?? 0) : wrong(name);
  if ('list' in shape) {
    if (given === undefined) return [];
    if (!Array.isArray(given)) return wrong(name);
    return (given as readonly Value[]).map((member) => readMember(name, member, shape.list));
  }
  if (given === undefined) return shape.isOptional === true ? undefined : wrong(name);
  return isObject(given) ? readNode(given, shape.node()) : wrong(name);
}

function readNode(value: ObjectValue, members: Members): Readonly<Record<string, unknown>> {
  const given = new Map(objectEntries(value).map(([key, member]) => [key, member]));
  const read: Record<string, unknown> = { Position: undefined };
  for (const [name, shape] of Object.entries(members)) {
    read[name] = readMember(name, given.get(name), shape);
  }
  return read;
}

/** A document of types from the form in which `graphql.parse_schema` gives one; a fault is thrown. */
export function readSchema(value: ObjectValue): SchemaDocument {
  return readNode(value, SCHEMA) as unknown as SchemaDocument;
}

/** A query from the form in which `graphql.parse_query` gives one; a fault is thrown. */
export function readQuery(value: ObjectValue): QueryDocument {
  return readNode(value, QUERY) as unknown as QueryDocument;
}
