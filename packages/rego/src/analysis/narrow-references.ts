import type { Value } from '../value/index.ts';
import { isObject, lookup, makeObject, objectValues, RegoSet } from '../value/index.ts';
import type { CoreExpression, CoreTerm, Variable } from './core.ts';

/** A reference is followed for so many values of its variables; beyond that it counts as unknown. */
const EXPANSION_MAX = 64;

/** Variables that can only have values that stand in the body, as far as the expressions before tell. */
export class KnownValues {
  readonly #values = new Map<Variable, readonly Value[]>();

  /** Takes in an expression of the body. Only the first that binds a variable counts: any one holds for it. */
  learn(expression: CoreExpression): void {
    if (expression.kind !== 'equal' || expression.negated || expression.with.length > 0) return;
    const { left, right } = expression;
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (side.kind !== 'variable') continue;
      const values = this.valuesOf(other);
      if (values === undefined) continue;
      if (!this.#values.has(side.variable)) this.#values.set(side.variable, values);
      return;
    }
  }

  /** What a term can be; undefined where that is not known. */
  valuesOf(term: CoreTerm): readonly Value[] | undefined {
    if (term.kind === 'variable') return this.#values.get(term.variable);
    if (term.kind !== 'ref') {
      const value = constantValue(term);
      return value === undefined ? undefined : [value];
    }
    if (typeof term.root === 'string') return undefined;
    let values = this.valuesOf(term.root);
    for (const part of term.parts) {
      if (values === undefined) return undefined;
      const key = constantValue(part);
      const next: Value[] = [];
      for (const value of values) {
        const members = key === undefined ? membersOf(value) : memberAt(value, key);
        if (members === undefined) return undefined;
        next.push(...members);
      }
      if (next.length > EXPANSION_MAX) return undefined;
      values = next;
    }
    return values;
  }
}

function memberAt(value: Value, key: Value): readonly Value[] {
  const member = lookup(value, key);
  return member === undefined ? [] : [member];
}

/** Every member of a collection. */
export function membersOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof RegoSet) return value.sorted();
  return isObject(value) ? objectValues(value) : undefined;
}

/** The value of a term that holds no variable, reference or closure. */
export function constantValue(term: CoreTerm): Value | undefined {
  switch (term.kind) {
    case 'constant':
      return term.value;
    case 'array':
    case 'set': {
      const items = term.items.map(constantValue);
      if (items.includes(undefined)) return undefined;
      return term.kind === 'array' ? (items as Value[]) : RegoSet.from(items as Value[]);
    }
    case 'object': {
      const entries = term.entries.map(([key, value]) => [constantValue(key), constantValue(value)]);
      if (entries.some((entry) => entry.includes(undefined))) return undefined;
      return makeObject(entries as [Value, Value][]);
    }
    default:
      return undefined;
  }
}

/** The reference for every combination of what its steps can be; unknown ones stay. */
export function expandedReferences(
  parts: readonly CoreTerm[],
  known: KnownValues,
): readonly (readonly CoreTerm[])[] {
  let expanded: readonly (readonly CoreTerm[])[] = [parts];
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'constant') continue;
    const values = known.valuesOf(part);
    if (values === undefined || values.length === 0) continue;
    if (expanded.length * values.length > EXPANSION_MAX) continue;
    const { location } = part;
    expanded = expanded.flatMap((one) =>
      values.map((value) => one.with(index, { kind: 'constant', value, location })),
    );
  }
  return expanded;
}
