import type { GroupPlan, PolicyPlan, RuleChoice, RulePlan } from '../plan/plan.ts';
import type { Location } from '../syntax/ast.ts';
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

/** A part of a plan as JSON text, written at once: copies in between would be most of the work for a large policy. */
function jsonOf(part: unknown): string {
  if (typeof part === 'string') return JSON.stringify(part);
  if (typeof part === 'number') return Object.is(part, -0) ? '0' : String(part);
  if (typeof part === 'boolean') return part ? 'true' : 'false';
  if (part === null) return 'null';
  if (part === undefined) return marked('undefined');
  if (Array.isArray(part)) return listOf(part);
  if (Object.getPrototypeOf(part) === Object.prototype) return objectOf(part as Record<string, unknown>);
  if (part instanceof RegoSet) return marked('set', listOf(part.sorted()));
  if (part instanceof RegoNumber) return marked('number', JSON.stringify(part.toString()));
  if (part instanceof RegoObject) return marked('object', listOf(objectEntries(part)));
  if (part instanceof Map) return marked('map', listOf([...part]));
  if (typeof part !== 'object' || !isPlainObject(part as Value)) throw new NoDataFault();
  return objectOf(part as Record<string, unknown>);
}

function marked(kind: string, of?: string): string {
  return of === undefined ? `{"${MARK}":["${kind}"]}` : `{"${MARK}":["${kind}",${of}]}`;
}

function listOf(parts: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < parts.length; index++) text += (index === 0 ? '' : ',') + jsonOf(parts[index]);
  return `${text}]`;
}

function objectOf(part: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(part);
  if (isLocation(keys, part)) {
    const { file, row, column, start, end } = part;
    return marked('at', `${keyText(file)},${row},${column},${start},${end}`);
  }
  // As a key of its own `__proto__` would be lost on the way back.
  if (keys.includes(MARK) || keys.includes('__proto__'))
    return marked('object', listOf(Object.entries(part)));
  let text = '';
  for (const key of keys) {
    const member = part[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${keyText(key)}:${jsonOf(member)}`;
  }
  return `{${text}}`;
}

const LOCATION_KEYS = ['file', 'row', 'column', 'start', 'end'];

/** Exactly the members of a place, which plans are full of: a policy's own object of this form comes back as it was. */
function isLocation(keys: readonly string[], part: object): part is Location {
  if (keys.length !== LOCATION_KEYS.length) return false;
  for (let index = 0; index < keys.length; index++) if (keys[index] !== LOCATION_KEYS[index]) return false;
  const { file, row, column, start, end } = part as Location;
  return (
    typeof file === 'string' &&
    Number.isInteger(row) &&
    Number.isInteger(column) &&
    Number.isInteger(start) &&
    Number.isInteger(end)
  );
}

const WORDS_MAX = 1_000;
const words = new Map<string, string>();

/** Keys and names of files as JSON, which come again and again. */
function keyText(word: string): string {
  let text = words.get(word);
  if (text === undefined) {
    text = JSON.stringify(word);
    if (words.size < WORDS_MAX) words.set(word, text);
  }
  return text;
}

function fromJson(part: unknown): unknown {
  if (part === null || typeof part !== 'object') return part;
  if (Array.isArray(part)) {
    for (let index = 0; index < part.length; index++) part[index] = fromJson(part[index]);
    return part;
  }
  const object = part as Record<string, unknown>;
  const mark = object[MARK];
  if (mark !== undefined) return special(mark as [string, unknown]);
  for (const key of Object.keys(object)) object[key] = fromJson(object[key]);
  return object;
}

function special([kind, of, ...more]: [string, unknown, ...number[]]): unknown {
  if (kind === 'undefined') return undefined;
  if (kind === 'at') {
    const [row, column, start, end] = more;
    return { file: of, row, column, start, end };
  }
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
  const rules = new Rules();
  const choiceText = (choice: RuleChoice): string => {
    if (!('subject' in choice)) return `{"positions":${JSON.stringify(choice)}}`;
    const entries = Array.from(
      choice.buckets,
      ([key, inner]) => `[${JSON.stringify(key)},${choiceText(inner)}]`,
    );
    const pieces: string[] = [];
    for (let index = 0; index < entries.length; index += PIECE_ENTRIES)
      pieces.push(`[${entries.slice(index, index + PIECE_ENTRIES).join(',')}]`);
    const table = tables.push(pieces) - 1;
    const otherwise = choiceText(choice.otherwise);
    return `{"subject":${jsonOf(choice.subject)},"table":${table},"otherwise":${otherwise}}`;
  };
  const groups = plan.groups.map(({ rules: own, fallback, choice, ...rest }) => {
    const first = rules.count;
    for (const rule of own) rules.add(rule);
    if (fallback !== undefined) rules.add(fallback);
    const head = { ...rest, first, count: own.length, hasFallback: fallback !== undefined };
    return `{${jsonOf(head).slice(1, -1)},"choice":${choiceText(choice)}}`;
  });
  return { groups, root: JSON.stringify(documentData(plan.root)), tables, ...rules.text() };
}

const RULE_BYTES = 512;
const encoder = new TextEncoder();

/** Texts of rules, one after the other as they are added. */
class Rules {
  #bytes = new Uint8Array(RULE_BYTES);
  #length = 0;
  readonly #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  add({ path, file, row, location, slots, args, branches, collects, keyed }: RulePlan): void {
    const rule = { path, file, row, location, slots, args, branches, collects };
    const text = jsonOf(keyed === undefined ? rule : { ...rule, keyed: keyed() });
    // One unit of UTF-16 is at most three bytes of UTF-8.
    const needed = this.#length + text.length * 3;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
    this.#ends.push(this.#length);
  }

  text(): Pick<PlanText, 'rules' | 'starts'> {
    const starts = new Uint32Array(this.#ends.length + 1);
    starts.set(this.#ends, 1);
    return { rules: this.#bytes.slice(0, this.#length), starts };
  }
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
