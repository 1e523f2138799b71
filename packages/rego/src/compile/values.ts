import type { Builtin } from '../builtins/index.ts';
import { BUILTINS } from '../builtins/index.ts';
import { memberBytes } from '../plan/member-bytes.ts';
import type { ComprehensionNode, ValueNode } from '../plan/plan.ts';
import { isPosition } from '../runtime/collections.ts';
import { EvaluationFault, OBJECT_CONFLICT } from '../runtime/fault.ts';
import type { Code } from './code.ts';
import { code, join, literal, nameOf } from './code.ts';
import type { Emitter, Fail } from './emitter.ts';
import { inlineBuiltin, withShortcut } from './inline-builtins.ts';
import { isDirectGroup } from './shape.ts';

type ValueEmitter<K extends ValueNode['op']> = (
  emitter: Emitter,
  node: Extract<ValueNode, { op: K }>,
  fail: Fail,
  ordered: boolean,
) => Code;

const COMMA = code`, `;

const EMITTERS: { readonly [K in ValueNode['op']]: ValueEmitter<K> } = {
  constant: (emitter, { value }) => emitter.value(value),
  slot: (_emitter, { slot }) => nameOf('slot', slot),
  input: (emitter, { path }) => readPath(emitter, code`run.scope.input`, path),
  base: (emitter, { path }) => readPath(emitter, code`run.scope.data`, path),
  document: (emitter, { path }) => code`${emitter.constant({ kind: 'document', path })}(run)`,
  dynamic: (emitter, { path, keys: nodes }, fail, ordered) => {
    const keys = emitDefinedAll(emitter, nodes, fail, ordered);
    const read = emitter.constant({ kind: 'document', path });
    return code`${read}(run, [${join(keys, COMMA)}])`;
  },
  rule: (emitter, { group }) =>
    emitter.local.has(group)
      ? code`${nameOf('value', group)}(run)`
      : code`${emitter.constant({ kind: 'group', group })}.value(run)`,
  member: (emitter, { group, key }, fail, ordered) => {
    const name = emitDefined(emitter, key, fail, ordered);
    return code`${emitter.constant({ kind: 'group', group })}.member(run, ${name})`;
  },
  lookup: (emitter, node, fail, ordered) => emitLookup(emitter, node, fail, ordered),
  array: (emitter, { items }, fail, ordered) =>
    code`[${join(emitDefinedAll(emitter, items, fail, ordered), COMMA)}]`,
  set: (emitter, { items }, fail, ordered) =>
    code`RegoSet.from([${join(emitDefinedAll(emitter, items, fail, ordered), COMMA)}])`,
  object: (emitter, node, fail, ordered) => emitObject(emitter, node, fail, ordered),
  builtin: (emitter, node, fail, ordered) => emitBuiltin(emitter, node, fail, ordered),
  function: (emitter, node, fail, ordered) => emitFunction(emitter, node, fail, ordered),
  comprehension: (emitter, node, fail) => emitComprehension(emitter, node, fail),
};

/**
 * Writes the computation of a value and gives the expression for it, to be used once, at once. It may be undefined;
 * where one of its parts is, the code jumps to `fail`.
 */
export function emitValue(emitter: Emitter, node: ValueNode, fail: Fail, ordered: boolean): Code {
  const emit = EMITTERS[node.op] as (e: Emitter, node: ValueNode, fail: Fail, ordered: boolean) => Code;
  return emit(emitter, node, fail, ordered);
}

/** As {@link emitValue}; gives a name or constant that is a value: where there is none, the code jumps to `fail`. */
export function emitDefined(emitter: Emitter, node: ValueNode, fail: Fail, ordered: boolean): Code {
  const expression = emitValue(emitter, node, fail, ordered);
  if (node.op === 'constant') return expression;
  const name = node.op === 'slot' ? expression : emitter.hold(expression);
  if (!ALWAYS_DEFINED.has(node.op)) emitter.write(code`if (${name} === undefined) ${fail}`);
  return name;
}

const ALWAYS_DEFINED: ReadonlySet<ValueNode['op']> = new Set([
  'constant',
  'array',
  'set',
  'object',
  'comprehension',
]);

export function emitDefinedAll(
  emitter: Emitter,
  nodes: readonly ValueNode[],
  fail: Fail,
  ordered: boolean,
): readonly Code[] {
  return nodes.map((node) => emitDefined(emitter, node, fail, ordered));
}

/** Computes a value where being undefined is no reason to jump: gives a name whose value may be undefined. */
export function emitOptional(emitter: Emitter, node: ValueNode, ordered: boolean): Code {
  const name = emitter.temporary();
  const label = emitter.label();
  emitter.write(code`let ${name};`);
  emitter.write(code`${label}: {`);
  const expression = emitValue(emitter, node, code`break ${label};`, ordered);
  emitter.write(code`${name} = ${expression};`);
  emitter.write(code`}`);
  return name;
}

function readPath(emitter: Emitter, from: Code, path: readonly string[]): Code {
  let expression = from;
  for (const name of path) expression = code`${emitter.reader(name)}(${expression})`;
  return expression;
}

function emitLookup(
  emitter: Emitter,
  node: Extract<ValueNode, { op: 'lookup' }>,
  fail: Fail,
  ordered: boolean,
): Code {
  const name = node.key.op === 'constant' ? node.key.value : undefined;
  if (typeof name === 'string' && !(node.stored && isPosition(name))) {
    return code`${emitter.reader(name)}(${emitValue(emitter, node.of, fail, ordered)})`;
  }
  const key = emitDefined(emitter, node.key, fail, ordered);
  const of = emitValue(emitter, node.of, fail, ordered);
  return node.stored ? code`storedMember(${of}, ${key})` : code`lookup(${of}, ${key})`;
}

