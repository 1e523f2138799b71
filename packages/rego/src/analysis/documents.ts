import type { Steps } from '../syntax/steps.ts';
import type { JsonObject, Value } from '../value/index.ts';
import { isPlainObject } from '../value/index.ts';
import type { CoreRule } from './core.ts';
import type { Report } from './report.ts';
import { dataPath, refText } from './term-text.ts';

/** All rules that stand at one path. */
export interface RuleGroup {
  readonly path: readonly string[];
  readonly kind: 'complete' | 'function' | 'partial-set' | 'partial-object';
  readonly rules: readonly CoreRule[];
  readonly fallback: CoreRule | undefined;
  /** All that are written `default`; more than one is refused. */
  readonly defaults: readonly CoreRule[];
}

/** A node of the tree of virtual documents: a package, a rule, or a step between. */
export interface DocumentNode {
  readonly path: readonly string[];
  readonly children: Map<string, DocumentNode>;
  group: RuleGroup | undefined;
}

/** Builds the tree of documents that rules define (OPA's rule tree), with the rules of each path in order. */
export function* documentTree(
  rules: readonly CoreRule[],
  packages: readonly (readonly string[])[],
): Steps<DocumentNode> {
  const root = newNode([]);
  const byNode = new Map<DocumentNode, CoreRule[]>();
  for (const path of packages) nodeAt(root, path);
  for (const rule of rules) {
    const node = nodeAt(root, rule.path);
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [rule]);
    else known.push(rule);
    yield;
  }
  for (const [node, members] of byNode) {
    node.group = ruleGroup(node.path, members);
    yield;
  }
  return root;
}

function newNode(path: readonly string[]): DocumentNode {
  return { path, children: new Map(), group: undefined };
}

function nodeAt(root: DocumentNode, path: readonly string[]): DocumentNode {
  let node = root;
  for (let length = 1; length <= path.length; length++) {
    const step = path[length - 1]!;
    let child = node.children.get(step);
    if (child === undefined) {
      child = newNode(path.slice(0, length));
      node.children.set(step, child);
    }
    node = child;
  }
  return node;
}

function ruleGroup(path: readonly string[], members: readonly CoreRule[]): RuleGroup {
  const rules = members.filter((rule) => !rule.isDefault);
  const defaults = members.filter((rule) => rule.isDefault);
  const [fallback] = defaults;
  const dynamic = members.some((rule) => rule.tail.length > 0 || rule.form === 'partial-object');
  const kind = dynamic ? 'partial-object' : (rules[0] ?? members[0]!).form;
  return { path, kind, rules, fallback, defaults };
}

/** The node at a path, where there is one. */
export function findNode(root: DocumentNode, path: readonly string[]): DocumentNode | undefined {
  let node: DocumentNode | undefined = root;
  for (const step of path) node = node?.children.get(step);
  return node;
}

/** Calls back for every group of the tree, a node before its children. */
export function walkGroups(node: DocumentNode, visit: (group: RuleGroup, node: DocumentNode) => void): void {
  if (node.group !== undefined) visit(node.group, node);
  for (const child of node.children.values()) walkGroups(child, visit);
}

export { dataPath };

/** A rule's whole reference as OPA writes it. */
export function ruleText(rule: CoreRule): string {
  return refText({
    kind: 'ref',
    root: 'data',
    parts: [
      ...rule.path.map((value) => ({ kind: 'constant' as const, value, location: rule.location })),
      ...rule.tail,
    ],
    location: rule.location,
  });
}

/** Refuses rules in the place of base documents (OPA's `CheckPathConflicts`). */
export function checkDataConflicts(root: DocumentNode, documents: JsonObject, report: Report): void {
  walkGroups(root, ({ path, rules, defaults }) => {
    const first = [...rules, ...defaults].sort(inOrder)[0];
    if (first === undefined || !holds(documents, path)) return;
    const message = `conflicting rule for data path ${path.join('/')} found`;
    report.error('rego_compile_error', message, first.location);
  });
}

/** Whether something stands at the path, or a value that has no parts stands on the way. */
function holds(documents: JsonObject, path: readonly string[]): boolean {
  let value: Value = documents;
  for (const step of path) {
    if (!isPlainObject(value)) return true;
    const next: Value | undefined = Object.hasOwn(value, step) ? value[step] : undefined;
    if (next === undefined) return false;
    value = next;
  }
  return true;
}

/** As written; rules of other files after. */
export function inOrder(a: CoreRule, b: CoreRule): number {
  return a.file === b.file ? a.row - b.row : a.file < b.file ? -1 : 1;
}
