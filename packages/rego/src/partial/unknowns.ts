import type { AnalysedPolicy } from '../analysis/analyse.ts';
import type { CoreExpression, CoreRef, CoreRule, CoreTerm } from '../analysis/core.ts';
import type { DocumentNode } from '../analysis/documents.ts';
import { walkGroups } from '../analysis/documents.ts';
import { walkBody, walkTerm } from '../analysis/walk.ts';
import { KNOWN_BUILTINS } from '../builtins/index.ts';

/** Supporting rules stand below this name, as OPA's do. */
export const SUPPORT_ROOT = 'partial';

/** A path that is not known yet: `["input"]`, `["data", "reports"]`. */
export type UnknownPath = readonly string[];

/** Tells what depends on what is unknown; says yes rather than no. */
export class Unknowns {
  readonly #paths: readonly UnknownPath[];
  readonly #root: DocumentNode;
  readonly #isKnownCall: (name: string) => boolean;
  readonly #rules = new Set<CoreRule>();

  /** @param nondeterministic whether calls of non-deterministic builtins are known, if their operands are */
  constructor(policy: AnalysedPolicy, paths: readonly UnknownPath[], nondeterministic: boolean) {
    this.#paths = paths;
    this.#isKnownCall = (name) => nondeterministic || KNOWN_BUILTINS[name]?.nondeterministic !== true;
    this.#root = policy.root;
    for (const rule of policy.rules) if (this.#readsUnknown(rule)) this.#rules.add(rule);
    for (let grows = true; grows; ) {
      grows = false;
      for (const [rule, edges] of policy.graph) {
        if (this.#rules.has(rule) || !edges.some(({ to }) => this.#rules.has(to))) continue;
        this.#rules.add(rule);
        grows = true;
      }
    }
  }

  rule(rule: CoreRule): boolean {
    return this.#rules.has(rule);
  }

  /** Whether what stands at or below a path of documents depends on what is unknown, base data apart. */
  document(path: readonly string[]): boolean {
    if (path[0] === SUPPORT_ROOT) return true;
    let node: DocumentNode | undefined = this.#root;
    for (const step of path) {
      if (node?.group !== undefined) break;
      node = node?.children.get(step);
    }
    let found = false;
    if (node === undefined) return false;
    walkGroups(node, ({ rules, fallback }) => {
      found ||= rules.some((rule) => this.#rules.has(rule));
      found ||= fallback !== undefined && this.#rules.has(fallback);
    });
    return found;
  }

  ref(ref: CoreRef): boolean {
    if (typeof ref.root === 'object') return false;
    const names = staticSteps(ref);
    return this.#isAtUnknown([ref.root, ...names]) || (ref.root === 'data' && this.document(names));
  }

  term(term: CoreTerm): boolean {
    let found = false;
    walkTerm(term, {
      ref: (ref) => {
        found ||= this.ref(ref);
      },
      expression: (expression) => {
        found ||= this.#calls(expression);
      },
    });
    return found;
  }

  expression(expression: CoreExpression): boolean {
    let found = false;
    walkBody([expression], {
      ref: (ref) => {
        found ||= this.ref(ref);
      },
      expression: (one) => {
        found ||= this.#calls(one);
      },
    });
    return found;
  }

  #calls(expression: CoreExpression): boolean {
    const replaced = expression.with.some(
      ({ replacement }) => replacement.kind === 'function' && this.document(replacement.path),
    );
    if (replaced || expression.kind !== 'call') return replaced;
    const { callee } = expression;
    if (callee.kind === 'function') return this.document(callee.path);
    return callee.kind === 'builtin' && !this.#isKnownCall(callee.name);
  }

  #isAtUnknown(path: readonly string[]): boolean {
    return this.#paths.some((unknown) => {
      const common = Math.min(unknown.length, path.length);
      return unknown.slice(0, common).every((step, index) => path[index] === step);
    });
  }

  /** As it stands, without what it reads through other rules: their turn comes by the graph. */
  #readsUnknown(rule: CoreRule): boolean {
    let found = false;
    const visitor = {
      ref: (ref: CoreRef) => {
        if (typeof ref.root === 'string') found ||= this.#isAtUnknown([ref.root, ...staticSteps(ref)]);
      },
      expression: (expression: CoreExpression) => {
        if (expression.kind !== 'call' || expression.callee.kind !== 'builtin') return;
        found ||= !this.#isKnownCall(expression.callee.name);
      },
    };
    for (const { body, value } of rule.branches) {
      walkBody(body, visitor);
      if (value !== undefined) walkTerm(value, visitor);
    }
    for (const term of [...rule.args, ...rule.tail, rule.key])
      if (term !== undefined) walkTerm(term, visitor);
    return found;
  }
}

/** The steps of a reference up to the first one that is no constant string. */
export function staticSteps({ parts }: CoreRef): readonly string[] {
  const names: string[] = [];
  for (const part of parts) {
    if (part.kind !== 'constant' || typeof part.value !== 'string') break;
    names.push(part.value);
  }
  return names;
}