function emitObject(
  emitter: Emitter,
  node: Extract<ValueNode, { op: 'object' }>,
  fail: Fail,
  ordered: boolean,
): Code {
  const names = node.entries.map(([key]) => (key.op === 'constant' ? key.value : undefined));
  if (names.every((name) => typeof name === 'string')) {
    const members = node.entries.map(([, value], index) => {
      const name = names[index]!;
      const property = name === '__proto__' ? code`[${literal(name)}]` : literal(name);
      return code`${property}: ${emitDefined(emitter, value, fail, ordered)}`;
    });
    return code`{ ${join(members, COMMA)} }`;
  }
  const pairs = node.entries.map(([key, value]) => {
    const [keyName, valueName] = [emitOptional(emitter, key, ordered), emitOptional(emitter, value, ordered)];
    emitter.write(code`if (${keyName} === undefined || ${valueName} === undefined) ${fail}`);
    return code`[${keyName}, ${valueName}]`;
  });
  return code`makeObject([${join(pairs, COMMA)}])`;
}

function emitBuiltin(
  emitter: Emitter,
  node: Extract<ValueNode, { op: 'builtin' }>,
  fail: Fail,
  ordered: boolean,
): Code {
  const { name, location } = node;
  const builtin = node.custom ?? BUILTINS[name];
  if (builtin === undefined) throw new EvaluationFault('eval_internal_error', `no builtin ${name}`, location);
  const args = emitDefinedAll(emitter, node.args, fail, ordered);
  const result = emitter.temporary();
  const { custom } = node;
  const site = emitter.constant({ kind: 'builtin-site', builtin: name, location, ...(custom && { custom }) });
  const replaced = code`callReplaced(run, ${site}, [${join(args, COMMA)}])`;
  const call = (operands: readonly Code[]): Code => implementationCall(emitter, name, operands, custom);
  const inline = custom === undefined ? inlineBuiltin(name, args, node.args, call) : undefined;
  if (inline !== undefined) {
    emitter.write(code`const ${result} = run.scope.mocks === undefined ? ${inline} : ${replaced};`);
    return result;
  }
  emitter.write(code`let ${result};`);
  emitter.write(code`if (run.scope.mocks === undefined) {`);
  const plain = call(args);
  const short = custom === undefined ? withShortcut(name, args, node.args, plain) : plain;
  emitter.write(code`${result} = ${short};`);
  emitter.write(
    code`if (${result} instanceof BuiltinError) ${result} = builtinFailed(run, ${result}, ${emitter.data(location)});`,
  );
  emitter.write(code`} else ${result} = ${replaced};`);
  return result;
}

function implementationCall(
  emitter: Emitter,
  builtin: string,
  args: readonly Code[],
  custom: Builtin | undefined,
): Code {
  const called = emitter.constant({ kind: 'implementation', builtin, ...(custom && { custom }) });
  return code`${called}(${join([code`run.builtins`, ...args], COMMA)})`;
}

function emitFunction(
  emitter: Emitter,
  node: Extract<ValueNode, { op: 'function' }>,
  fail: Fail,
  ordered: boolean,
): Code {
  const args = join(emitDefinedAll(emitter, node.args, fail, ordered), COMMA);
  const { group, path, location } = node;
  const site = emitter.constant({ kind: 'function-site', group, path, location });
  const isLocal = emitter.local.has(group) && isDirectGroup(emitter.plan.groups[group]!);
  const direct = isLocal
    ? code`${nameOf('call', group)}(${join([code`run`, ...(node.args.length > 0 ? [args] : [])], COMMA)})`
    : code`${emitter.constant({ kind: 'group', group })}.call(run, [${args}])`;
  return code`(run.scope.mocks === undefined ? ${direct} : callReplaced(run, ${site}, [${args}]))`;
}

const COLLECTORS: Readonly<
  Record<ComprehensionNode['result'], { readonly make: Code; readonly result: (name: Code) => Code }>
> = {
  array: { make: code`[]`, result: (name) => name },
  set: { make: code`new SetBuilder()`, result: (name) => code`${name}.build()` },
  object: { make: code`new ObjectCollector()`, result: (name) => code`${name}.build()` },
};

/** Collects in a block of its own: its answers do not leave it by a jump, so that the search ends by itself. */
function emitComprehension(emitter: Emitter, node: ComprehensionNode, _outer: Fail): Code {
  const collector = COLLECTORS[node.result];
  const ordered = node.result === 'array';
  const name = emitter.hold(collector.make);
  const label = emitter.label();
  emitter.write(code`${label}: {`);
  emitter.writeBody(emitter, node.body, code`break ${label};`, ordered, (fail) => {
    if (node.result === 'object') emitPair(emitter, node, name, fail);
    else {
      const term = emitDefined(emitter, node.term, fail, ordered);
      emitter.write(code`run.allocate(${memberBytes(node)});`);
      emitter.write(node.result === 'set' ? code`${name}.add(${term});` : code`${name}.push(${term});`);
    }
    emitter.write(fail);
  });
  emitter.write(code`}`);
  return collector.result(name);
}

function emitPair(emitter: Emitter, node: ComprehensionNode, name: Code, fail: Fail): void {
  const key = emitOptional(emitter, node.key!, false);
  const term = emitOptional(emitter, node.term, false);
  emitter.write(code`if (${key} === undefined || ${term} === undefined) ${fail}`);
  emitter.write(code`run.allocate(${memberBytes(node)});`);
  const fault = emitter.constant({
    kind: 'fault',
    code: 'eval_conflict_error',
    message: OBJECT_CONFLICT,
    location: node.location,
  });
  emitter.write(code`if (!${name}.put([${key}], ${term})) conflict(${fault});`);
}
