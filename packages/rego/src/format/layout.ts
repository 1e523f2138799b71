import type { FormatBody, FormatComment, FormatExpression, FormatTerm } from './nodes.ts';
import type { Place } from './place.ts';

/** The comments that are still to be written, in their order. */
export type Comments = readonly FormatComment[];

/**
 * Two comments came to stand at the end of one line, or one inside what is written on one line: the term around it is
 * written as it was. Thrown from deep inside a term to the nearest place that can do so; `comments` are those that are
 * left then.
 */
export class CommentInTheWay extends Error {
  comments: Comments;

  constructor(comments: Comments) {
    super('a comment stands where none can be written');
    this.comments = comments;
  }
}

/** What was being written when a comment came in the way has forgotten its comments. */
export function forgetting<T>(write: () => T): T {
  try {
    return write();
  } catch (caught) {
    if (caught instanceof CommentInTheWay) caught.comments = [];
    throw caught;
  }
}

/** Writes; a comment in the way ends the writing, not what stands around it. Gives the comments that are left. */
export function tolerating(write: () => Comments): Comments {
  try {
    return write();
  } catch (caught) {
    if (caught instanceof CommentInTheWay) return caught.comments;
    throw caught;
  }
}

/** Why a module cannot be formatted. */
export interface FormatError {
  readonly code: 'rego_parse_error' | 'rego_compile_error' | 'rego_type_error';
  readonly message: string;
  readonly place: Place | undefined;
}

export interface LayoutSettings {
  /** Partial sets are written with `contains`. */
  readonly contains: boolean;
  /** Rules are written with `if`. */
  readonly ifs: boolean;
  /** Some head is a reference of several parts. */
  readonly refHeads: boolean;
  readonly version1: boolean;
  readonly version2: boolean;
  /** Words that references hold in brackets and quotes. */
  readonly keywords: ReadonlySet<string>;
  /** `p.not` stays as it was written. */
  readonly keywordsInRefs: boolean;
}

/** What lower productions need from those above them. */
export interface Productions {
  expression(layout: Layout, expression: FormatExpression, comments: Comments): Comments;
  body(layout: Layout, body: FormatBody, comments: Comments): Comments;
}

export type WriteTerm = (layout: Layout, term: FormatTerm, comments: Comments) => Comments;

const INDENT = '\t';

/** The text so far, its indentation, and the comment that waits for the end of the line. */
export class Layout {
  text = '';
  level = 0;
  /** The present line has begun. */
  inline = false;
  /** Stands at the end of the present line once that ends. */
  beforeEnd: FormatComment | undefined;
  /** The next line end is not the one that the comment waits for. */
  delayed = false;
  /** A term that is written as it was brings the comment of its last line. */
  commentOnFinalLine = false;
  /** To be written in parentheses, once. */
  parenthesised: FormatExpression | FormatTerm | undefined;
  readonly errors: FormatError[] = [];
  readonly settings: LayoutSettings;
  readonly productions: Productions;

  constructor(settings: LayoutSettings, productions: Productions) {
    this.settings = settings;
    this.productions = productions;
  }

  write(text: string): void {
    this.text += text;
  }

  startLine(): void {
    this.inline = true;
    this.write(INDENT.repeat(this.level));
  }

  indentOnce(): void {
    this.write(INDENT);
  }

  endLine(): void {
    this.inline = false;
    if (this.beforeEnd !== undefined && !this.delayed) {
      this.write(` ${this.beforeEnd.text}`);
      this.beforeEnd = undefined;
    }
    this.delayed = false;
    this.write('\n');
  }

  writeLine(text: string): void {
    if (!this.inline) this.startLine();
    this.write(text);
    this.endLine();
  }

  blankLine(): void {
    if (this.inline) this.endLine();
    this.write('\n');
  }

  up(): void {
    this.level += 1;
  }

  down(): void {
    this.level -= 1;
  }

  startSequence(): void {
    this.endLine();
    this.up();
    this.startLine();
  }

  /** The comment of this row waits for the end of the line. */
  #wait(comment: FormatComment | undefined, left: Comments): void {
    if (this.beforeEnd !== undefined) {
      if (comment === undefined) return;
      this.beforeEnd = undefined;
      throw new CommentInTheWay(left);
    }
    this.beforeEnd = comment;
  }

  /** Writes the comments that stand above a row, keeps the row's own for the line's end, and gives the rest. */
  insertComments(comments: Comments, row: number): Comments {
    const { before, at, after } = partitionComments(comments, row);
    this.writeComments(before);
    const last = before.at(-1);
    if (last !== undefined && row - last.row > 1) this.blankLine();
    this.#wait(at, after);
    return after;
  }

  writeComments(comments: Comments): void {
    let inMetadata = false;
    for (const [index, comment] of comments.entries()) {
      const previous = comments[index - 1];
      if (previous !== undefined) {
        const distance = comment.row - previous.row || comment.column - previous.column;
        if (distance > 1) {
          this.blankLine();
          inMetadata = false;
        } else if (distance === 1 && inMetadata && isMetadata(comment)) {
          this.blankLine();
        }
      }
      if (isMetadata(comment)) inMetadata = true;
      this.writeLine(comment.text);
    }
  }

  /** Writes a text as it was, with the comments that stand in it. */
  writeUnformatted(place: Place, comments: Comments): Comments {
    const lastRow = place.endRow;
    this.write(place.text);
    return comments.filter((comment) => {
      if (this.commentOnFinalLine && comment.row === lastRow) {
        this.write(` ${comment.text}`);
        return false;
      }
      return comment.row >= lastRow;
    });
  }
}

function isMetadata({ text, column }: FormatComment): boolean {
  return column === 1 && text.slice(1).trim().startsWith('METADATA');
}

/** The comments above a row, the row's own, and those below. */
export function partitionComments(
  comments: Comments,
  row: number,
): { readonly before: Comments; readonly at: FormatComment | undefined; readonly after: Comments } {
  return {
    before: comments.filter((comment) => comment.row < row),
    at: comments.findLast((comment) => comment.row === row),
    after: comments.filter((comment) => comment.row > row),
  };
}
