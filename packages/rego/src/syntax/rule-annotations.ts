import type { Annotations } from './ast.ts';
import { AstLocations } from './ast-json.ts';
import { isGround } from './nodes.ts';
import { isBracketSet, type RuleDraft } from './rule-draft.ts';
import { termToAst } from './term-to-ast.ts';

/** Annotations of the rules of one path. */
interface OfPath {
  /** Of scope `document`, by position. */
  readonly document: number[];
  /** Of scope `rule`, by row and then position. */
  readonly rule: number[];
  /** Those of scope `rule` above the present rule that no rule has claimed. */
  pending: number[];
}

/**
 * The annotations of each rule: those of scope `document` for its path, and those of scope `rule` above it that no
 * earlier rule of the path has claimed (OPA `attachRuleAnnotations`). A rule claims the last of those.
 */
export function annotationsOfRules(
  rules: readonly RuleDraft[],
  annotations: readonly Annotations[],
): readonly (readonly Annotations[])[] {
  if (annotations.length === 0) return rules.map(() => []);
  const paths = new Map<string, OfPath>();
  for (const [position, { scope, target }] of annotations.entries()) {
    if (target.kind !== 'rule' || (scope !== 'document' && scope !== 'rule')) continue;
    const name = pathOf(rules[target.rule]!);
    const path = paths.get(name) ?? { document: [], rule: [], pending: [] };
    paths.set(name, path);
    path[scope].push(position);
  }
  return rules.map((rule) => {
    const path = paths.get(pathOf(rule));
    if (path === undefined) return [];
    const { row } = rule.location;
    while (path.rule.length > 0 && annotations[path.rule[0]!]!.location.row < row) {
      path.pending.push(path.rule.shift()!);
    }
    const own = [...path.document, ...path.pending].sort((a, b) => a - b);
    path.pending = path.pending.slice(0, -1);
    return own.map((position) => annotations[position]!);
  });
}

/** The constant beginning of a rule's path. */
function pathOf(rule: RuleDraft): string {
  const steps: string[] = [];
  for (const part of isBracketSet(rule) ? rule.head.ref.slice(0, 1) : rule.head.ref) {
    if (!isGround(part)) break;
    steps.push(
      part.kind === 'string' ? JSON.stringify(part.value) : JSON.stringify(termToAst(part, NOWHERE)),
    );
  }
  return steps.join();
}

const NOWHERE = new AstLocations('', false);
