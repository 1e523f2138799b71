/**
 * The nodes of GraphQL documents. Members are named as in the answers of `graphql.parse`, which are these nodes
 * without positions and without what is empty; those names are gqlparser's.
 */

/** Where a token begins; rows and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** Part of the types that every schema has. */
  readonly isBuiltIn: boolean;
}

/** Comments in front of something. */
export interface CommentGroup {
  readonly List: readonly { readonly Value: string }[];
}

interface Placed {
  readonly Position: Position | undefined;
}

interface Commented {
  readonly Comment?: CommentGroup | undefined;
}

/** Comments before a description, behind it, and before a closing brace. */
interface Described {
  readonly Description: string;
  readonly BeforeDescriptionComment?: CommentGroup | undefined;
  readonly AfterDescriptionComment?: CommentGroup | undefined;
  readonly EndOfDefinitionComment?: CommentGroup | undefined;
}

export interface TypeNode extends Placed {
  readonly NamedType: string;
  readonly Elem: TypeNode | undefined;
  readonly NonNull: boolean;
}

/** What a value is, by gqlparser's numbers. */
export const VALUE_KINDS = Object.freeze({
  variable: 0,
  int: 1,
  float: 2,
  string: 3,
  block: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
});

export interface ValueNode extends Placed, Commented {
  readonly Raw: string;
  readonly Children: readonly ChildValueNode[];
  readonly Kind: number;
  readonly ExpectedTypeHasDefault: boolean;
}

export interface ChildValueNode extends Placed, Commented {
  readonly Name: string;
  readonly Value: ValueNode;
}

export interface ArgumentNode extends Placed, Commented {
  readonly Name: string;
  readonly Value: ValueNode;
}

export interface DirectiveNode extends Placed {
  readonly Name: string;
  readonly Arguments: readonly ArgumentNode[];
  readonly Location: string;
}

export interface FieldNode extends Placed, Commented {
  readonly Alias: string;
  readonly Name: string;
  readonly Arguments: readonly ArgumentNode[];
  readonly Directives: readonly DirectiveNode[];
  readonly SelectionSet: readonly SelectionNode[];
}

export interface FragmentSpreadNode extends Placed, Commented {
  readonly Name: string;
  readonly Directives: readonly DirectiveNode[];
}

export interface InlineFragmentNode extends Placed, Commented {
  readonly TypeCondition: string;
  readonly Directives: readonly DirectiveNode[];
  readonly SelectionSet: readonly SelectionNode[];
}

export type SelectionNode = FieldNode | FragmentSpreadNode | InlineFragmentNode;

export interface VariableDefinitionNode extends Placed, Commented {
  readonly Variable: string;
  readonly Type: TypeNode;
  readonly DefaultValue: ValueNode | undefined;
  readonly Directives: readonly DirectiveNode[];
  readonly Used: boolean;
}

export interface OperationNode extends Placed, Commented {
  readonly Operation: string;
  readonly Name: string;
  readonly VariableDefinitions: readonly VariableDefinitionNode[];
  readonly Directives: readonly DirectiveNode[];
  readonly SelectionSet: readonly SelectionNode[];
}

export interface FragmentNode extends Placed, Commented {
  readonly Name: string;
  readonly VariableDefinition: readonly VariableDefinitionNode[];
  readonly TypeCondition: string;
  readonly Directives: readonly DirectiveNode[];
  readonly SelectionSet: readonly SelectionNode[];
}

export interface QueryDocument extends Commented {
  readonly Operations: readonly OperationNode[];
  readonly Fragments: readonly FragmentNode[];
}

export interface ArgumentDefinition extends Placed, Described {
  readonly Name: string;
  readonly DefaultValue: ValueNode | undefined;
  readonly Type: TypeNode;
  readonly Directives: readonly DirectiveNode[];
}

export interface FieldDefinition extends ArgumentDefinition {
  readonly Arguments: readonly ArgumentDefinition[];
}

export interface EnumValueDefinition extends Placed, Described {
  readonly Name: string;
  readonly Directives: readonly DirectiveNode[];
}

export type DefinitionKind = 'SCALAR' | 'OBJECT' | 'INTERFACE' | 'UNION' | 'ENUM' | 'INPUT_OBJECT';

export interface Definition extends Placed, Described {
  readonly Kind: DefinitionKind;
  readonly Name: string;
  readonly Directives: readonly DirectiveNode[];
  readonly Interfaces: readonly string[];
  readonly Fields: readonly FieldDefinition[];
  readonly Types: readonly string[];
  readonly EnumValues: readonly EnumValueDefinition[];
  readonly BuiltIn: boolean;
}

export interface DirectiveDefinition extends Placed, Described {
  readonly Name: string;
  readonly Arguments: readonly ArgumentDefinition[];
  readonly Locations: readonly string[];
  readonly IsRepeatable: boolean;
}

export interface OperationTypeNode extends Placed, Commented {
  readonly Operation: string;
  readonly Type: string;
}

export interface SchemaDefinition extends Placed, Described {
  readonly Directives: readonly DirectiveNode[];
  readonly OperationTypes: readonly OperationTypeNode[];
}

export interface SchemaDocument extends Commented {
  readonly Schema: readonly SchemaDefinition[];
  readonly SchemaExtension: readonly SchemaDefinition[];
  readonly Directives: readonly DirectiveDefinition[];
  readonly Definitions: readonly Definition[];
  readonly Extensions: readonly Definition[];
}
