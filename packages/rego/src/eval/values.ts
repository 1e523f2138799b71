import type { Builtin } from '../builtins/index.ts';
import { BUILTINS, BuiltinError } from '../builtins/index.ts';
import type { ComprehensionNode, ValueNode } from '../plan/plan.ts';
import { mockKey } from '../plan/plan.ts';
import { member, memberAt, ObjectCollector, storedMember } from '../runtime/collections.ts';
import { CONFLICT_TEXTS, EvaluationFault } from '../runtime/fault.ts';
import type { Frame, Run } from '../runtime/run.ts';
import { newMemo } from '../runtime/run.ts';
import type { Location } from '../syntax/ast.ts';
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
    if (typeof key === 'string') return (run, frame) => member(of(run, frame), key);
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

/** Notes a builtin's failure; the expression is undefined, unless the failure is that the evaluation must end. */
function builtinFailed(run: Run, error: BuiltinError, location: Location): undefined {
  if (error.code === 'eval_cancel_error')
    throw new EvaluationFault('eval_cancel_error', error.message, location);
  run.builtinError ??= { error, location };
  return undefined;
}

/** Calls a builtin over values. */
export function callBuiltin(
  run: Run,
  builtin: Builtin,
  args: readonly Value[],
  location: Location,
): Value | undefined {
  const outcome = builtin.implementation(run.builtins, ...args);
  return outcome instanceof BuiltinError ? builtinFailed(run, outcome, location) : outcome;
}

function compileBuiltin(
  backend: Backend,
  node: Extract<ValueNode, { op: 'builtin' }>,
  ordered: boolean,
): Compute {
  const { name, location } = node;
  const builtin = BUILTINS[name];
  if (builtin === undefined) throw new EvaluationFault('eval_internal_error', `no builtin ${name}`, location);
  const args = node.args.map((argument) => compileValue(backend, argument, ordered));
  const mocked = mockedCall(backend, mockKey({ kind: 'builtin', name }), location);
  const [first, second] = args;
  const { implementation } = builtin;
  if (args.length === 1) {
    return (run, frame) => {
      const a = first!(run, frame);
      if (a === undefined) return undefined;
      if (run.scope.mocks !== undefined) return mocked(run, [a], builtin);
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
      if (run.scope.mocks !== undefined) return mocked(run, [a, b], builtin);
      const outcome = implementation(run.builtins, a, b);
      return outcome instanceof BuiltinError ? builtinFailed(run, outcome, location) : outcome;
    };
  }
  return (run, frame) => {
    const values = computeAll(args, run, frame);
    if (values === undefined) return undefined;
    return run.scope.mocks === undefined
      ? callBuiltin(run, builtin, values, location)
      : mocked(run, values, builtin);
  };
}

type Callable = Builtin | number;

/** Calls what `with` put in the place of a function or builtin, or the thing itself. */
function mockedCall(backend: Backend, key: string, location: Location) {
  return (run: Run, args: readonly Value[], itself: Callable): Value | undefined => {
    const mock = run.scope.mocks?.get(key);
    if (mock?.kind === 'value') return mock.value;
    const target = mock === undefined ? itself : mock.kind === 'builtin' ? BUILTINS[mock.name]! : mock.group;
    if (typeof target !== 'number') return callBuiltin(run, target, args, location);
    return mock === undefined
      ? backend.group(target).call(run, args)
      : callUnmocked(backend, run, target, args);
  };
}

/** A function that stands in for another one sees no stand-ins itself, so that it can call what it replaces. */
function callUnmocked(backend: Backend, run: Run, group: number, args: readonly Value[]): Value | undefined {
  const outer = run.scope;
  run.scope = { ...outer, outer, mocks: undefined, memo: newMemo(run.groupCount), keyed: undefined };
  const value = backend.group(group).call(run, args);
  run.scope = outer;
  return value;
}

function compileFunction(
  backend: Backend,
  node: Extract<ValueNode, { op: 'function' }>,
  ordered: boolean,
): Compute {
  const args = node.args.map((argument) => compileValue(backend, argument, ordered));
  const group = backend.group(node.group);
  const mocked = mockedCall(backend, mockKey({ kind: 'function', path: node.path }), node.location);
  return (run, frame) => {
    const values = computeAll(args, run, frame);
    if (values === undefined) return undefined;
    return run.scope.mocks === undefined ? group.call(run, values) : mocked(run, values, node.group);
  };
}

function compileComprehension(backend: Backend, node: ComprehensionNode): Compute {
  const ordered = node.result === 'array';
  const term = compileValue(backend, node.term, ordered);
  const { slot } = node;
  if (node.result === 'object') return compileObjectComprehension(backend, node);
  if (node.result === 'set') {
    const collect: Step = (run, frame) => {
      const value = term(run, frame);
      if (value !== undefined) (frame[slot] as SetBuilder).add(value);
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
    if (value !== undefined) (frame[slot] as Value[]).push(value);
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
  const collect: Step = (run, frame) => {
    const keyValue = key(run, frame);
    const value = term(run, frame);
    if (keyValue === undefined || value === undefined) return false;
    if (!(frame[slot] as ObjectCollector).put([keyValue], value)) {
      throw new EvaluationFault('eval_conflict_error', CONFLICT_TEXTS.object, location);
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
