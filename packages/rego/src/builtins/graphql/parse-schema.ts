import type {
  ArgumentDefinition,
  CommentGroup,
  Definition,
  DefinitionKind,
  DirectiveDefinition,
  EnumValueDefinition,
  FieldDefinition,
  OperationTypeNode,
  SchemaDefinition,
  SchemaDocument,
} from './nodes.ts';
import { Parser } from './parser.ts';

const LOCATIONS: ReadonlySet<string> = new Set([
  'QUERY',
  'MUTATION',
  'SUBSCRIPTION',
  'FIELD',
  'FRAGMENT_DEFINITION',
  'FRAGMENT_SPREAD',
  'INLINE_FRAGMENT',
  'VARIABLE_DEFINITION',
  'SCHEMA',
  'SCALAR',
  'OBJECT',
  'FIELD_DEFINITION',
  'ARGUMENT_DEFINITION',
  'INTERFACE',
  'UNION',
  'ENUM',
  'ENUM_VALUE',
  'INPUT_OBJECT',
  'INPUT_FIELD_DEFINITION',
]);

const KINDS: Readonly<Record<string, DefinitionKind>> = Object.freeze({
  scalar: 'SCALAR',
  type: 'OBJECT',
  interface: 'INTERFACE',
  union: 'UNION',
  enum: 'ENUM',
  input: 'INPUT_OBJECT',
});

interface Description {
  readonly text: string;
  readonly comment: CommentGroup | undefined;
}

const NO_DESCRIPTION: Description = { text: '', comment: undefined };

function description(parser: Parser): Description {
  const token = parser.peek();
  if (token.kind !== 'BlockString' && token.kind !== 'String') return NO_DESCRIPTION;
  const { comment } = parser;
  return { text: parser.next().value, comment };
}

/** Description, comments and position of a member of a definition. */
function memberStart(parser: Parser) {
  const { text, comment } = description(parser);
  const { position } = parser;
  return {
    ...(text !== '' && { BeforeDescriptionComment: comment }),
    Description: text,
    AfterDescriptionComment: parser.comment,
    Position: position,
  };
}

function argument(parser: Parser): ArgumentDefinition {
  const start = memberStart(parser);
  const name = parser.name();
  parser.expect(':');
  const type = parser.type();
  const value = parser.skip('=') ? parser.value(true) : undefined;
  return { ...start, Name: name, Type: type, DefaultValue: value, Directives: parser.directives(true) };
}

function argumentList(parser: Parser): ArgumentDefinition[] {
  return parser.some('(', ')', () => argument(parser)).items;
}

function field(parser: Parser): FieldDefinition {
  const start = memberStart(parser);
  const name = parser.name();
  const args = argumentList(parser);
  parser.expect(':');
  const type = parser.type();
  return {
    ...start,
    Name: name,
    Arguments: args,
    DefaultValue: undefined,
    Type: type,
    Directives: parser.directives(true),
  };
}

function enumValue(parser: Parser): EnumValueDefinition {
  const start = memberStart(parser);
  return { ...start, Name: parser.name(), Directives: parser.directives(true) };
}

function separated<Item>(parser: Parser, mark: '&' | '|', parse: () => Item): Item[] {
  parser.skip(mark);
  const items = [parse()];
  while (parser.skip(mark)) items.push(parse());
  return items;
}

function interfaces(parser: Parser): string[] {
  if (parser.peek().value !== 'implements') return [];
  parser.next();
  return separated(parser, '&', () => parser.name());
}

function hasInterfaces(kind: DefinitionKind, isExtension: boolean): boolean {
  return kind === 'OBJECT' || (kind === 'INTERFACE' && !isExtension);
}

