import { quote } from '../../value/index.ts';
import { refuse } from './fault.ts';
import type { Token, TokenKind } from './lexer.ts';
import { Lexer } from './lexer.ts';
import type {
  ArgumentNode,
  ChildValueNode,
  CommentGroup,
  DirectiveNode,
  Position,
  TypeNode,
  ValueNode,
} from './nodes.ts';
import { VALUE_KINDS } from './nodes.ts';

/** Nesting of values, types and selections. */
const DEPTH_MAX = 1_000;

function shown(token: Token): string {
  return token.value === '' ? token.kind : `${token.kind} ${quote(token.value)}`;
}

const SCALAR_KINDS: Readonly<Partial<Record<TokenKind, number>>> = {
  Int: VALUE_KINDS.int,
  Float: VALUE_KINDS.float,
  String: VALUE_KINDS.string,
  BlockString: VALUE_KINDS.block,
};

const NAME_KINDS: Readonly<Record<string, number>> = Object.freeze({
  true: VALUE_KINDS.boolean,
  false: VALUE_KINDS.boolean,
  null: VALUE_KINDS.null,
});

/**
 * What parsing of queries and schemas has in common: a look at one token, the comments before it, values, types and
 * directives. The first fault ends it. Source: GraphQL (October 2021), 2; order and words are gqlparser's.
 */
export class Parser {
  readonly #lexer: Lexer;
  #peeked: Token | undefined;
  #previous: Token | undefined;
  #isConsuming = false;
  #depth = 0;
  /** The comments before the token that was looked at. */
  comment: CommentGroup | undefined;

  constructor(text: string, isBuiltIn = false) {
    this.#lexer = new Lexer(text, isBuiltIn);
  }

  peek(): Token {
    if (this.#peeked === undefined) {
      this.#peeked = this.#lexer.read();
      if (this.#peeked.kind === 'Comment') this.#consumeComments();
    }
    return this.#peeked;
  }

  /** The token taken last. */
  get previous(): Token {
    return this.#previous ?? this.peek();
  }

  get position(): Position {
    return this.peek().position;
  }

  next(): Token {
    const token = this.peek();
    this.#peeked = undefined;
    this.comment = undefined;
    if (token.fault !== undefined) throw token.fault;
    this.#previous = token;
    return token;
  }

  #consumeComments(): void {
    if (this.#isConsuming) return;
    this.#isConsuming = true;
    const comments: { readonly Value: string }[] = [];
    while (this.peek().kind === 'Comment') comments.push({ Value: this.next().value });
    this.comment = { List: comments };
    this.#isConsuming = false;
  }

  unexpected(token = this.peek()): never {
    return refuse(`Unexpected ${shown(token)}`, token.position);
  }

  expect(kind: TokenKind): { readonly token: Token; readonly comment: CommentGroup | undefined } {
    const token = this.peek();
    const { comment } = this;
    if (token.kind !== kind) refuse(`Expected ${kind}, found ${token.kind}`, token.position);
    return { token: this.next(), comment };
  }

  /** Takes a keyword; gives the comments before it. */
  keyword(word: string): CommentGroup | undefined {
    const token = this.peek();
    const { comment } = this;
    if (token.kind !== 'Name' || token.value !== word) {
      refuse(`Expected ${quote(word)}, found ${shown(token)}`, token.position);
    }
    this.next();
    return comment;
  }

  skip(kind: TokenKind): boolean {
    if (this.peek().kind !== kind) return false;
    this.next();
    return true;
  }

  name(): string {
    return this.expect('Name').token.value;
  }

  /** Goes one level deeper; a document that nests without end is refused. */
  nested<Result>(parse: () => Result): Result {
    this.#depth++;
    if (this.#depth > DEPTH_MAX) refuse('Document is nested too deeply', this.position);
    const result = parse();
    this.#depth--;
    return result;
  }

  /** Any number of things in brackets. */
  many<Item>(start: TokenKind, end: TokenKind, parse: () => Item): Item[] {
    const items: Item[] = [];
    if (!this.skip(start)) return items;
    while (this.peek().kind !== end) items.push(this.nested(parse));
    this.next();
    return items;
  }

  /** Nothing, or one thing and more in brackets; with the comments before the closing one. */
  some<Item>(
    start: TokenKind,
    end: TokenKind,
    parse: () => Item,
  ): { readonly items: Item[]; readonly comment: CommentGroup | undefined } {
    const items: Item[] = [];
    if (!this.skip(start)) return { items, comment: undefined };
    while (this.peek().kind !== end) items.push(this.nested(parse));
    if (items.length === 0) {
      refuse(`expected at least one definition, found ${this.peek().kind}`, this.position);
    }
    const { comment } = this;
    this.next();
    return { items, comment };
  }

  directives(isConst: boolean): DirectiveNode[] {
    const directives: DirectiveNode[] = [];
    while (this.skip('@')) {
      const { position } = this;
      const name = this.name();
      directives.push({ Position: position, Name: name, Arguments: this.arguments(isConst), Location: '' });
    }
    return directives;
  }

  arguments(isConst: boolean): ArgumentNode[] {
    return this.some('(', ')', () => {
      const { position, comment } = this;
      const name = this.name();
      this.expect(':');
      return { Position: position, Comment: comment, Name: name, Value: this.value(isConst) };
    }).items;
  }

  type(): TypeNode {
    const isList = this.skip('[');
    const { position } = this;
    const element = isList ? this.nested(() => this.type()) : undefined;
    const name = isList ? '' : this.name();
    if (isList) this.expect(']');
    return { Position: position, NamedType: name, Elem: element, NonNull: this.skip('!') };
  }

  value(isConst: boolean): ValueNode {
    const token = this.peek();
    const { position } = token;
    const node = { Position: position, Raw: '', Children: [], ExpectedTypeHasDefault: false };
    if (token.kind === '[') {
      const { comment } = this;
      const items = this.many('[', ']', () => ({
        Position: undefined,
        Name: '',
        Value: this.value(isConst),
      }));
      return { ...node, Comment: comment, Children: items, Kind: VALUE_KINDS.list };
    }
    if (token.kind === '{') {
      const { comment } = this;
      const items = this.many('{', '}', () => this.#objectField(isConst));
      return { ...node, Comment: comment, Children: items, Kind: VALUE_KINDS.object };
    }
    if (token.kind === '$') {
      if (isConst) this.unexpected();
      return { ...node, Raw: this.variable(), Kind: VALUE_KINDS.variable };
    }
    const kind =
      token.kind === 'Name'
        ? Object.hasOwn(NAME_KINDS, token.value)
          ? NAME_KINDS[token.value]
          : VALUE_KINDS.enum
        : SCALAR_KINDS[token.kind];
    if (kind === undefined) this.unexpected();
    this.next();
    return { ...node, Raw: token.value, Kind: kind };
  }

  #objectField(isConst: boolean): ChildValueNode {
    const { position, comment } = this;
    const name = this.name();
    this.expect(':');
    return { Position: position, Comment: comment, Name: name, Value: this.value(isConst) };
  }

  variable(): string {
    this.expect('$');
    return this.name();
  }
}
