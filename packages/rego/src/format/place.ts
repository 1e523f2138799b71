/**
 * Where something stood in the source, with its text. The rows decide the layout; the text is looked at for closing
 * brackets, for the quotes of strings and for what is written back as it was.
 */
export class Place {
  readonly row: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
  /** Made up: it stands nowhere in the source, and nothing is grouped by it. */
  readonly isMadeUp: boolean;
  readonly #source: string;

  constructor(source: string, at: PlaceAt, isMadeUp = false) {
    this.#source = source;
    this.row = at.row;
    this.column = at.column;
    this.start = at.start;
    this.end = at.end;
    this.isMadeUp = isMadeUp;
  }

  get text(): string {
    return this.#source.slice(this.start, this.end);
  }

  /** The row on which the text ends. */
  get endRow(): number {
    return this.row + lineEnds(this.text);
  }

  with(changed: Partial<PlaceAt>): Place {
    const { row, column, start, end } = this;
    return new Place(this.#source, { row, column, start, end, ...changed }, this.isMadeUp);
  }
}

export interface PlaceAt {
  readonly row: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
}

/** The place of what stands nowhere in the source. */
export function madeUpPlace(text: string, row = 1): Place {
  return new Place(text, { row, column: 1, start: 0, end: text.length }, true);
}

export function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

export type Brackets = '()' | '[]' | '{}';

interface Found {
  /** Index of the closing bracket, or the text's length. */
  readonly index: number;
  readonly lineEnds: number;
}

/** The bracket that closes the first one of its kind from an index on. Line ends before the opening one do not count. */
function findClosing(text: string, brackets: Brackets, from: number): Found {
  let index = text.indexOf(brackets.charAt(0), from);
  if (index < 0) index = text.length;
  let depth = 1;
  let rows = 0;
  while (depth > 0) {
    index += 1;
    if (index >= text.length) return { index: text.length, lineEnds: rows };
    const character = text[index];
    if (character === brackets[0]) depth += 1;
    else if (character === brackets[1]) depth -= 1;
    else if (character === '\n') rows += 1;
  }
  return { index, lineEnds: rows };
}

/** The row of the bracket that closes the first pair in a place's text, after another pair is skipped; -1 without one. */
export function closingRow(place: Place, brackets: Brackets, skipped?: Brackets): number {
  const { text } = place;
  const before = skipped === undefined ? { index: 0, lineEnds: 0 } : findClosing(text, skipped, 0);
  if (text.indexOf(brackets.charAt(0), before.index) < 0) return -1;
  const found = findClosing(text, brackets, before.index);
  return found.index >= text.length ? -1 : place.row + before.lineEnds + found.lineEnds;
}
