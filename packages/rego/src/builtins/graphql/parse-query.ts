import { refuse } from './fault.ts';
import type {
  FragmentNode,
  OperationNode,
  QueryDocument,
  SelectionNode,
  VariableDefinitionNode,
} from './nodes.ts';
import { Parser } from './parser.ts';

const OPERATIONS = ['query', 'mutation', 'subscription'];

function requiredSelections(parser: Parser): SelectionNode[] {
  if (parser.peek().kind !== '{') refuse(`Expected {, found ${parser.peek().kind}`, parser.position);
  return parser.some('{', '}', () => selection(parser)).items;
}

function variables(parser: Parser): VariableDefinitionNode[] {
  return parser.some('(', ')', () => {
    const { position, comment } = parser;
    const name = parser.variable();
    parser.expect(':');
    const type = parser.type();
    const value = parser.skip('=') ? parser.value(true) : undefined;
    return {
      Position: position,
      Comment: comment,
      Variable: name,
      Type: type,
      DefaultValue: value,
      Directives: parser.directives(false),
      Used: false,
    };
  }).items;
}

function fragmentName(parser: Parser): string {
  return parser.peek().value === 'on' ? parser.unexpected() : parser.name();
}

function spread(parser: Parser): SelectionNode {
  const { comment } = parser.expect('...');
  const { position } = parser;
  const next = parser.peek();
  if (next.kind === 'Name' && next.value !== 'on') {
    const name = fragmentName(parser);
    return { Position: position, Comment: comment, Name: name, Directives: parser.directives(false) };
  }
  let condition = '';
  if (next.value === 'on') {
    parser.next();
    condition = parser.name();
  }
  return {
    Position: position,
    Comment: comment,
    TypeCondition: condition,
    Directives: parser.directives(false),
    SelectionSet: requiredSelections(parser),
  };
}

function selection(parser: Parser): SelectionNode {
  if (parser.peek().kind === '...') return spread(parser);
  const { position, comment } = parser;
  const alias = parser.name();
  return {
    Position: position,
    Comment: comment,
    Alias: alias,
    Name: parser.skip(':') ? parser.name() : alias,
    Arguments: parser.arguments(false),
    Directives: parser.directives(false),
    SelectionSet: parser.peek().kind === '{' ? requiredSelections(parser) : [],
  };
}

function operation(parser: Parser): OperationNode {
  const { position, comment } = parser;
  if (parser.peek().kind === '{') {
    return {
      Position: position,
      Operation: 'query',
      Name: '',
      VariableDefinitions: [],
      Directives: [],
      SelectionSet: requiredSelections(parser),
      Comment: parser.comment,
    };
  }
  const kind = parser.next().value;
  const name = parser.peek().kind === 'Name' ? parser.next().value : '';
  return {
    Position: position,
    Comment: comment,
    Operation: kind,
    Name: name,
    VariableDefinitions: variables(parser),
    Directives: parser.directives(false),
    SelectionSet: requiredSelections(parser),
  };
}

function fragment(parser: Parser): FragmentNode {
  const { position, comment } = parser;
  parser.keyword('fragment');
  const name = fragmentName(parser);
  const definitions = variables(parser);
  parser.keyword('on');
  return {
    Position: position,
    Comment: comment,
    Name: name,
    VariableDefinition: definitions,
    TypeCondition: parser.name(),
    Directives: parser.directives(false),
    SelectionSet: requiredSelections(parser),
  };
}

/** Reads a document of operations and fragments; a fault is thrown. Source: GraphQL (October 2021), 2. */
export function parseQuery(text: string): QueryDocument {
  const parser = new Parser(text);
  const operations: OperationNode[] = [];
  const fragments: FragmentNode[] = [];
  for (let token = parser.peek(); token.kind !== '<EOF>'; token = parser.peek()) {
    if (token.kind === '{' || (token.kind === 'Name' && OPERATIONS.includes(token.value))) {
      operations.push(operation(parser));
    } else if (token.kind === 'Name' && token.value === 'fragment') fragments.push(fragment(parser));
    else parser.unexpected();
  }
  return { Operations: operations, Fragments: fragments };
}
