import type { DocumentPlan, GroupPlan, PolicyPlan } from '../plan/plan.ts';
import { forEachMember, member, memberAt, mergeDocuments, storedMember } from '../runtime/collections.ts';
import { isReplaced } from '../runtime/memo.ts';
import type { Run } from '../runtime/run.ts';
import { isPlainObject, lookup, objectKeys } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { CompiledGroup } from './backend.ts';

/** Reads the tree of documents, in which rules (virtual documents) and base data lie over each other. */
export class Documents {
  readonly #plan: PolicyPlan;
  readonly #group: (id: number) => CompiledGroup;

  constructor(plan: PolicyPlan, group: (id: number) => CompiledGroup) {
    this.#plan = plan;
    this.#group = group;
  }

  /** The document at a path. */
  value(run: Run, path: readonly string[], keys: readonly Value[]): Value | undefined {
    const place = this.#find(run, path, keys);
    return place.kind === 'value' ? place.value : this.nodeValue(run, place.node);
  }

  /** The keys of the document at a path: those of base data, then those of rules. */
  *names(run: Run, path: readonly string[], keys: readonly Value[]): Iterable<Value> {
    const place = this.#find(run, path, keys);
    if (place.kind === 'value') {
      const found: Value[] = [];
      forEachMember(place.value, true, (key) => {
        found.push(key);
        return false;
      });
      yield* found;
      return;
    }
    const { node } = place;
    const base = memberAt(run.scope.data, node.path);
    const names = isPlainObject(base) ? objectKeys(base) : [];
    yield* names;
    for (const name of node.children.keys())
      if (names.length === 0 || member(base, name) === undefined) yield name;
  }

  #find(
    run: Run,
    path: readonly string[],
    keys: readonly Value[],
  ):
    | { readonly kind: 'value'; readonly value: Value | undefined }
    | { readonly kind: 'node'; readonly node: DocumentPlan } {
    const steps: readonly Value[] = keys.length === 0 ? path : [...path, ...keys];
    let node = this.#plan.root;
    for (let index = 0; ; index++) {
      if (isReplaced(run, node.path)) return baseValue(run, steps);
      if (node.group !== undefined) {
        return { kind: 'value', value: this.#groupValue(run, node.group, steps.slice(index)) };
      }
      if (index === steps.length) return { kind: 'node', node };
      const step = steps[index]!;
      const child = typeof step === 'string' ? node.children.get(step) : undefined;
      if (child === undefined) return baseValue(run, steps);
      node = child;
    }
  }

  #groupValue(run: Run, group: GroupPlan, steps: readonly Value[]): Value | undefined {
    if (group.kind === 'function') return undefined;
    const compiled = this.#group(group.id);
    const [first, ...rest] = steps;
    if (first === undefined) return compiled.value(run);
    let value = compiled.member(run, first);
    for (const step of rest) value = lookup(value, step);
    return value;
  }

  /** All of what rules and base data define at a node; where both define something, base data stands. */
  nodeValue(run: Run, node: DocumentPlan): Value | undefined {
    if (isReplaced(run, node.path)) return memberAt(run.scope.data, node.path);
    if (node.group !== undefined) {
      return node.group.kind === 'function' ? undefined : this.#group(node.group.id).value(run);
    }
    const result: Record<string, Value> = Object.create(null);
    const base = memberAt(run.scope.data, node.path);
    if (isPlainObject(base)) {
      for (const name of Object.keys(base)) if (!node.children.has(name)) result[name] = base[name]!;
    }
    for (const [name, child] of node.children) {
      const own = this.nodeValue(run, child);
      const value = child.group === undefined ? own : mergeDocuments(member(base, name), own);
      if (value !== undefined) result[name] = value;
    }
    return result;
  }
}

function baseValue(run: Run, steps: readonly Value[]) {
  let value: Value | undefined = run.scope.data;
  for (const step of steps) value = storedMember(value, step);
  return { kind: 'value', value } as const;
}
