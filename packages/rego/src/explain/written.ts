import type { Body, Expression, Location, Module, Rule } from '../syntax/ast.ts';

/** One branch of a rule as it is written: the rule up to its first `else`, or what one `else` holds. */
export interface WrittenBranch {
  readonly rule: Rule;
  /** 0 is the rule itself, 1 its first `else`. */
  readonly position: number;
  readonly location: Location;
  readonly head: Location;
  readonly body: Body;
  /** Where OPA places the `true` of a branch without a body. */
  readonly always: Location;
}

/** The branches of a module's rules, in order. */
export function branchesOf(module: Module): readonly WrittenBranch[] {
  return module.rules.flatMap((rule) => {
    const { location, head, body, trueLocation: always, elses } = rule;
    const others = elses.map((branch, index) => ({
      rule,
      position: index + 1,
      location: branch.location,
      head: branch.headLocation,
      body: branch.body,
      always: branch.location,
    }));
    return [{ rule, position: 0, location, head: head.location, body, always }, ...others];
  });
}

/** All bodies in a node, each before those inside of it: of rules, comprehensions, `every`, `not { … }`. */
export function bodiesIn(node: unknown): Body[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) {
    const inner = node.flatMap(bodiesIn);
    return node.length > 0 && node.every(isExpression) ? [node, ...inner] : inner;
  }
  return Object.entries(node).flatMap(([name, part]) => {
    if (REPEATED.has(name)) return [];
    // Expressions in template strings are no body.
    return name === 'parts' ? (part as readonly unknown[]).flatMap(bodiesIn) : bodiesIn(part);
  });
}

/** What says again what other members of a node hold. */
const REPEATED: ReadonlySet<string> = new Set(['location', 'membership']);

function isExpression(node: unknown): node is Expression {
  return typeof node === 'object' && node !== null && 'negated' in node && 'with' in node;
}
