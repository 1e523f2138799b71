import { equal, isObject, isScalar, objectEntries, RegoSet } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { Pattern, RulePlan, Statement, ValueNode } from './plan.ts';

/** What a value must be, by what a body compares it with. */
export type Allowed =
  | { readonly is: 'value'; readonly value: Value }
  /** An array with these members; undefined stands for any. */
  | { readonly is: 'array'; readonly items: readonly (Value | undefined)[] }
  | { readonly is: 'prefix' | 'suffix'; readonly text: string }
  /** A collection that holds this. */
  | { readonly is: 'holding'; readonly value: Value };

/** Something that a body needs of input, base data or an argument, whatever its variables are. */
export type Condition =
  /** The subject has a value; where some are allowed, one of these. */
  | { readonly need: 'subject'; readonly subject: ValueNode; readonly allowed: readonly Allowed[] }
  /** The conditions of one of the alternatives hold. */
  | { readonly need: 'one'; readonly of: readonly (readonly Condition[])[] };

type Body = readonly Statement[];

/** Calls that a rule must not be left out because of: they are to be heard. */
const HEARD: ReadonlySet<string> = new Set(['internal.print', 'internal.test_case']);

/**
 * What OPA's rule index asks of a body before the body is evaluated (OPA `ast/index.go`). A body that does not meet it
 * has no answer in any case; but it is not begun then, so that no error inside of it comes up.
 */
export function conditionsOf(body: Body, args: RulePlan['args']): readonly Condition[] {
  if (isHeard(body)) return [];
  const collector = new Collector(args);
  collector.body(body);
  return collector.conditions();
}

function isHeard(node: unknown): boolean {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some(isHeard);
  if ('op' in node) {
    if (node.op === 'constant' || node.op === 'comprehension') return false;
    if (node.op === 'builtin' && 'name' in node && HEARD.has(node.name as string)) return true;
  }
  return Object.values(node).some(isHeard);
}

const UNIFYING: ReadonlySet<Statement['op']> = new Set(['assign', 'equal', 'match']);

class Collector {
  readonly #subjects = new Map<string, { subject: ValueNode; allowed: Allowed[] }>();
  readonly #alternatives: Condition[] = [];
  /** What variables stand for: parts of the input and the like, or constants. */
  readonly #known: Map<number, ValueNode>;
  readonly #args: ReadonlySet<number>;

  constructor(args: RulePlan['args'], around?: Collector) {
    this.#known = around === undefined ? new Map() : new Map(around.#known);
    const slots = args.flatMap((pattern) => (pattern.op === 'bind' ? [pattern.slot] : []));
    this.#args = around === undefined ? new Set(slots) : around.#args;
  }

  conditions(): readonly Condition[] {
    const subjects = [...this.#subjects.values()];
    return [...subjects.map((one) => ({ need: 'subject' as const, ...one })), ...this.#alternatives];
  }

  body(body: Body): void {
    const perExpression = new Map<Statement['source'], number>();
    for (const { op, source } of body) {
      if (UNIFYING.has(op)) perExpression.set(source, (perExpression.get(source) ?? 0) + 1);
    }
    for (const statement of body) this.#statement(statement, (perExpression.get(statement.source) ?? 0) > 1);
  }

  /** @param isPart whether it is one of several that a single unification was taken apart into */
  #statement(statement: Statement, isPart: boolean): void {
    switch (statement.op) {
      case 'test':
        this.#test(statement.value);
        return;
      case 'assign':
        if (isPart) this.#needParts(statement.value);
        else this.#assign(statement.slot, statement.value);
        return;
      case 'equal':
        this.#equal(statement.left, statement.right);
        return;
      case 'match':
        this.#match(statement.pattern, statement.value);
        return;
      case 'relation':
        for (const argument of statement.args) this.#needParts(argument);
        return;
      case 'every':
        this.#needParts(statement.domain);
        return;
      case 'holds':
        this.#holds(statement.bodies);
        return;
      case 'scan':
        this.#needSteps(statement.of);
        return;
      default:
    }
  }

  #holds(bodies: readonly Body[]): void {
    const inner = bodies.map((body) => {
      const collector = new Collector([], this);
      collector.body(body);
      return collector.conditions();
    });
    if (inner.every((conditions) => conditions.length > 0))
      this.#alternatives.push({ need: 'one', of: inner });
  }

