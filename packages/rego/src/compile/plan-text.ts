import type { GroupPlan, PolicyPlan, RuleChoice, RulePlan } from '../plan/plan.ts';
import type { Steps } from '../syntax/steps.ts';
import type { Value } from '../value/index.ts';
import {
  isPlainObject,
  makeObject,
  numberAsWritten,
  objectEntries,
  RegoNumber,
  RegoObject,
  RegoSet,
} from '../value/index.ts';
import { NoDataFault } from './data-code.ts';
import { documentData, documentPlan } from './module-source.ts';

/**
 * A plan as text, for another thread: rules are read from it one by one, each when it is first needed, so that a large
 * policy costs the thread that takes it next to nothing.
 */
export interface PlanText {
  /** Everything but rules, as JSON texts: each group, then the tree of documents. */
  readonly groups: readonly string[];
  readonly root: string;
  /** Tables of indexes, in pieces that are short to read. */
  readonly tables: readonly (readonly string[])[];
  /** JSON texts of rules, in UTF-8, one after the other. */
  readonly rules: Uint8Array;
  /** Where each of them begins, and the end of the last one. */
  readonly starts: Uint32Array;
}

/** Entries of an index that are read in one go. */
const PIECE_ENTRIES = 256;

/**
 * What JSON has no word for stands in an object with this one key: a kind and what it is made of. Plans have no such
 * key of their own; objects of policies that have it are written as a list of pairs.
 */
const MARK = '$';

function toJson(part: unknown): unknown {
  if (part === undefined) return { [MARK]: ['undefined'] };
  if (part === null || typeof part === 'string' || typeof part === 'boolean' || typeof part === 'number')
    return Object.is(part, -0) ? 0 : part;
  if (Array.isArray(part)) return part.map(toJson);
  if (part instanceof RegoSet) return { [MARK]: ['set', part.sorted().map(toJson)] };
  if (part instanceof RegoNumber) return { [MARK]: ['number', part.toString()] };
  if (part instanceof RegoObject) return { [MARK]: ['object', pairs(objectEntries(part))] };
  if (part instanceof Map) return { [MARK]: ['map', pairs([...part])] };
  if (typeof part !== 'object' || !isPlainObject(part as Value)) throw new NoDataFault();
  const members = Object.entries(part as object);
  // As a key of its own `__proto__` would be lost on the way back.
  const isOdd = members.some(([key]) => key === MARK || key === '__proto__');
  if (isOdd) return { [MARK]: ['object', pairs(members)] };
  return Object.fromEntries(
    members.flatMap(([key, member]) => (member === undefined ? [] : [[key, toJson(member)]])),
  );
}

function pairs(entries: readonly (readonly [unknown, unknown])[]): unknown[] {
  return entries.map(([key, value]) => [toJson(key), toJson(value)]);
}

function fromJson(part: unknown): unknown {
  if (part === null || typeof part !== 'object') return part;
  if (Array.isArray(part)) {
    for (let index = 0; index < part.length; index++) part[index] = fromJson(part[index]);
    return part;
  }
  const object = part as Record<string, unknown>;
  const marked = object[MARK];
  if (marked !== undefined) return special(marked as [string, unknown]);
  for (const key of Object.keys(object)) object[key] = fromJson(object[key]);
  return object;
}

function special([kind, of]: [string, unknown]): unknown {
  if (kind === 'undefined') return undefined;
  if (kind === 'number') return numberAsWritten(of as string);
  const parts = fromJson(of) as Value[];
  if (kind === 'set') return RegoSet.from(parts);
  const entries = parts as unknown as (readonly [Value, Value])[];
  return kind === 'map' ? new Map(entries) : makeObject(entries);
}

/** A group without what is read on its own. */
type GroupHead = Omit<GroupPlan, 'rules' | 'fallback' | 'choice'> & {
  readonly choice: ChoiceText;
  /** Position of its first rule among all; the one without conditions comes last. */
  readonly first: number;
  readonly count: number;
  readonly hasFallback: boolean;
};
/** A choice whose tables stand elsewhere, by their numbers. */
type ChoiceText =
  | { readonly positions: readonly number[] }
  | { readonly subject: unknown; readonly table: number; readonly otherwise: ChoiceText };

/**
 * Writes a plan as text.
 *
 * @throws NoDataFault where the plan holds builtins that the caller brought
 */
