import type { ComprehensionNode, ValueNode } from './plan.ts';

const ARRAY_BYTES = 32;
const ITEM_BYTES = 16;
const ENTRY_BYTES = 64;

/** Bytes that a value takes which is made anew, roughly: of what a policy writes out, not of what it refers to. */
function madeBytes(node: ValueNode): number {
  switch (node.op) {
    case 'array':
      return node.items.reduce((sum, item) => sum + ITEM_BYTES + madeBytes(item), ARRAY_BYTES);
    case 'set':
      return node.items.reduce((sum, item) => sum + ENTRY_BYTES + madeBytes(item), ARRAY_BYTES);
    case 'object':
      return node.entries.reduce((sum, [, value]) => sum + ENTRY_BYTES + madeBytes(value), ENTRY_BYTES);
    default:
      return 0;
  }
}

const PLACE_BYTES = { array: ITEM_BYTES, set: ENTRY_BYTES, object: ENTRY_BYTES * 2 } as const;

/** Bytes of one member that a comprehension collects, for the estimate of memory. */
export function memberBytes(node: ComprehensionNode): number {
  const key = node.key === undefined ? 0 : madeBytes(node.key);
  return PLACE_BYTES[node.result] + key + madeBytes(node.term);
}

/** Bytes of one member of a partial set or object. */
export function partialMemberBytes(value: ValueNode): number {
  return PLACE_BYTES.object + madeBytes(value);
}
