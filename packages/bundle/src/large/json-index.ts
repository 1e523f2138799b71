/**
 * Where the members of large containers stand in a JSON text, as one array of numbers that threads can hand over.
 * A container of at most {@link LEAF_BYTES} is not in it: its text is parsed when it is asked for.
 *
 * A node: kind, number of members, start and end of its text, mask of its table of names (0 for arrays), then the
 * members, then for objects the table: positions of members, counted from 1, at the hash of their key or after it.
 */
export interface JsonIndex {
  /** UTF-8, RFC 8259, each key once. */
  readonly text: Uint8Array;
  readonly nodes: Uint32Array;
  /** Position of the whole document's node. */
  readonly root: number;
}

/** What is parsed in one piece when something in it is asked for. */
export const LEAF_BYTES = 4_096;

export const KIND_OBJECT = 1;
export const KIND_ARRAY = 2;

/** Offsets in a node. */
export const NODE = { kind: 0, count: 1, start: 2, end: 3, mask: 4, members: 5 } as const;
/**
 * Words of a member. Its key: start and end inside the quotes. Its value: start and end of its text; where that is a
 * node of its own, the node's position and 0.
 */
export const OBJECT_MEMBER = { keyStart: 0, keyEnd: 1, start: 2, end: 3, words: 4 } as const;
export const ARRAY_MEMBER = { start: 0, end: 1, words: 2 } as const;
