import type { Location } from '../syntax/ast.ts';
import type { RuleTwin } from '../syntax/rule-template.ts';
import { literalValue, placeInTwin } from '../syntax/twin-places.ts';
import type { Value } from '../value/index.ts';
import { copyRule, type RuleParts } from './copy-rule.ts';
import type { CoreRule, CoreTerm } from './core.ts';

/**
 * A rule that is like another one but for literals. What that one came to be in the stages of the analysis is copied
 * for it when somebody asks, which must not be before they are over.
 */
export class TwinRule implements CoreRule {
  readonly twinOf: CoreRule;
  readonly twin: RuleTwin;
  readonly row: number;
  #parts: RuleParts | undefined;
  #location: Location | undefined;

  constructor(twinOf: CoreRule, twin: RuleTwin) {
    this.twinOf = twinOf;
    this.twin = twin;
    this.row = twin.row;
  }

  get form() {
    return this.twinOf.form;
  }
  get path() {
    return this.twinOf.path;
  }
  get packagePath() {
    return this.twinOf.packagePath;
  }
  get packageLocation() {
    return this.twinOf.packageLocation;
  }
  get isDefault() {
    return this.twinOf.isDefault;
  }
  get file() {
    return this.twinOf.file;
  }
  /** The same each time: observers know rules by it. */
  get location(): Location {
    this.#location ??= placeInTwin(this.twinOf.location, this.twin.template, this.twin);
    return this.#location;
  }
  get tail() {
    // A path that is not known to its end has no twins.
    return this.twinOf.tail.length === 0 ? this.twinOf.tail : this.#copied.tail;
  }
  get args() {
    return this.twinOf.args.length === 0 ? this.twinOf.args : this.#copied.args;
  }
  get key() {
    return this.twinOf.key && this.#copied.key;
  }
  get branches() {
    return this.#copied.branches;
  }

  get #copied(): RuleParts {
    const { twin, twinOf } = this;
    this.#parts ??= this.withLiterals(twin.literals.map(literalValue), (place) =>
      place === twinOf.location ? this.location : placeInTwin(place, twin.template, twin),
    );
    return this.#parts;
  }

  /** The rule that it is like, with these values in the places of the literals. */
  withLiterals(values: readonly Value[], location: (place: Location) => Location): RuleParts {
    const { template, firstWildcard } = this.twin;
    const shift = firstWildcard - template.firstWildcard;
    return copyRule(this.twinOf, {
      location,
      literal: (start) => valueAt(this.twin, start, values),
      wildcard: (name) => `$${Number(name.slice(1)) + shift}`,
    });
  }

  /** The value that stands for a constant of the rule that it is like. */
  valueOf(term: Extract<CoreTerm, { kind: 'constant' }>): Value {
    const index = parameterAt(this.twin, term.location.start);
    return index < 0 ? term.value : literalValue(this.twin.literals[index]!);
  }

  /** Whether literals stand in a term of the rule that it is like. */
  hasLiteralIn(term: CoreTerm): boolean {
    const { start, end } = term.location;
    return this.twin.template.parameters.some((one) => one.start >= start && one.start < end);
  }
}

function parameterAt({ template }: RuleTwin, start: number): number {
  const { parameters } = template;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]!.start === start) return index;
  return -1;
}

function valueAt(twin: RuleTwin, start: number, values: readonly Value[]): Value | undefined {
  const index = parameterAt(twin, start);
  return index < 0 ? undefined : values[index];
}

/** The rules without those that are like others: what holds for them holds for all. */
export function withoutTwins(rules: readonly CoreRule[]): readonly CoreRule[] {
  return rules.some(isTwin) ? rules.filter((rule) => !isTwin(rule)) : rules;
}

/** Whether a rule is like another one, see {@link TwinRule}. */
export function isTwin(rule: CoreRule): rule is TwinRule {
  return rule instanceof TwinRule;
}

/** Puts twins between the rules of their module, in the order of the source. */
export function mergeTwins(rules: readonly CoreRule[], twins: readonly RuleTwin[]): CoreRule[] {
  if (twins.length === 0) return [...rules];
  const byStart = new Map(rules.map((rule) => [rule.location.start, rule]));
  const merged: CoreRule[] = [];
  let next = 0;
  for (const twin of twins) {
    while (next < rules.length && rules[next]!.location.start < twin.start) merged.push(rules[next++]!);
    merged.push(new TwinRule(byStart.get(twin.template.start)!, twin));
  }
  while (next < rules.length) merged.push(rules[next++]!);
  return merged;
}
