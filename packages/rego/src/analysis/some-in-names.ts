import type { Expression, Term } from '../syntax/ast.ts';
import { collectAll } from './declared.ts';

type SomeIn = Extract<Expression, { kind: 'some-in' }>;

/** The root of the document that a name stands for where it is no variable. */
export type RootOf = (name: string) => string | undefined;

/**
 * The names that `some … in` gives a value to and that its collection already uses outside of closures; they may not.
 */
export function namesInBoth({ key, value, collection }: SomeIn, rootOf: RootOf): string[] {
  const bound = new Set<string>();
  for (const term of [key, value]) if (term !== undefined) collect(term, rootOf, BOUND, bound);
  const used = new Set<string>();
  collect(collection, rootOf, USED, used);
  return [...bound].filter((name) => used.has(name) && !isWildcard(name)).sort();
}

/**
 * The names that `some … in` declares (OPA's `outputVarsForExprEq` over `value = collection[key]`): those of its
 * patterns, and the variables by which references go on whose root the collection names too.
 */
export function namesDeclared(expression: SomeIn, rootOf: RootOf): string[] {
  const { key, value, collection } = expression;
  const known = new Set<string>();
  const mentioned = new Set<string>();
  collectAll(collection, mentioned);
  for (const name of mentioned) known.add(rootOf(name) ?? name);
  const found = new Set<string>();
  if (key !== undefined) collect(key, rootOf, STEPS, found);
  for (const term of [value, ...expression.with.map((modifier) => modifier.value)]) {
    collectSteps(term, rootOf, known, found);
  }
  collectBound(value, rootOf, found);
  return [...found].filter((name) => !known.has(name) && !isWildcard(name)).sort();
}

/** What a reference to a document counts as, and what is left out. */
interface Collecting {
  readonly roots: boolean;
  readonly objectKeys: boolean;
  readonly closures: boolean;
}

const USED: Collecting = { roots: true, objectKeys: true, closures: false };
const STEPS: Collecting = { roots: false, objectKeys: true, closures: true };
const BOUND: Collecting = { roots: false, objectKeys: false, closures: false };

function collect(term: Term, rootOf: RootOf, options: Collecting, names: Set<string>): void {
  const within = (part: Term): void => collect(part, rootOf, options, names);
  switch (term.kind) {
    case 'var': {
      const root = rootOf(term.name);
      if (root === undefined) names.add(term.name);
      else if (options.roots) names.add(root);
      return;
    }
    case 'ref':
      if (options.roots) within(term.head);
      term.parts.forEach(within);
      return;
    case 'array':
    case 'set':
      term.items.forEach(within);
      return;
    case 'object':
      for (const [key, value] of term.entries) {
        if (options.objectKeys) within(key);
        within(value);
      }
      return;
    case 'call':
      term.args.forEach(within);
      return;
    case 'array-comprehension':
    case 'set-comprehension':
    case 'object-comprehension':
    case 'template-string': {
      if (!options.closures) return;
      const inside = new Set<string>();
      collectAll(term, inside);
      for (const name of inside) if (rootOf(name) === undefined) names.add(name);
      return;
    }
    default:
  }
}

/** The variables in the steps of references whose root is known. */
function collectSteps(term: Term, rootOf: RootOf, known: ReadonlySet<string>, names: Set<string>): void {
  const within = (part: Term): void => collectSteps(part, rootOf, known, names);
  switch (term.kind) {
    case 'ref': {
      const roots = new Set<string>();
      collect(term.head, rootOf, USED, roots);
      for (const root of roots) if (!known.has(root)) return;
      for (const part of term.parts) collect(part, rootOf, STEPS, names);
      term.parts.forEach(within);
      return;
    }
    case 'array':
    case 'set':
      term.items.forEach(within);
      return;
    case 'object':
      for (const entry of term.entries) entry.forEach(within);
      return;
    case 'call':
      term.args.forEach(within);
      return;
    default:
  }
}

/** What unifying a pattern with an element gives a value to. */
function collectBound(value: Term, rootOf: RootOf, names: Set<string>): void {
  if (value.kind === 'var' || value.kind === 'array' || value.kind === 'object') {
    collect(value, rootOf, BOUND, names);
  }
}

function isWildcard(name: string): boolean {
  return name.startsWith('$');
}
