import type { RulePlan } from '../plan/plan.ts';
import type { TwinPlan } from '../plan/twin-plan.ts';
import type { RuleTemplate } from '../syntax/rule-template.ts';
import type { TwinShape, TwinText } from '../syntax/twin-places.ts';

/** A rule that others are like: its plan as text, with words in the places of the literals that differ. */
export interface TemplateText extends TwinShape {
  /** JSON of the plan, in which {@link placeholder} stands where a twin has its own literals. */
  readonly text: string;
}

/** Half a character: strings of policies have none, since what they hold is well formed. */
const MARK = '\ud800';

/** What stands in the place of a literal in the text of a template. */
function placeholder(index: number): string {
  return `${MARK}${index}`;
}

/** The number of the literal in whose place a word stands; -1 where it is a word of the plan's own. */
export function placeholderIndex(word: string): number {
  return word.startsWith(MARK) ? Number(word.slice(MARK.length)) : -1;
}

/** The templates of a plan, each written once, when the first of its twins is. */
export class TemplateTexts {
  readonly texts: TemplateText[] = [];
  readonly #numbers = new Map<RuleTemplate, number>();
  readonly #write: (rule: RulePlan) => string;

  /** @param write the JSON text of a rule's plan */
  constructor(write: (rule: RulePlan) => string) {
    this.#write = write;
  }

  /** What is left to say of a twin; undefined where it has to be written like any rule. */
  twinText(plan: TwinPlan): string | undefined {
    const { template, start, row, literals } = plan.twin;
    // A file may be called anything.
    if (plan.file.includes(MARK)) return undefined;
    let number = this.#numbers.get(template);
    if (number === undefined) {
      number = this.texts.push(this.#templateText(plan)) - 1;
      this.#numbers.set(template, number);
    }
    // Literals are as plain as JSON has them.
    return `[${number},${start},${row},[${literals.join(',')}]]`;
  }

  #templateText(plan: TwinPlan): TemplateText {
    const { start, row, parameters } = plan.twin.template;
    const words = parameters.map((_parameter, index) => placeholder(index));
    return { start, row, parameters, text: this.#write(plan.withLiterals(words)) };
  }
}

/** What {@link TemplateTexts.twinText} gives, as JSON has it. */
export type TwinNote = readonly [
  template: number,
  start: number,
  row: number,
  values: readonly (string | number)[],
];

/** Reads a note. */
export function twinOfText([template, start, row, values]: TwinNote): {
  readonly template: number;
  readonly twin: TwinText;
  readonly values: readonly (string | number)[];
} {
  const literals = values.map((value) => JSON.stringify(value));
  return { template, twin: { start, row, literals }, values };
}
