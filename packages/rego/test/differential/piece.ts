/**
 * A generated program as a tree of pieces, each of which says what it is. Coverage counts them; the minimiser takes
 * away members of lists and puts smaller pieces in the place of greater ones.
 */
export interface Piece {
  /** What may stand in its place: a piece of the same role inside it, or the role's smallest. */
  readonly role: 'term' | 'body' | 'statement' | 'rule' | 'part';
  /** The construct, as coverage counts it; empty for what only holds others together. */
  readonly label: string;
  readonly parts: readonly (string | Piece)[];
  /** Where it stands, the parts are members that this text joins, and may be left out. */
  readonly joined?: string;
  /** How few members a list may have. */
  readonly fewest?: number;
  /** What a rule defines: `r1`. */
  readonly name?: string;
}

/** A piece of fixed and inner parts. */
export function piece(role: Piece['role'], label: string, ...parts: readonly (string | Piece)[]): Piece {
  return { role, label, parts };
}

/** A list of pieces that may be left out one by one. */
export function list(members: readonly Piece[], joined: string, fewest = 0): Piece {
  return { role: 'part', label: '', parts: members, joined, fewest };
}

/** The text of a piece. */
export function textOf(one: string | Piece): string {
  if (typeof one === 'string') return one;
  return one.parts.map(textOf).join(one.joined ?? '');
}

/** Calls back for a piece and all inside it. */
export function walkPieces(one: Piece, visit: (piece: Piece) => void): void {
  visit(one);
  for (const part of one.parts) if (typeof part !== 'string') walkPieces(part, visit);
}