/** A definition or extension of a type, from its keyword on. */
function definition(
  parser: Parser,
  before: Description,
  extension: CommentGroup | undefined | false,
): Definition {
  const keyword = parser.peek().value;
  const kind = Object.hasOwn(KINDS, keyword) ? KINDS[keyword]! : parser.unexpected();
  const comment = parser.keyword(keyword);
  const isExtension = extension !== false;
  const { position } = parser;
  const name = parser.name();
  const implemented = hasInterfaces(kind, isExtension) ? interfaces(parser) : [];
  const directives = parser.directives(!(isExtension && kind === 'INPUT_OBJECT'));
  let fields: readonly FieldDefinition[] = [];
  let values: readonly EnumValueDefinition[] = [];
  let types: readonly string[] = [];
  let end: CommentGroup | undefined;
  if (kind === 'OBJECT' || kind === 'INTERFACE') {
    ({ items: fields, comment: end } = parser.some('{', '}', () => field(parser)));
  } else if (kind === 'INPUT_OBJECT') {
    const inputField = () => ({ ...argument(parser), Arguments: [] });
    ({ items: fields, comment: end } = parser.some('{', '}', inputField));
  } else if (kind === 'ENUM') {
    ({ items: values, comment: end } = parser.some('{', '}', () => enumValue(parser)));
  } else if (kind === 'UNION' && parser.skip('=')) types = separated(parser, '|', () => parser.name());
  const parts = [implemented, directives, fields, values, types];
  if (isExtension && parts.every((part) => part.length === 0)) parser.unexpected();
  return {
    Kind: kind,
    Description: before.text,
    Name: name,
    Directives: directives,
    Interfaces: implemented,
    Fields: fields,
    Types: types,
    EnumValues: values,
    Position: position,
    BuiltIn: position.isBuiltIn,
    BeforeDescriptionComment: before.comment,
    AfterDescriptionComment: isExtension ? extension : comment,
    EndOfDefinitionComment: end,
  };
}

function operationType(parser: Parser): OperationTypeNode {
  const { position, comment } = parser;
  const token = parser.next();
  if (!['query', 'mutation', 'subscription'].includes(token.value)) parser.unexpected(token);
  parser.expect(':');
  return { Position: position, Comment: comment, Operation: token.value, Type: parser.name() };
}

function schema(
  parser: Parser,
  before: Description,
  extension: CommentGroup | undefined | false,
): SchemaDefinition {
  const comment = parser.keyword('schema');
  const { position } = parser;
  const directives = parser.directives(true);
  const { items, comment: end } = parser.some('{', '}', () => operationType(parser));
  if (extension !== false && directives.length === 0 && items.length === 0) parser.unexpected();
  return {
    Description: before.text,
    Directives: directives,
    OperationTypes: items,
    Position: position,
    BeforeDescriptionComment: before.comment,
    AfterDescriptionComment: extension === false ? comment : extension,
    EndOfDefinitionComment: end,
  };
}

function directive(parser: Parser, before: Description): DirectiveDefinition {
  const comment = parser.keyword('directive');
  parser.expect('@');
  const { position } = parser;
  const name = parser.name();
  const args = argumentList(parser);
  const next = parser.peek();
  const isRepeatable = next.kind === 'Name' && next.value === 'repeatable';
  if (isRepeatable) parser.next();
  parser.keyword('on');
  const locations = separated(parser, '|', () => {
    const { token } = parser.expect('Name');
    return LOCATIONS.has(token.value) ? token.value : parser.unexpected(token);
  });
  return {
    Description: before.text,
    Name: name,
    Arguments: args,
    Locations: locations,
    IsRepeatable: isRepeatable,
    Position: position,
    BeforeDescriptionComment: before.comment,
    AfterDescriptionComment: comment,
  };
}

/** Reads a document of types; a fault is thrown. Source: GraphQL (October 2021), 3. */
export function parseSchema(text: string, isBuiltIn = false): SchemaDocument {
  const parser = new Parser(text, isBuiltIn);
  const document = {
    Schema: [] as SchemaDefinition[],
    SchemaExtension: [] as SchemaDefinition[],
    Directives: [] as DirectiveDefinition[],
    Definitions: [] as Definition[],
    Extensions: [] as Definition[],
  };
  while (parser.peek().kind !== '<EOF>') {
    const before = description(parser);
    const token = parser.peek();
    if (token.kind !== 'Name') parser.unexpected();
    if (token.value === 'schema') document.Schema.push(schema(parser, before, false));
    else if (token.value === 'directive') document.Directives.push(directive(parser, before));
    else if (token.value === 'extend') {
      if (before.text !== '') parser.unexpected(parser.previous);
      const comment = parser.keyword('extend');
      if (parser.peek().value === 'schema') {
        document.SchemaExtension.push(schema(parser, NO_DESCRIPTION, comment));
      } else document.Extensions.push(definition(parser, NO_DESCRIPTION, comment));
    } else document.Definitions.push(definition(parser, before, false));
  }
  return { ...document, Comment: parser.comment };
}
