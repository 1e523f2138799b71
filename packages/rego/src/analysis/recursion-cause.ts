import { KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Value } from '../value/index.ts';
import { equal, valueText } from '../value/index.ts';
import type { CoreRule, CoreTerm, Variable } from './core.ts';
import { ruleText } from './documents.ts';
import { constantValue, membersOf } from './narrow-references.ts';
import type { DynamicReference } from './rule-graph.ts';
import { ruleLength, ruleTerm, selectsRule } from './rule-graph.ts';
import { refText, termText } from './term-text.ts';
import { containsType } from './types/join-types.ts';
import { typeOfValue } from './types/select-types.ts';
import { builtinType } from './types/signature-types.ts';

/** A cause with more conditions only names the reference. */
const CONDITIONS_MAX = 2;
/** A larger collection is only counted. */
const MEMBERS_MAX = 5;

interface Condition {
  readonly position: number;
  readonly term: CoreTerm;
  readonly value: Value;
}

/** Where a variable gets its value. */
type Origin =
  | { readonly kind: 'input' | 'rule'; readonly text: string }
  | { readonly kind: 'collection'; readonly value: Value }
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'head-key' | 'head-argument' };

/**
 * Says for which values a reference closes a circle of rules (OPA's `dynamicCause`): ` (data[x].r refers to data.p.r
 * if x is "p")`.
 */
export function recursionCause(
  from: CoreRule,
  edge: DynamicReference,
  to: CoreRule,
  isFirst: boolean,
): string {
  const { ref, narrowed, bound } = edge;
  const shown = refText(ref, Math.min(ref.parts.length, ruleLength(to)));
  const place = isFirst ? '' : ` in ${ruleText(from)}`;
  const positions: number[] = [];
  selectsRule(narrowed, to, bound, positions);
  const conditions = conditionsOf(ref.parts, to, positions);
  const origins = new Origins(from, edge);
  const isClear =
    conditions !== undefined &&
    conditions.length > 0 &&
    conditions.length <= CONDITIONS_MAX &&
    conditions.every((condition) => origins.admit(condition));
  if (!isClear) return ` (${shown}${place} could refer to ${ruleText(to)})`;
  const texts = conditions.map((condition) => {
    const note = origins.note(condition);
    const text = `${termText(condition.term)} is ${valueText(condition.value)}`;
    return note === undefined ? text : `${text} (${note})`;
  });
  return ` (${shown}${place} refers to ${ruleText(to)} if ${texts.join(' and ')})`;
}

/** The values that steps must have, once for each term; undefined where one would need two. */
function conditionsOf(
  parts: readonly CoreTerm[],
  rule: CoreRule,
  positions: readonly number[],
): Condition[] | undefined {
  const conditions: Condition[] = [];
  for (const position of positions) {
    const term = parts[position]!;
    const value = ruleTerm(rule, position)!;
    const same = conditions.find((condition) => termText(condition.term) === termText(term));
    if (same === undefined) conditions.push({ position, term, value });
    else if (!equal(same.value, value)) return undefined;
  }
  return conditions;
}

class Origins {
  readonly #rule: CoreRule;
  readonly #bindings = new Map<Variable, CoreTerm>();
  readonly #outputs = new Map<Variable, string>();
  readonly #size: number;

  constructor(rule: CoreRule, { body, index }: DynamicReference) {
    this.#rule = rule;
    this.#size = body.length;
    for (const expression of body.slice(0, index)) {
      if (expression.negated || expression.with.length > 0) continue;
      if (expression.kind === 'equal') {
        this.#bind(expression.left, expression.right);
        this.#bind(expression.right, expression.left);
      } else if (expression.kind === 'call' && expression.callee.kind === 'builtin') {
        const { name } = expression.callee;
        const last = expression.args.at(-1);
        const isOutput = expression.args.length === (KNOWN_BUILTINS[name]?.args.length ?? -1) + 1;
        if (isOutput && last?.kind === 'variable') this.#outputs.set(last.variable, name);
      }
    }
  }

  #bind(side: CoreTerm, other: CoreTerm): void {
    if (side.kind === 'variable' && !this.#bindings.has(side.variable)) {
      this.#bindings.set(side.variable, other);
    }
  }

  /** False where the variable's origin excludes the value. */
  admit({ term, value }: Condition): boolean {
    const origin = term.kind === 'variable' ? this.#of(term.variable, 0) : undefined;
    if (origin?.kind === 'collection') {
      return (membersOf(origin.value) ?? []).some((member) => equal(member, value));
    }
    if (origin?.kind !== 'builtin') return true;
    const result = builtinType({ kind: 'builtin', name: origin.name })?.result;
    return result === undefined || containsType(result, typeOfValue(value));
  }

  /** Where the value comes from, in words. */
  note({ term }: Condition): string | undefined {
    if (term.kind === 'ref') {
      return term.root === 'data' ? "rule values aren't known at compile time" : undefined;
    }
    const origin = term.kind === 'variable' ? this.#of(term.variable, 0) : undefined;
    if (origin === undefined) return undefined;
    const name = termText(term);
    switch (origin.kind) {
      case 'input':
        return `${name} comes from ${origin.text}`;
      case 'rule':
        return `${name} comes from rule ${origin.text}, whose value isn't known at compile time`;
      case 'collection': {
        const members = membersOf(origin.value) ?? [];
        const shown = members.length > MEMBERS_MAX ? `${members.length} values` : valueText(origin.value);
        return `${name} is one of ${shown}`;
      }
      case 'builtin':
        return `${name} is computed by ${origin.name}`;
      case 'head-key':
        return `${name} is a key of ${ruleText(this.#rule)}`;
      case 'head-argument':
        return `${name} is an argument of ${ruleText(this.#rule)}`;
    }
  }

  #of(variable: Variable, depth: number): Origin | undefined {
    if (depth > this.#size) return undefined;
    const builtin = this.#outputs.get(variable);
    if (builtin !== undefined) return { kind: 'builtin', name: builtin };
    const term = this.#bindings.get(variable);
    if (term?.kind === 'variable') return this.#of(term.variable, depth + 1);
    if (term?.kind === 'ref') {
      const constant = term.parts.findIndex((part) => part.kind !== 'constant');
      const text = refText(term, constant < 0 ? term.parts.length : constant);
      if (term.root === 'input') return { kind: 'input', text };
      if (term.root === 'data') return { kind: 'rule', text };
      const [only] = term.parts;
      if (term.parts.length === 1 && only?.kind !== 'constant') {
        const value = this.#collection(term.root, depth);
        if (value !== undefined) return { kind: 'collection', value };
      }
    }
    return this.#ofHead(variable);
  }

  #collection(term: CoreTerm, depth: number): Value | undefined {
    let current: CoreTerm | undefined = term;
    for (let step = depth; current?.kind === 'variable' && step <= this.#bindings.size; step++) {
      current = this.#bindings.get(current.variable);
    }
    const value = current === undefined ? undefined : constantValue(current);
    return value !== undefined && membersOf(value) !== undefined ? value : undefined;
  }

  #ofHead(variable: Variable): Origin | undefined {
    const isIt = (term: CoreTerm | undefined): boolean =>
      term?.kind === 'variable' && term.variable === variable;
    if (this.#rule.args.some(isIt)) return { kind: 'head-argument' };
    return [...this.#rule.tail, this.#rule.key].some(isIt) ? { kind: 'head-key' } : undefined;
  }
}