  #test(value: ValueNode): void {
    const subject = this.#subject(value);
    if (subject !== undefined) {
      this.#need(subject);
      return;
    }
    if (value.op === 'builtin') {
      const [a, b] = value.args;
      if (value.name === 'equal' && value.args.length === 2) {
        this.#equal(a!, b!);
        return;
      }
      const allowed = this.#allowedBy(value.name, a, b);
      for (const argument of value.args) this.#needParts(argument);
      if (allowed !== undefined) this.#need(allowed.subject, allowed.allowed);
      return;
    }
    this.#needSteps(value);
  }

  /** What `in`, `startswith` and the like say of their first operand. */
  #allowedBy(
    name: string,
    a: ValueNode | undefined,
    b: ValueNode | undefined,
  ): { readonly subject: ValueNode; readonly allowed: readonly Allowed[] } | undefined {
    const subject = a === undefined ? undefined : this.#subject(a);
    const given = b === undefined ? undefined : this.#constant(b);
    const isMembership = name === 'internal.member_2';
    if (isMembership && subject === undefined) return this.#allowedToHold(a, b);
    if (subject === undefined || given === undefined) return undefined;
    if (isMembership) {
      const members = membersOf(given);
      if (members === undefined || members.some((member) => !isScalar(member))) return undefined;
      return { subject, allowed: members.map((value) => ({ is: 'value', value })) };
    }
    const is = AFFIXES[name];
    const texts = is === undefined ? undefined : textsOf(given, name.startsWith('strings.'));
    return is && texts && { subject, allowed: texts.map((text) => ({ is, text })) };
  }

  /** What a constant `in` something says of that. */
  #allowedToHold(
    a: ValueNode | undefined,
    b: ValueNode | undefined,
  ): { readonly subject: ValueNode; readonly allowed: readonly Allowed[] } | undefined {
    const subject = b === undefined ? undefined : this.#subject(b);
    const value = a === undefined ? undefined : this.#constant(a);
    if (subject === undefined || value === undefined || !isScalar(value)) return undefined;
    return { subject, allowed: [{ is: 'holding', value }] };
  }

  #assign(slot: number, value: ValueNode): void {
    const subject = this.#subject(value);
    const constant = this.#constant(value);
    if (subject !== undefined) {
      this.#need(subject);
      this.#known.set(slot, subject);
    } else if (constant !== undefined) this.#known.set(slot, { op: 'constant', value: constant });
    else this.#needParts(value);
  }

  #equal(left: ValueNode, right: ValueNode): void {
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const subject = this.#subject(one);
      if (subject === undefined) continue;
      const allowed = this.#comparable(other);
      if (allowed === undefined) continue;
      this.#need(subject, allowed);
      break;
    }
    this.#needInside(left);
    this.#needInside(right);
  }

  /** What an operand of an equality allows the other one to be; undefined where it says nothing at all. */
  #comparable(node: ValueNode): readonly Allowed[] | undefined {
    const constant = this.#constant(node);
    if (constant !== undefined) {
      if (isScalar(constant)) return [{ is: 'value', value: constant }];
      if (!Array.isArray(constant)) return undefined;
      return (constant as readonly Value[]).every(isScalar) ? [{ is: 'value', value: constant }] : undefined;
    }
    switch (node.op) {
      case 'slot':
        return this.#known.has(node.slot) && !this.#args.has(node.slot) ? undefined : [];
      case 'builtin':
      case 'function':
        return [];
      case 'array':
        return [{ is: 'array', items: node.items.map((item) => this.#constant(item)) }];
      default:
        return undefined;
    }
  }

  #match(pattern: Pattern, value: ValueNode): void {
    const subject = this.#subject(value);
    if (subject !== undefined && pattern.op === 'array') {
      const items = pattern.items.map((item) =>
        item.op === 'check' ? this.#constant(item.value) : undefined,
      );
      this.#need(subject, [{ is: 'array', items }]);
    }
    this.#needInside(value);
    this.#needPattern(pattern);
  }

  #needPattern(pattern: Pattern): void {
    if (pattern.op === 'check') this.#needParts(pattern.value);
    else if (pattern.op === 'array') for (const item of pattern.items) this.#needPattern(item);
    else if (pattern.op === 'object') {
      for (const [key, value] of pattern.entries) {
        this.#needParts(key);
        this.#needPattern(value);
      }
    }
  }

  /** An operand itself stays where it is; what stands inside of it is looked up before. */
  #needInside(node: ValueNode): void {
    if (this.#subject(node) === undefined) this.#needSteps(node);
  }

  /** The node has a value, if it is a subject, and so have the parts of it that are. */
  #needParts(node: ValueNode): void {
    const subject = this.#subject(node);
    if (subject !== undefined) this.#need(subject);
    else this.#needSteps(node);
  }

  #needSteps(node: ValueNode): void {
    switch (node.op) {
      case 'lookup':
        this.#needSteps(node.of);
        this.#needParts(node.key);
        return;
      case 'member':
        this.#needParts(node.key);
        return;
      case 'dynamic':
        for (const key of node.keys) this.#needParts(key);
        return;
      case 'array':
      case 'set':
        for (const item of node.items) this.#needParts(item);
        return;
      case 'object':
        for (const [key, value] of node.entries) {
          this.#needParts(key);
          this.#needParts(value);
        }
        return;
      case 'builtin':
      case 'function':
        for (const argument of node.args) this.#needParts(argument);
        return;
      default:
    }
  }

  #need(subject: ValueNode, allowed: readonly Allowed[] = []): void {
    const key = JSON.stringify(subject, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    const known = this.#subjects.get(key);
    if (known === undefined) this.#subjects.set(key, { subject, allowed: [...allowed] });
    else for (const one of allowed) known.allowed.push(one);
  }

  /** A part of input, base data or an argument by constant steps; what else a node may stand for is none. */
  #subject(node: ValueNode): ValueNode | undefined {
    switch (node.op) {
      case 'input':
      case 'base':
        return node;
      case 'slot': {
        if (this.#args.has(node.slot)) return node;
        const known = this.#known.get(node.slot);
        return known?.op === 'constant' ? undefined : known;
      }
      case 'lookup': {
        const of = this.#subject(node.of);
        const key = this.#constant(node.key);
        if (of === undefined || key === undefined) return undefined;
        // Of what variables stand for only scalars are put in their place.
        if (node.key.op === 'slot' && !isScalar(key)) return undefined;
        return { ...node, of, key: { op: 'constant', value: key } };
      }
      default:
        return undefined;
    }
  }

  #constant(node: ValueNode): Value | undefined {
    const known = node.op === 'slot' ? this.#known.get(node.slot) : node;
    return known?.op === 'constant' ? known.value : undefined;
  }
}

