import { BUILTINS, BuiltinError } from '../builtins/index.ts';
import { memberBytes } from '../plan/member-bytes.ts';
import type { ComprehensionNode, ValueNode } from '../plan/plan.ts';
import { mockKey } from '../plan/plan.ts';
import type { CallSite } from '../runtime/calls.ts';
import { builtinFailed, callBuiltin, callReplaced } from '../runtime/calls.ts';
import { isPosition, member, memberAt, ObjectCollector, storedMember } from '../runtime/collections.ts';
import { EvaluationFault, OBJECT_CONFLICT } from '../runtime/fault.ts';
import type { Frame, Run } from '../runtime/run.ts';
import { lookup, makeObject, RegoSet, SetBuilder } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Backend, Compute, Step } from './backend.ts';

type ValueCompiler<K extends ValueNode['op']> = (
  backend: Backend,
  node: Extract<ValueNode, { op: K }>,
  ordered: boolean,
) => Compute;

const COMPILERS: { readonly [K in ValueNode['op']]: ValueCompiler<K> } = {
  constant:
    (_backend, { value }) =>
    () =>
      value,
  slot:
    (_backend, { slot }) =>
    (_run, frame) =>
      frame[slot] as Value | undefined,
  input: (_backend, { path }) => inputAt(path),
  base:
    (_backend, { path }) =>
    (run) =>
      memberAt(run.scope.data, path),
  document:
    (backend, { path }) =>
    (run) =>
      backend.document(run, path, []),
  dynamic: (backend, node, ordered) => compileDynamic(backend, node, ordered),
  rule: (backend, { group }) => {
    const compiled = backend.group(group);
    return (run) => compiled.value(run);
  },
  member: (backend, node, ordered) => {
    const compiled = backend.group(node.group);
    const key = compileValue(backend, node.key, ordered);
    return (run, frame) => {
      const value = key(run, frame);
      return value === undefined ? undefined : compiled.member(run, value);
    };
  },
  lookup: (backend, node, ordered) => compileLookup(backend, node, ordered),
  array: (backend, node, ordered) => {
    const items = node.items.map((item) => compileValue(backend, item, ordered));
    return (run, frame) => computeAll(items, run, frame);
  },
  set: (backend, node, ordered) => {
    const items = node.items.map((item) => compileValue(backend, item, ordered));
    return (run, frame) => {
      const values = computeAll(items, run, frame);
      return values === undefined ? undefined : RegoSet.from(values);
    };
  },
  object: (backend, node, ordered) => compileObject(backend, node, ordered),
  builtin: (backend, node, ordered) => compileBuiltin(backend, node, ordered),
  function: (backend, node, ordered) => compileFunction(backend, node, ordered),
  comprehension: (backend, node) => compileComprehension(backend, node),
};

/** Compiles the computation of a value. `ordered` says that the order of iteration inside can be seen. */
export function compileValue(backend: Backend, node: ValueNode, ordered: boolean): Compute {
  const compiler = COMPILERS[node.op] as (backend: Backend, node: ValueNode, ordered: boolean) => Compute;
  return compiler(backend, node, ordered);
}

function inputAt(path: readonly string[]): Compute {
  const [first, second, third] = path;
  if (first === undefined) return (run) => run.scope.input;
  if (second === undefined) return (run) => member(run.scope.input, first);
  if (third === undefined) return (run) => member(member(run.scope.input, first), second);
  return (run) => memberAt(run.scope.input, path);
}

/** The values of all, or undefined where one has none. */
export function computeAll(computes: readonly Compute[], run: Run, frame: Frame): Value[] | undefined {
  const values: Value[] = new Array(computes.length);
  for (let index = 0; index < computes.length; index++) {
    const value = computes[index]!(run, frame);
    if (value === undefined) return undefined;
    values[index] = value;
  }
  return values;
}

function compileDynamic(
  backend: Backend,
  node: Extract<ValueNode, { op: 'dynamic' }>,
  ordered: boolean,
): Compute {
  const keys = node.keys.map((key) => compileValue(backend, key, ordered));
  return (run, frame) => {
    const values = computeAll(keys, run, frame);
    return values === undefined ? undefined : backend.document(run, node.path, values);
  };
}

function compileLookup(
  backend: Backend,
  node: Extract<ValueNode, { op: 'lookup' }>,
  ordered: boolean,
): Compute {
  const of = compileValue(backend, node.of, ordered);
  if (node.key.op === 'constant') {
    const key = node.key.value;
    const isName = typeof key === 'string' && !(node.stored && isPosition(key));
    if (isName) return (run, frame) => member(of(run, frame), key);
    return node.stored
      ? (run, frame) => storedMember(of(run, frame), key)
      : (run, frame) => lookup(of(run, frame), key);
  }
  const find = node.stored ? storedMember : lookup;
  const key = compileValue(backend, node.key, ordered);
  return (run, frame) => {
    const step = key(run, frame);
    return step === undefined ? undefined : find(of(run, frame), step);
  };
}

