import type { Value } from '../../value/index.ts';

/** A document as OPA shows it: without positions, and without what is absent or empty. */
export function prunedDocument(node: unknown): Value {
  return pruned(node) ?? (Object.create(null) as Readonly<Record<string, Value>>);
}

function pruned(node: unknown): Value | undefined {
  if (node === null || node === undefined) return undefined;
  if (Array.isArray(node)) {
    const members = (node as readonly unknown[]).map(pruned).filter((member) => member !== undefined);
    return members.length > 0 ? members : undefined;
  }
  if (typeof node !== 'object') return node as Value;
  const kept: Record<string, Value> = Object.create(null);
  for (const [name, member] of Object.entries(node)) {
    const value = name === 'Position' ? undefined : pruned(member);
    if (value !== undefined) kept[name] = value;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}
