import { GraphqlFault } from './fault.ts';
import { indexed } from './lookup.ts';
import type {
  ArgumentDefinition,
  ArgumentNode,
  Definition,
  DirectiveDefinition,
  DirectiveNode,
  FieldDefinition,
  FieldNode,
  FragmentNode,
  FragmentSpreadNode,
  InlineFragmentNode,
  OperationNode,
  Position,
  QueryDocument,
  SelectionNode,
  TypeNode,
  ValueNode,
  VariableDefinitionNode,
} from './nodes.ts';
import { VALUE_KINDS } from './nodes.ts';
import type { Schema } from './types.ts';
import { typeName } from './types.ts';

/** Levels through selections and fragments. */
const DEPTH_MAX = 1_000;

/** What a rule looks at; a node is told after what it holds. */
export interface Listeners {
  readonly operation?: (node: OperationNode) => void;
  readonly field?: (node: FieldNode) => void;
  readonly fragment?: (node: FragmentNode) => void;
  readonly inlineFragment?: (node: InlineFragmentNode) => void;
  readonly fragmentSpread?: (node: FragmentSpreadNode) => void;
  readonly directive?: (node: DirectiveNode) => void;
  readonly directives?: (nodes: readonly DirectiveNode[]) => void;
  readonly value?: (node: ValueNode) => void;
  readonly variable?: (node: VariableDefinitionNode) => void;
}

/** One rule over one document. */
export type Rule = (walk: Walk) => Listeners;

/** A query that takes more work than it may; whether it is valid stays open. Thrown. */
export class QueryLimit {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What the place of a value asks for. */
export interface ValueFacts {
  definition?: Definition | undefined;
  expected?: TypeNode | undefined;
  hasDefault?: boolean;
  variable?: VariableDefinitionNode | undefined;
}

export interface DirectiveFacts {
  readonly definition: DirectiveDefinition | undefined;
  readonly location: string;
}

/** Where faults go and what counts the work; either may end the walk by throwing. */
export interface WalkHost {
  readonly report: (fault: GraphqlFault) => void;
  readonly spend: (steps: number) => void;
}

const TYPE_NAME: FieldDefinition = Object.freeze({
  Position: undefined,
  Description: '',
  Name: '__typename',
  Arguments: [],
  DefaultValue: undefined,
  Type: { Position: undefined, NamedType: 'String', Elem: undefined, NonNull: false },
  Directives: [],
});

const ROOT_LOCATIONS: Readonly<Record<string, string>> = {
  query: 'QUERY',
  mutation: 'MUTATION',
  subscription: 'SUBSCRIPTION',
};

export function isField(node: SelectionNode): node is FieldNode {
  return 'Alias' in node;
}

export function isInlineFragment(node: SelectionNode): node is InlineFragmentNode {
  return 'TypeCondition' in node;
}

/**
 * Goes through a query and its fragments beside a schema, notes what belongs to each node and tells the rules. What
 * was noted stays, so that a node in a fragment has no facts before the first walk through it. Source: the walker of
 * gqlparser, whose order decides the order of faults.
 */
export class Walk {
  readonly schema: Schema;
  readonly document: QueryDocument;
  readonly host: WalkHost;
  /** The operation that is walked through; undefined in fragments of their own. */
  operation: OperationNode | undefined;
  readonly fieldDefinitions = new Map<FieldNode, FieldDefinition | undefined>();
  /** The type in whose selection something stands. */
  readonly parents = new Map<SelectionNode, Definition | undefined>();
  readonly fragments = new Map<FragmentSpreadNode, FragmentNode | undefined>();
  readonly directiveFacts = new Map<DirectiveNode, DirectiveFacts>();
  readonly usedVariables = new Set<VariableDefinitionNode>();
  readonly #valueFacts = new Map<ValueNode, ValueFacts>();
  readonly #listeners: readonly Listeners[];
  #variables: ReadonlyMap<string, VariableDefinitionNode> = new Map();
  #seenFragments = new Set<FragmentNode>();
  #depth = 0;

  constructor(schema: Schema, document: QueryDocument, rules: readonly Rule[], host: WalkHost) {
    this.schema = schema;
    this.document = document;
    this.host = host;
    this.#listeners = rules.map((rule) => rule(this));
  }

