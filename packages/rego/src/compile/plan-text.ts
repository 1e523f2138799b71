import { DeferredPlan } from '../plan/deferred-plan.ts';
import { LazyPlan } from '../plan/lazy-plan.ts';
import type { GroupPlan, PolicyPlan, RuleChoice, RulePlan } from '../plan/plan.ts';
import { isTwinPlan } from '../plan/twin-plan.ts';
import type { Steps } from '../syntax/steps.ts';
import { placeInTwin } from '../syntax/twin-places.ts';
import { documentData, documentPlan, ruleData } from './module-source.ts';
import { fromJson, jsonOf, PlanWriter } from './plan-json.ts';
import {
  placeholderIndex,
  type TemplateText,
  TemplateTexts,
  type TwinNote,
  twinOfText,
} from './twin-text.ts';

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
  /** The rules that others are like. */
  readonly templates: readonly TemplateText[];
  /** JSON texts of rules, or of what makes them other than a template, in UTF-8, one after the other. */
  readonly rules: Uint8Array;
  /** Where each of them begins, and the end of the last one. */
  readonly starts: Uint32Array;
}

/** Entries of an index that are read in one go. */
const PIECE_ENTRIES = 256;

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
 * @throws PlanFault where it is lazy and the plan of a rule cannot be made
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

function ruleText(rule: RulePlan): string {
  return jsonOf(ruleData(rule));
}

/** Texts of rules, one after the other as they are added. */
class Rules {
  readonly #writer = new PlanWriter();
  readonly #ends: number[] = [];
  readonly #templates = new TemplateTexts(ruleText);

  get count(): number {
    return this.#ends.length;
  }

  add(rule: RulePlan): void {
    const twin = isTwinPlan(rule) ? this.#templates.twinText(rule) : undefined;
    if (twin !== undefined) this.#writer.raw(twin);
    else this.#writer.write(ruleData(rule instanceof LazyPlan ? rule.make() : rule));
    this.#ends.push(this.#writer.length);
  }

  text(): Pick<PlanText, 'rules' | 'starts' | 'templates'> {
    const starts = new Uint32Array(this.#ends.length + 1);
    starts.set(this.#ends, 1);
    return { rules: this.#writer.bytes(), starts, templates: this.#templates.texts };
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

/** A rule's text is an object; a list says which template it is like, and with what in the places of its literals. */
function ruleOfText(own: string, templates: readonly TemplateText[]): RulePlan & { keyed?: unknown } {
  const read: unknown = JSON.parse(own);
  if (!Array.isArray(read)) return fromJson(read) as RulePlan;
  const { template, twin, values } = twinOfText(read as unknown as TwinNote);
  const shape = templates[template]!;
  const rule = fromJson(JSON.parse(shape.text), {
    word: (word) => {
      const index = placeholderIndex(word);
      return index < 0 ? word : values[index];
    },
    place: (place) => placeInTwin(place, shape, twin),
  }) as RulePlan;
  return { ...rule, row: twin.row };
}

/** A rule that is read from its text when something of it is asked for. */
class RuleOfText extends DeferredPlan {
  readonly #text: PlanText;
  readonly #index: number;

  constructor(text: PlanText, index: number) {
    super();
    this.#text = text;
    this.#index = index;
  }

  protected made(): RulePlan {
    const { rules, starts } = this.#text;
    const own = decoder.decode(rules.subarray(starts[this.#index], starts[this.#index + 1]));
    const { keyed, ...rule } = ruleOfText(own, this.#text.templates);
    const variant = keyed as ReturnType<NonNullable<RulePlan['keyed']>> | undefined;
    return { ...rule, keyed: variant === undefined ? undefined : () => variant };
  }
}