export function planText(plan: PolicyPlan): PlanText {
  const tables: string[][] = [];
  const texts: string[] = [];
  const choiceText = (choice: RuleChoice): ChoiceText => {
    if (!('subject' in choice)) return { positions: choice };
    const entries = [...choice.buckets].map(([key, inner]) => [key, choiceText(inner)]);
    const pieces: string[] = [];
    for (let index = 0; index < entries.length; index += PIECE_ENTRIES)
      pieces.push(JSON.stringify(entries.slice(index, index + PIECE_ENTRIES)));
    const table = tables.push(pieces) - 1;
    return { subject: toJson(choice.subject), table, otherwise: choiceText(choice.otherwise) };
  };
  const groups = plan.groups.map(({ rules, fallback, choice, ...rest }) => {
    const first = texts.length;
    for (const rule of rules) texts.push(ruleText(rule));
    if (fallback !== undefined) texts.push(ruleText(fallback));
    const head = { first, count: rules.length, hasFallback: fallback !== undefined };
    return JSON.stringify({ ...(toJson(rest) as object), ...head, choice: choiceText(choice) });
  });
  return { groups, root: JSON.stringify(documentData(plan.root)), tables, ...joined(texts) };
}

function ruleText({ path, file, row, location, slots, args, branches, collects, keyed }: RulePlan): string {
  const rule = { path, file, row, location, slots, args, branches, collects };
  return JSON.stringify(toJson(keyed === undefined ? rule : { ...rule, keyed: keyed() }));
}

function joined(texts: readonly string[]): Pick<PlanText, 'rules' | 'starts'> {
  const encoder = new TextEncoder();
  const rules = encoder.encode(texts.join(''));
  const starts = new Uint32Array(texts.length + 1);
  texts.forEach((text, index) => {
    starts[index + 1] = starts[index]! + encoder.encode(text).length;
  });
  return { rules, starts };
}

/** The plan that a text holds; its rules are read when something asks for them. */
export function* planOfText(text: PlanText): Steps<PolicyPlan> {
  const tables: [string | number | boolean | null, ChoiceText][][] = [];
  for (const pieces of text.tables) {
    const entries: [string | number | boolean | null, ChoiceText][] = [];
    for (const piece of pieces) {
      entries.push(...(JSON.parse(piece) as typeof entries));
      yield;
    }
    tables.push(entries);
  }
  const groups: GroupPlan[] = [];
  for (const group of text.groups) {
    groups.push(yield* groupOf(text, tables, JSON.parse(group) as GroupHead));
    yield;
  }
  return { groups, root: documentPlan(JSON.parse(text.root) as Parameters<typeof documentPlan>[0], groups) };
}

function* groupOf(
  text: PlanText,
  tables: readonly (readonly [string | number | boolean | null, ChoiceText][])[],
  { first, count, hasFallback, choice, ...head }: GroupHead,
): Steps<GroupPlan> {
  const rules: RulePlan[] = [];
  for (let index = 0; index < count; index++) {
    rules.push(new RuleOfText(text, first + index));
    if (index % PIECE_ENTRIES === 0) yield;
  }
  const rest = fromJson(head) as Omit<GroupPlan, 'rules' | 'fallback' | 'choice'>;
  return {
    ...rest,
    // A member that was undefined is left out on the way.
    constant: rest.constant,
    rules,
    fallback: hasFallback ? new RuleOfText(text, first + count) : undefined,
    choice: yield* choiceOf(tables, choice),
  };
}

function* choiceOf(
  tables: readonly (readonly [string | number | boolean | null, ChoiceText][])[],
  choice: ChoiceText,
): Steps<RuleChoice> {
  if ('positions' in choice) return choice.positions;
  const buckets = new Map<string | number | boolean | null, RuleChoice>();
  for (const [key, inner] of tables[choice.table]!) {
    buckets.set(key, 'positions' in inner ? inner.positions : yield* choiceOf(tables, inner));
    if (buckets.size % PIECE_ENTRIES === 0) yield;
  }
  const subject = fromJson(choice.subject) as Extract<RuleChoice, { subject: unknown }>['subject'];
  return { subject, buckets, otherwise: yield* choiceOf(tables, choice.otherwise) };
}

const decoder = new TextDecoder();

/** A rule that is read from its text when something of it is asked for. */
class RuleOfText implements RulePlan {
  readonly #text: PlanText;
  readonly #index: number;
  #read: RulePlan | undefined;

  constructor(text: PlanText, index: number) {
    this.#text = text;
    this.#index = index;
  }

  get #rule(): RulePlan {
    if (this.#read === undefined) {
      const { rules, starts } = this.#text;
      const own = decoder.decode(rules.subarray(starts[this.#index], starts[this.#index + 1]));
      const { keyed, ...rule } = fromJson(JSON.parse(own)) as RulePlan & { keyed?: unknown };
      const variant = keyed as ReturnType<NonNullable<RulePlan['keyed']>> | undefined;
      this.#read = { ...rule, keyed: variant === undefined ? undefined : () => variant };
    }
    return this.#read;
  }

  get path() {
    return this.#rule.path;
  }
  get file() {
    return this.#rule.file;
  }
  get row() {
    return this.#rule.row;
  }
  get location() {
    return this.#rule.location;
  }
  get slots() {
    return this.#rule.slots;
  }
  get args() {
    return this.#rule.args;
  }
  get branches() {
    return this.#rule.branches;
  }
  get collects() {
    return this.#rule.collects;
  }
  get keyed() {
    return this.#rule.keyed;
  }
}
