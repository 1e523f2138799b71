import type { Value } from '../../value/index.ts';
import { isNumber, isObject, objectEntries, objectGet, toJson } from '../../value/index.ts';
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts';
import { refuse } from './nodes.ts';

/** Characters that a template may write. */
const OUTPUT_MAX = 10_000_000;

/** What a template computes with: data, integers of the template's own, or nothing (a key that is missing). */
type Item = Value | bigint | undefined;
type Flow = 'on' | 'break' | 'continue';

/** A number out of the data is a text to Go's template, its JSON. */
function textOf(item: Item): string | undefined {
  if (typeof item === 'string') return item;
  return isNumber(item) ? toJson(item as Value) : undefined;
}

function isList(item: Item): item is readonly Value[] {
  return Array.isArray(item);
}

function isTrue(item: Item): boolean {
  if (item === undefined || item === null) return false;
  if (typeof item === 'boolean') return item;
  if (typeof item === 'bigint') return item !== 0n;
  const text = textOf(item);
  if (text !== undefined) return text !== '';
  return isList(item) ? item.length > 0 : objectEntries(item as never).length > 0;
}

/** A value as Go's `fmt` prints it. */
function printed(item: Item): string {
  if (item === undefined) return '<no value>';
  if (item === null) return '<nil>';
  if (typeof item === 'boolean' || typeof item === 'bigint') return String(item);
  const text = textOf(item);
  if (text !== undefined) return text;
  if (isList(item)) return `[${item.map(printed).join(' ')}]`;
  const pairs = objectEntries(item as never);
  return `map[${pairs.map(([key, member]) => `${printed(key)}:${printed(member)}`).join(' ')}]`;
}

function fieldOf(item: Item, name: string): Item {
  if (item === undefined) return undefined;
  if (item === null) return refuse(`nil pointer evaluating interface {}.${name}`);
  if (typeof item !== 'bigint' && isObject(item)) return objectGet(item, name);
  return refuse(`can't evaluate field ${name}`);
}

type Kind = 'boolean' | 'integer' | 'text';

function basicKind(item: Item): Kind {
  if (typeof item === 'boolean') return 'boolean';
  if (typeof item === 'bigint') return 'integer';
  return textOf(item) === undefined ? refuse('invalid type for comparison') : 'text';
}

function comparable(item: Item): boolean | bigint | string {
  return typeof item === 'boolean' || typeof item === 'bigint' ? item : textOf(item)!;
}

function isNothing(item: Item): boolean {
  return item === null || item === undefined;
}

function isEqual(a: Item, b: Item): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b);
  if (basicKind(a) !== basicKind(b)) refuse('incompatible types for comparison');
  return comparable(a) === comparable(b);
}

function isLess(a: Item, b: Item): boolean {
  const kind = basicKind(a);
  if (kind !== basicKind(b)) refuse('incompatible types for comparison');
  if (kind === 'boolean') refuse('invalid type for comparison');
  return comparable(a) < comparable(b);
}

function pair(args: readonly Item[]): [Item, Item] {
  return args.length === 2 ? [args[0], args[1]] : refuse('wrong number of args: want 2');
}

function indexed(args: readonly Item[]): Item {
  let [item] = args;
  for (const index of args.slice(1)) {
    if (isList(item)) {
      if (typeof index !== 'bigint') return refuse('cannot index slice/array with this type');
      if (index < 0n || index >= BigInt(item.length)) return refuse(`index out of range: ${index}`);
      item = item[Number(index)];
    } else if (item !== null && typeof item !== 'bigint' && isObject(item)) {
      if (typeof index !== 'string') return refuse('value has type that is no string; should be string');
      item = objectGet(item, index);
    } else return refuse("can't index item of this type");
  }
  return item;
}

function length(args: readonly Item[]): bigint {
  const [item] = args;
  const text = textOf(item);
  if (text !== undefined) return BigInt(new TextEncoder().encode(text).length);
  if (isList(item)) return BigInt(item.length);
  if (item !== null && typeof item !== 'bigint' && isObject(item)) return BigInt(objectEntries(item).length);
  return refuse('len of a value that has no length');
}

const FUNCTIONS: Readonly<Record<string, (args: readonly Item[]) => Item>> = Object.freeze({
  not: (args) => (args.length === 1 ? !isTrue(args[0]) : refuse('wrong number of args for not')),
  len: (args) => (args.length === 1 ? length(args) : refuse('wrong number of args for len')),
  index: (args) => (args.length > 0 ? indexed(args) : refuse('wrong number of args for index')),
  eq: ([first, ...others]) =>
    others.length > 0
      ? others.some((other) => isEqual(first, other))
      : refuse('missing argument for comparison'),
  ne: (args) => !isEqual(...pair(args)),
  lt: (args) => isLess(...pair(args)),
  le: (args) => isLess(...pair(args)) || isEqual(...pair(args)),
  gt: (args) => !isLess(...pair(args)) && !isEqual(...pair(args)),
  ge: (args) => !isLess(...pair(args)),
});