  run(): void {
    for (const operation of this.document.Operations) {
      this.#seenFragments = new Set();
      this.#walkOperation(operation);
    }
    for (const fragment of this.document.Fragments) {
      this.#seenFragments = new Set();
      const type = this.schema.types.get(fragment.TypeCondition);
      this.#walkDirectives(fragment.Directives, 'FRAGMENT_DEFINITION');
      this.#walkSelections(type, fragment.SelectionSet);
      for (const listener of this.#listeners) listener.fragment?.(fragment);
    }
  }

  /** The fragment that a name stands for. */
  fragmentNamed(name: string): FragmentNode | undefined {
    return indexed(this.document.Fragments, name);
  }

  /** The root type of an operation. */
  rootOf(operation: OperationNode): Definition | undefined {
    return this.schema.roots.get(operation.Operation === '' ? 'query' : operation.Operation);
  }

  /** Takes a step that may lead to itself again. */
  nested<Result>(step: () => Result): Result {
    if (this.#depth >= DEPTH_MAX) throw new QueryLimit('the query nests too deeply');
    this.#depth++;
    const result = step();
    this.#depth--;
    return result;
  }

  report(message: string, position: Position | undefined): void {
    this.host.report(new GraphqlFault(message, position));
  }

  factsOf(value: ValueNode): ValueFacts {
    const known = this.#valueFacts.get(value);
    if (known !== undefined) return known;
    const facts: ValueFacts = { hasDefault: value.ExpectedTypeHasDefault };
    this.#valueFacts.set(value, facts);
    return facts;
  }

  #walkOperation(operation: OperationNode): void {
    this.operation = operation;
    const variables = new Map<string, VariableDefinitionNode>();
    for (const variable of operation.VariableDefinitions) {
      if (!variables.has(variable.Variable)) variables.set(variable.Variable, variable);
      for (const listener of this.#listeners) listener.variable?.(variable);
      if (variable.DefaultValue === undefined) continue;
      const facts = this.factsOf(variable.DefaultValue);
      facts.expected = variable.Type;
      facts.definition = this.schema.types.get(typeName(variable.Type));
    }
    this.#variables = variables;
    for (const variable of operation.VariableDefinitions) {
      if (variable.DefaultValue !== undefined) this.#walkValue(variable.DefaultValue);
      this.#walkDirectives(variable.Directives, 'VARIABLE_DEFINITION');
    }
    const location = ROOT_LOCATIONS[operation.Operation === '' ? 'query' : operation.Operation] ?? '';
    this.#walkDirectives(operation.Directives, location);
    this.#walkSelections(this.rootOf(operation), operation.SelectionSet);
    for (const listener of this.#listeners) listener.operation?.(operation);
    this.operation = undefined;
  }

  #walkDirectives(directives: readonly DirectiveNode[], location: string): void {
    for (const directive of directives) {
      const definition = this.schema.directives.get(directive.Name);
      this.directiveFacts.set(directive, { definition, location });
      this.#walkArguments(definition?.Arguments, directive.Arguments);
      for (const listener of this.#listeners) listener.directive?.(directive);
    }
    for (const listener of this.#listeners) listener.directives?.(directives);
  }

  #walkArguments(
    definitions: readonly ArgumentDefinition[] | undefined,
    args: readonly ArgumentNode[],
  ): void {
    for (const arg of args) {
      const definition = definitions && indexed(definitions, arg.Name);
      if (definition !== undefined) this.#expect(arg.Value, definition);
      this.#walkValue(arg.Value);
    }
  }

  #expect(value: ValueNode, { Type: type, DefaultValue: preset }: ArgumentDefinition): void {
    const facts = this.factsOf(value);
    facts.expected = type;
    facts.hasDefault = preset !== undefined && preset.Kind !== VALUE_KINDS.null;
    facts.definition = this.schema.types.get(typeName(type));
  }

  #walkValue(value: ValueNode): void {
    this.host.spend(1);
    const facts = this.factsOf(value);
    if (value.Kind === VALUE_KINDS.variable && this.operation !== undefined) {
      facts.variable = this.#variables.get(value.Raw);
      if (facts.variable !== undefined) this.usedVariables.add(facts.variable);
    }
    const isObject = value.Kind === VALUE_KINDS.object;
    if (isObject || value.Kind === VALUE_KINDS.list) {
      for (const child of value.Children) {
        if (isObject) {
          const field = facts.definition && indexed(facts.definition.Fields, child.Name);
          if (field !== undefined) this.#expect(child.Value, field);
        } else if (facts.expected?.Elem !== undefined) {
          const inner = this.factsOf(child.Value);
          inner.expected = facts.expected.Elem;
          inner.definition = facts.definition;
        }
        this.nested(() => this.#walkValue(child.Value));
      }
    }
    for (const listener of this.#listeners) listener.value?.(value);
  }

  #walkSelections(parent: Definition | undefined, selections: readonly SelectionNode[]): void {
    for (const node of selections) {
      this.host.spend(1);
      this.parents.set(node, parent);
      if (isField(node)) this.#walkField(parent, node);
      else if (isInlineFragment(node)) this.#walkInlineFragment(parent, node);
      else this.#walkSpread(node);
    }
  }

  #walkField(parent: Definition | undefined, node: FieldNode): void {
    const definition = node.Name === '__typename' ? TYPE_NAME : parent && indexed(parent.Fields, node.Name);
    this.fieldDefinitions.set(node, definition);
    const type = definition && this.schema.types.get(typeName(definition.Type));
    this.#walkArguments(definition?.Arguments, node.Arguments);
    this.#walkDirectives(node.Directives, 'FIELD');
    this.nested(() => this.#walkSelections(type, node.SelectionSet));
    for (const listener of this.#listeners) listener.field?.(node);
  }

  #walkInlineFragment(parent: Definition | undefined, node: InlineFragmentNode): void {
    const type = node.TypeCondition === '' ? parent : this.schema.types.get(node.TypeCondition);
    this.#walkDirectives(node.Directives, 'INLINE_FRAGMENT');
    this.nested(() => this.#walkSelections(type, node.SelectionSet));
    for (const listener of this.#listeners) listener.inlineFragment?.(node);
  }

  #walkSpread(node: FragmentSpreadNode): void {
    const fragment = this.fragmentNamed(node.Name);
    this.fragments.set(node, fragment);
    this.#walkDirectives(node.Directives, 'FRAGMENT_SPREAD');
    if (fragment !== undefined && !this.#seenFragments.has(fragment)) {
      this.#seenFragments.add(fragment);
      const type = this.schema.types.get(fragment.TypeCondition);
      this.#walkDirectives(fragment.Directives, 'FRAGMENT_DEFINITION');
      this.nested(() => this.#walkSelections(type, fragment.SelectionSet));
    }
    for (const listener of this.#listeners) listener.fragmentSpread?.(node);
  }
}
