import type { Comment } from './ast.ts';
import { Lexer } from './lexer.ts';
import type { Token } from './token.ts';

/** The tokens of a text, read as they are asked for: a large module's are never all there at once. */
export class TokenStream {
  readonly #lexer: Lexer;
  /** How many were dropped from the beginning. */
  #dropped = 0;

  constructor(text: string, file: string) {
    this.#lexer = new Lexer(text, file);
  }

  /** Those before the last token that was asked for; all of them, once that was the end. */
  get comments(): readonly Comment[] {
    return this.#lexer.comments;
  }

  /** The token at a position; the last one, the text's end, for any position behind it. */
  at(index: number): Token {
    const { tokens } = this.#lexer;
    const place = index - this.#dropped;
    while (place >= tokens.length && this.#lexer.more());
    return tokens[Math.min(place, tokens.length - 1)]!;
  }

  /** Whether there is a token at a position. */
  has(index: number): boolean {
    const { tokens } = this.#lexer;
    const place = index - this.#dropped;
    while (place >= tokens.length && this.#lexer.more());
    return place < tokens.length;
  }

  /** Reads on from an offset, which holds the token after the one at a position, so many lines below it. */
  skip(index: number, offset: number, lineEnds: number): void {
    const token = this.at(index);
    // What was read ahead is read again.
    this.#lexer.tokens.length = index - this.#dropped + 1;
    this.#lexer.skip(token, offset, lineEnds);
  }

  /** Tokens before a position are asked for no more. */
  forget(before: number): void {
    const count = before - this.#dropped;
    if (count <= 0) return;
    this.#lexer.tokens.splice(0, count);
    this.#dropped = before;
  }
}
