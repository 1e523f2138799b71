import type { ObjectValue, Value } from '../value/index.ts';
import { isObject, lookup, objectEntries, RegoSet, SetBuilder } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { cancelled } from './fault.ts';
import { membersOf } from './operand.ts';

type Vertices = readonly Value[] | RegoSet;

/** Vertices behind the edges of a node; none for what is no collection. */
function neighbours(edges: Value): readonly Value[] {
  return Array.isArray(edges) || edges instanceof RegoSet ? membersOf(edges as Vertices) : [];
}

function reachable(_context: BuiltinContext, graph: ObjectValue, initial: Vertices): BuiltinOutcome {
  const reached = new SetBuilder();
  const seen = new SetBuilder();
  const queue = [...membersOf(initial)];
  for (const vertex of queue) seen.add(vertex);
  for (let index = 0; index < queue.length; index++) {
    const vertex = queue[index]!;
    const edges = lookup(graph, vertex);
    if (edges === undefined) continue;
    reached.add(vertex);
    for (const neighbour of neighbours(edges)) {
      if (seen.has(neighbour)) continue;
      seen.add(neighbour);
      queue.push(neighbour);
    }
  }
  return reached.build();
}

/** Collects every path from a vertex that ends where nothing new can be reached. */
class PathCollector {
  readonly found = new SetBuilder();
  isCancelled = false;
  readonly #graph: ObjectValue;
  readonly #context: BuiltinContext;

  constructor(context: BuiltinContext, graph: ObjectValue) {
    this.#context = context;
    this.#graph = graph;
  }

  follow(vertex: Value, path: readonly Value[], onPath: RegoSet): void {
    this.isCancelled ||= this.#context.cancelled();
    if (this.isCancelled) return;
    const edges = lookup(this.#graph, vertex);
    if (edges === undefined) {
      if (path.length > 0) this.found.add(path);
      return;
    }
    const longer = [...path, vertex];
    const next = neighbours(edges);
    if (next.length === 0) this.found.add(longer);
    const visited = onPath.union(RegoSet.from([vertex]));
    for (const neighbour of next) {
      if (visited.has(neighbour)) this.found.add(longer);
      else this.follow(neighbour, longer, visited);
    }
  }

  start(vertex: Value): void {
    const edges = lookup(this.#graph, vertex);
    if (edges === undefined) return;
    const next = neighbours(edges);
    if (next.length === 0) this.found.add([vertex]);
    for (const neighbour of next) this.follow(neighbour, [vertex], RegoSet.from([vertex]));
  }
}

function reachablePaths(context: BuiltinContext, graph: ObjectValue, initial: Vertices): BuiltinOutcome {
  const collector = new PathCollector(context, graph);
  for (const vertex of membersOf(initial)) collector.start(vertex);
  return collector.isCancelled ? cancelled('timed out before finding all paths') : collector.found.build();
}

/** A value and everything inside it, each as `[path, value]`, outermost first. */
export function* walkValue(value: Value, path: readonly Value[] = []): Generator<Value, void> {
  yield [path, value];
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) yield* walkValue(member as Value, [...path, index]);
  } else if (value instanceof RegoSet) {
    for (const member of value.sorted()) yield* walkValue(member, [...path, member]);
  } else if (isObject(value)) {
    for (const [key, member] of objectEntries(value)) yield* walkValue(member, [...path, key]);
  }
}

/** Graphs and trees. Source: OPA's `topdown/reachable.go`, `walk.go`. */
export const GRAPH: Family = {
  'graph.reachable': { call: reachable, expected: [undefined, ['{array, set}']] },
  'graph.reachable_paths': { call: reachablePaths, expected: [undefined, ['{array, set}']] },
  walk: {
    call: (_context: BuiltinContext, value: Value) => [...walkValue(value)],
    answers: (_context, value) => walkValue(value),
  },
};
