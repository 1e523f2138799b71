import type { DocumentPlan, PolicyPlan } from '../plan/plan.ts';
import type { Run } from '../runtime/run.ts';
import type { Value } from '../value/value.ts';
import type { Backend, CompiledGroup, OtherParts } from './backend.ts';
import { Documents } from './documents.ts';
import { compileGroup } from './groups.ts';
import { compileBody } from './statements.ts';

const NO_OTHER_PARTS: OtherParts = {
  warmUses: 0,
  group: () => undefined,
  singleRule: () => undefined,
  partialRule: () => undefined,
};

/** The back end that turns plans into closures, each group of rules at its first use. */
export function createClosures(
  plan: PolicyPlan,
  observed: boolean,
  other: OtherParts = NO_OTHER_PARTS,
  choosesAsOpa = false,
): Backend {
  const nodes = new Map<number, DocumentPlan>();
  const collect = (node: DocumentPlan): void => {
    if (node.group !== undefined) nodes.set(node.group.id, node);
    for (const child of node.children.values()) collect(child);
  };
  collect(plan.root);
  const groups: LazyGroup[] = [];
  const group = (id: number): CompiledGroup => {
    groups[id] ??= new LazyGroup(
      () => other.group(plan.groups[id]!) ?? compileGroup(backend, plan.groups[id]!, nodes.get(id)!),
    );
    return groups[id]!;
  };
  const documents = new Documents(plan, group);
  const backend: Backend = {
    plan,
    statements: (statements, end, ordered) => compileBody(backend, statements, end, ordered),
    group,
    other,
    document: (run, path, keys) => documents.value(run, path, keys),
    documentNames: (run, path, keys) => documents.names(run, path, keys),
    choosesAsOpa,
    observed,
  };
  return backend;
}

/** Compiles a group at its first use; groups may refer to each other in a circle that evaluation never closes. */
class LazyGroup implements CompiledGroup {
  readonly #compile: () => CompiledGroup;
  #compiled: CompiledGroup | undefined;

  constructor(compile: () => CompiledGroup) {
    this.#compile = compile;
  }

  value(run: Run): Value | undefined {
    this.#compiled ??= this.#compile();
    return this.#compiled.value(run);
  }

  member(run: Run, key: Value): Value | undefined {
    this.#compiled ??= this.#compile();
    return this.#compiled.member(run, key);
  }

  call(run: Run, args: readonly Value[]): Value | undefined {
    this.#compiled ??= this.#compile();
    return this.#compiled.call(run, args);
  }
}
