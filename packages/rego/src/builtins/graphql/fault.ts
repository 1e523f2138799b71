import type { Position } from './nodes.ts';

/** What is wrong with a document, and where. Thrown inside this folder and caught at its edge. */
export class GraphqlFault {
  readonly message: string;
  readonly position: Position | undefined;

  constructor(message: string, position: Position | undefined) {
    this.message = message;
    this.position = position;
  }

  /** As gqlparser writes it, its file in front. */
  get located(): string {
    const place = this.position ?? { line: -1, column: -1, isBuiltIn: false };
    return `${place.isBuiltIn ? 'prelude.graphql' : 'input'}:${place.line}:${place.column}: ${this.message}`;
  }

  /** As OPA words a fault of parsing or of a query. */
  get worded(): string {
    if (this.position === undefined) return `GraphQL parse error: ${this.located}`;
    return `${this.message.replace(/^ +/, '')} in GraphQL string at location ${this.position.line}:${this.position.column}`;
  }
}

/** Gives a document up. */
export function refuse(message: string, position: Position | undefined): never {
  throw new GraphqlFault(message, position);
}
