import { canonicalJson, type Json } from '@writ/decision';
import { isObject } from '../read-data.ts';
import { pathStep } from './rule-changes.ts';

/** One place of a document that differs. */
export interface ValueChange {
  readonly change: 'added' | 'removed' | 'changed';
  /** As Rego writes it: `data.limits["a b"][3]`. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/**
 * What differs between two documents, place by place in the order of keys. A list of plain values counts as what it
 * holds: items that came and went are named, and one that only has another order is one change.
 */
export function compareValues(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
): ValueChange[] {
  if (before === undefined) return after === undefined ? [] : [{ change: 'added', path, after }];
  if (after === undefined) return [{ change: 'removed', path, before }];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => compareValues(own(before, key), own(after, key), `${path}${pathStep(key)}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ change: 'changed', path, before, after }];
}

function own(value: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function compareLists(before: readonly Json[], after: readonly Json[], path: string): ValueChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if ([...before, ...after].some((item) => typeof item === 'object' && item !== null)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
      compareValues(before[index], after[index], `${path}[${index}]`),
    ).flat();
  }
  const [gone, come] = [without(before, after), without(after, before)];
  if (gone.length === 0 && come.length === 0) return [{ change: 'changed', path, before, after }];
  return [
    ...gone.map((item): ValueChange => ({ change: 'removed', path: `${path}[_]`, before: item })),
    ...come.map((item): ValueChange => ({ change: 'added', path: `${path}[_]`, after: item })),
  ];
}

function without(items: readonly Json[], others: readonly Json[]): Json[] {
  const left = new Map<string, number>();
  for (const item of others) {
    const key = canonicalJson(item);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return items.filter((item) => {
    const key = canonicalJson(item);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}
