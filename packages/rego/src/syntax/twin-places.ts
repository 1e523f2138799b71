import type { Location } from './ast.ts';

/** A literal of a rule in whose place its twins have others. */
export interface TwinParameter {
  readonly kind: 'string' | 'number';
  /** Where it stands in the rule that the twins are like, and how long it is there. */
  readonly start: number;
  readonly row: number;
  readonly length: number;
}

/** A rule that others are like, as far as their places go: plain data, which another thread can be given. */
export interface TwinShape {
  readonly start: number;
  readonly row: number;
  readonly parameters: readonly TwinParameter[];
}

/** A rule of the same text but for these literals. */
export interface TwinText {
  readonly start: number;
  readonly row: number;
  /** As they are written, one for each parameter. */
  readonly literals: readonly string[];
}

/** Where in a twin stands what has this place in the rule that it is like. */
export function placeInTwin(place: Location, shape: TwinShape, twin: TwinText): Location {
  const { file, row } = place;
  let start = place.start + twin.start - shape.start;
  let end = place.end + twin.start - shape.start;
  let { column } = place;
  for (let index = 0; index < shape.parameters.length; index++) {
    const parameter = shape.parameters[index]!;
    const longer = twin.literals[index]!.length - parameter.length;
    if (parameter.start < place.start) {
      start += longer;
      if (parameter.row === row) column += longer;
    }
    if (parameter.start < place.end) end += longer;
  }
  return { file, row: row + twin.row - shape.row, column, start, end };
}

/** The value of a literal that a twin has. */
export function literalValue(literal: string): string | number {
  return literal.startsWith('"') ? literal.slice(1, -1) : Number(literal);
}