function compileObject(
  backend: Backend,
  node: Extract<ValueNode, { op: 'object' }>,
  ordered: boolean,
): Compute {
  const entries = node.entries.map(
    ([key, value]) => [compileValue(backend, key, ordered), compileValue(backend, value, ordered)] as const,
  );
  const names = node.entries.map(([key]) => (key.op === 'constant' ? key.value : undefined));
  if (names.every((name) => typeof name === 'string')) {
    const values = entries.map(([, value]) => value);
    return (run, frame) => {
      const result: Record<string, Value> = Object.create(null);
      for (let index = 0; index < values.length; index++) {
        const value = values[index]!(run, frame);
        if (value === undefined) return undefined;
        result[names[index] as string] = value;
      }
      return result;
    };
  }
  return (run, frame) => {
    const pairs: [Value, Value][] = [];
    for (const [key, value] of entries) {
      const keyValue = key(run, frame);
      const entryValue = value(run, frame);
      if (keyValue === undefined || entryValue === undefined) return undefined;
      pairs.push([keyValue, entryValue]);
    }
    return makeObject(pairs);
  };
}

function compileBuiltin(
  backend: Backend,
  node: Extract<ValueNode, { op: 'builtin' }>,
  ordered: boolean,
): Compute {
  const { name, location } = node;
  const builtin = node.custom ?? BUILTINS[name];
  if (builtin === undefined) throw new EvaluationFault('eval_internal_error', `no builtin ${name}`, location);
  const args = node.args.map((argument) => compileValue(backend, argument, ordered));
  const site: CallSite = {
    key: mockKey({ kind: 'builtin', name }),
    itself: builtin,
    location,
    groupOf: (id) => backend.group(id),
  };
  const [first, second] = args;
  const { implementation } = builtin;
  if (args.length === 1) {
    return (run, frame) => {
      const a = first!(run, frame);
      if (a === undefined) return undefined;
      if (run.scope.mocks !== undefined) return callReplaced(run, site, [a]);
      const outcome = implementation(run.builtins, a);
      return outcome instanceof BuiltinError ? builtinFailed(run, outcome, location) : outcome;
    };
  }
  if (args.length === 2) {
    return (run, frame) => {
      const a = first!(run, frame);
      if (a === undefined) return undefined;
      const b = second!(run, frame);
      if (b === undefined) return undefined;
      if (run.scope.mocks !== undefined) return callReplaced(run, site, [a, b]);
      const outcome = implementation(run.builtins, a, b);
      return outcome instanceof BuiltinError ? builtinFailed(run, outcome, location) : outcome;
    };
  }
  return (run, frame) => {
    const values = computeAll(args, run, frame);
    if (values === undefined) return undefined;
    return run.scope.mocks === undefined
      ? callBuiltin(run, builtin, values, location)
      : callReplaced(run, site, values);
  };
}

function compileFunction(
  backend: Backend,
  node: Extract<ValueNode, { op: 'function' }>,
  ordered: boolean,
): Compute {
  const args = node.args.map((argument) => compileValue(backend, argument, ordered));
  const group = backend.group(node.group);
  const site: CallSite = {
    key: mockKey({ kind: 'function', path: node.path }),
    itself: group,
    location: node.location,
    groupOf: (id) => backend.group(id),
  };
  return (run, frame) => {
    const values = computeAll(args, run, frame);
    if (values === undefined) return undefined;
    return run.scope.mocks === undefined ? group.call(run, values) : callReplaced(run, site, values);
  };
}

function compileComprehension(backend: Backend, node: ComprehensionNode): Compute {
  const ordered = node.result === 'array';
  const term = compileValue(backend, node.term, ordered);
  const { slot } = node;
  const bytes = memberBytes(node);
  if (node.result === 'object') return compileObjectComprehension(backend, node);
  if (node.result === 'set') {
    const collect: Step = (run, frame) => {
      const value = term(run, frame);
      if (value === undefined) return false;
      run.allocate(bytes);
      (frame[slot] as SetBuilder).add(value);
      return false;
    };
    const body = backend.statements(node.body, collect, ordered);
    return (run, frame) => {
      const builder = new SetBuilder();
      frame[slot] = builder;
      body(run, frame);
      return builder.build();
    };
  }
  const collect: Step = (run, frame) => {
    const value = term(run, frame);
    if (value === undefined) return false;
    run.allocate(bytes);
    (frame[slot] as Value[]).push(value);
    return false;
  };
  const body = backend.statements(node.body, collect, ordered);
  return (run, frame) => {
    const items: Value[] = [];
    frame[slot] = items;
    body(run, frame);
    return items;
  };
}

function compileObjectComprehension(backend: Backend, node: ComprehensionNode): Compute {
  const key = compileValue(backend, node.key!, false);
  const term = compileValue(backend, node.term, false);
  const { slot, location } = node;
  const bytes = memberBytes(node);
  const collect: Step = (run, frame) => {
    const keyValue = key(run, frame);
    const value = term(run, frame);
    if (keyValue === undefined || value === undefined) return false;
    run.allocate(bytes);
    if (!(frame[slot] as ObjectCollector).put([keyValue], value)) {
      throw new EvaluationFault('eval_conflict_error', OBJECT_CONFLICT, location);
    }
    return false;
  };
  const body = backend.statements(node.body, collect, false);
  return (run, frame) => {
    const collector = new ObjectCollector();
    frame[slot] = collector;
    body(run, frame);
    return collector.build();
  };
}