class Runner {
  readonly #variables: { readonly name: string; value: Item }[];
  #output = '';

  constructor(data: Value) {
    this.#variables = [{ name: '$', value: data }];
  }

  get output(): string {
    return this.#output;
  }

  nodes(nodes: readonly TemplateNode[], dot: Item): Flow {
    const known = this.#variables.length;
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'on') {
        this.#variables.length = known;
        return flow;
      }
    }
    return 'on';
  }

  #node(node: TemplateNode, dot: Item): Flow {
    switch (node.kind) {
      case 'text':
        this.#write(node.text);
        return 'on';
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#write(value === null ? '<no value>' : printed(value));
        return 'on';
      }
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return this.#control(node, dot);
    }
  }

  #write(text: string): void {
    this.#output += text;
    if (this.#output.length > OUTPUT_MAX) refuse('the output is too long');
  }

  #control(node: Extract<TemplateNode, { readonly body: unknown }>, dot: Item): Flow {
    const known = this.#variables.length;
    if (node.kind === 'range') return this.#range(node, dot, known);
    const value = this.#pipeline(node.pipeline, dot);
    const flow = isTrue(value)
      ? this.nodes(node.body, node.kind === 'with' ? value : dot)
      : this.nodes(node.otherwise, dot);
    this.#variables.length = known;
    return flow;
  }

  #range(node: Extract<TemplateNode, { readonly body: unknown }>, dot: Item, known: number): Flow {
    const { variables, isAssignment } = node.pipeline;
    const value = this.#commands(node.pipeline.commands, dot);
    for (const [key, member] of this.#members(value)) {
      const values = variables.length === 2 ? [key, member] : [member];
      for (const [index, name] of variables.entries()) this.#bind(name, values[index], isAssignment);
      const flow = this.nodes(node.body, member);
      this.#variables.length = known;
      if (flow === 'break') return 'on';
    }
    if (isTrue(value)) return 'on';
    const flow = this.nodes(node.otherwise, dot);
    this.#variables.length = known;
    return flow;
  }

  #members(value: Item): readonly (readonly [Item, Item])[] {
    if (value === undefined || value === null) return [];
    if (isList(value)) return value.map((member, index) => [BigInt(index), member] as const);
    if (typeof value !== 'bigint' && isObject(value)) return objectEntries(value);
    return refuse(`range can't iterate over ${printed(value)}`);
  }

  #bind(name: string, value: Item, isAssignment: boolean): void {
    const known = isAssignment ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #pipeline(pipeline: Pipeline, dot: Item): Item {
    const value = this.#commands(pipeline.commands, dot);
    for (const name of pipeline.variables) this.#bind(name, value, pipeline.isAssignment);
    return value;
  }

  #commands(commands: readonly Command[], dot: Item): Item {
    let value: Item;
    for (const [index, command] of commands.entries()) {
      value = this.#command(command, dot, index === 0 ? [] : [value]);
    }
    return value;
  }

  #command([first, ...rest]: Command, dot: Item, piped: readonly Item[]): Item {
    if (first!.kind !== 'function') {
      if (first!.kind === 'constant' && first!.value === null) refuse('nil is not a command');
      return this.#operand(first!, dot);
    }
    const { name } = first!;
    if (name === 'and' || name === 'or') return this.#logic(name, rest, dot, piped);
    const args = [...rest.map((operand) => this.#operand(operand, dot)), ...piped];
    const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    return call === undefined ? refuse(`function "${name}" not defined`) : call(args);
  }

  #logic(name: 'and' | 'or', rest: readonly Operand[], dot: Item, piped: readonly Item[]): Item {
    if (rest.length + piped.length === 0) refuse(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: Item;
    for (const operand of rest) {
      value = this.#operand(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #operand(operand: Operand, dot: Item): Item {
    switch (operand.kind) {
      case 'constant':
        return operand.value;
      case 'field':
        return operand.names.reduce(fieldOf, dot);
      case 'variable': {
        const found = this.#variables.findLast((variable) => variable.name === operand.name);
        return operand.names.reduce(fieldOf, found?.value);
      }
      case 'function':
        return this.#command([operand], dot, []);
      case 'pipeline':
        return operand.names.reduce(fieldOf, this.#commands(operand.pipeline.commands, dot));
    }
  }
}

/** Runs a template over data; a fault is thrown. */
export function runTemplate(nodes: readonly TemplateNode[], data: Value): string {
  const runner = new Runner(data);
  runner.nodes(nodes, data);
  return runner.output;
}