const AFFIXES: Readonly<Record<string, 'prefix' | 'suffix'>> = {
  startswith: 'prefix',
  endswith: 'suffix',
  'strings.any_prefix_match': 'prefix',
  'strings.any_suffix_match': 'suffix',
};

/** A text, or those of a collection that holds nothing else. */
function textsOf(value: Value, orSeveral: boolean): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!orSeveral || isObject(value)) return undefined;
  const members = membersOf(value) ?? [];
  const texts = members.filter((member) => typeof member === 'string');
  return texts.length > 0 && texts.length === members.length ? texts : undefined;
}

/** A collection is looked at member by member, as OPA's index does. */
function someText(value: Value, holds: (text: string) => boolean): boolean {
  const members = typeof value === 'string' ? [value] : (membersOf(value) ?? []);
  return members.some((member) => typeof member === 'string' && holds(member));
}

/** What `in` goes through. */
function membersOf(value: Value): readonly Value[] | undefined {
  if (value instanceof RegoSet) return value.sorted();
  if (Array.isArray(value)) return value as readonly Value[];
  return isObject(value) ? [...objectEntries(value)].map(([, member]) => member) : undefined;
}

/** Whether a value is one of those that are allowed. */
export function isAllowed(value: Value, allowed: readonly Allowed[]): boolean {
  return allowed.length === 0 || allowed.some((one) => matches(value, one));
}

function matches(value: Value, allowed: Allowed): boolean {
  switch (allowed.is) {
    case 'value':
      return equal(value, allowed.value);
    case 'array':
      return (
        Array.isArray(value) &&
        value.length === allowed.items.length &&
        allowed.items.every(
          (item, index) => item === undefined || !isScalar(item) || equal(item, value[index] as Value),
        )
      );
    case 'holding':
      return membersOf(value)?.some((member) => equal(member, allowed.value)) === true;
    case 'prefix':
      return someText(value, (text) => text.startsWith(allowed.text));
    case 'suffix':
      return someText(value, (text) => text.endsWith(allowed.text));
  }
}
