import type { NamedSlot, Statement } from '../plan/plan.ts';
import type { Frame } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/index.ts';

/** Slots that statements give a value, in patterns and in bodies inside of them too. */
export function boundSlots(node: unknown, found = new Set<number>()): ReadonlySet<number> {
  if (typeof node !== 'object' || node === null) return found;
  if (Array.isArray(node)) {
    for (const item of node) boundSlots(item, found);
    return found;
  }
  const { op, slot, key, value } = node as Readonly<Record<string, unknown>>;
  if (op === 'constant') return found;
  if ((op === 'assign' || op === 'bind') && typeof slot === 'number') found.add(slot);
  if (op === 'every') for (const one of [key, value]) if (typeof one === 'number') found.add(one);
  for (const [name, part] of Object.entries(node)) {
    if (name !== 'source' && name !== 'variables') boundSlots(part, found);
  }
  return found;
}

/** The user's variables in what stands inside of a place. */
export function namedWithin(statements: readonly Statement[], { start, end }: Location): NamedSlot[] {
  const inside = statements.filter(({ source }) => source.start >= start && source.end <= end);
  return [...new Map(inside.flatMap(({ variables }) => variables).map((one) => [one.name, one])).values()];
}

/** Values of variables that have one. */
export function valuesOf(named: readonly NamedSlot[], frame: Frame): Readonly<Record<string, Value>> {
  const values: Record<string, Value> = Object.create(null);
  for (const { name, slot } of named) {
    if (frame[slot] !== undefined) values[name] = frame[slot] as Value;
  }
  return values;
}
