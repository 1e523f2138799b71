import { each, type Steps } from '../syntax/steps.ts';
import { compare, compareStrings, equal, isScalar, memberKey } from '../value/index.ts';
import type { CoreRule, CoreTerm } from './core.ts';
import type { DocumentNode } from './documents.ts';
import { findNode, inOrder, ruleText, walkGroups } from './documents.ts';
import type { Report } from './report.ts';
import { dataPath } from './term-text.ts';

/** The rules at one path; here constants of heads that are no strings are steps of it as well, as in OPA. */
interface Place {
  readonly children: Map<ReturnType<typeof memberKey>, Place>;
  readonly rules: CoreRule[];
  /** Whether a node of the tree of documents stands for it. */
  readonly isNode: boolean;
}

interface Package {
  readonly path: readonly string[];
  readonly location: CoreRule['location'];
}

/** Refuses rules that cannot stand together (OPA's stage CheckRuleConflicts). */
export function* checkConflicts(
  root: DocumentNode,
  packages: readonly Package[],
  report: Report,
): Steps<void> {
  const places: Place[] = [];
  walkGroups(root, ({ rules, defaults }, node) => {
    // Most rules stand alone: only where some stand below others, or heads go on, is there a tree to look at.
    const all = [...rules, ...defaults];
    if (node.children.size > 0 || all.some(({ tail }) => tail.length > 0))
      collectPlaces(placeOf(node), places);
    else places.push({ children: NO_CHILDREN, rules: all, isNode: true });
  });
  yield* each(places, (place) => checkPlace(place, report));
  for (const { path, location } of packages) {
    const rule = findNode(root, path)?.group?.rules.find((candidate) => candidate.tail.length === 0);
    if (rule === undefined) continue;
    const at = `${rule.location.file}:${rule.location.row}`;
    const message = `package ${path.join('.')} conflicts with rule ${rule.path.at(-1)} defined at ${at}`;
    report.error('rego_type_error', message, location);
  }
}

const NO_CHILDREN: Place['children'] = new Map();

/** The places that a node stands for; those of the nodes below are there for it, and looked at by themselves. */
function collectPlaces(place: Place, into: Place[]): void {
  into.push(place);
  for (const child of place.children.values()) if (!child.isNode) collectPlaces(child, into);
}

function placeOf(node: DocumentNode): Place {
  const place: Place = { children: new Map(), rules: [], isNode: true };
  for (const [name, child] of node.children) place.children.set(memberKey(name), placeOf(child));
  for (const rule of [...(node.group?.rules ?? []), ...(node.group?.defaults ?? [])]) {
    let at = place;
    for (const step of rule.tail) {
      if (!isFixed(step)) break;
      const key = memberKey(step.value);
      const next = at.children.get(key) ?? { children: new Map(), rules: [], isNode: false };
      at.children.set(key, next);
      at = next;
    }
    at.rules.push(rule);
  }
  return place;
}

function isFixed(term: CoreTerm): term is Extract<CoreTerm, { kind: 'constant' }> {
  return term.kind === 'constant' && isScalar(term.value);
}

function isGround({ tail }: CoreRule): boolean {
  return tail.every(isFixed);
}

function checkPlace(place: Place, report: Report): void {
  const all = place.rules.toSorted(inOrder);
  const [first] = all;
  if (first === undefined) return;
  const name = ruleText(all.at(-1)!);
  const below = rulesBelow(place, all);
  if (below.length > 0) {
    const lines = below.map(
      (rule) => `  rule ${ruleText(rule)} at ${rule.location.file}:${rule.location.row}`,
    );
    report.error('rego_type_error', `rule ${name} conflicts with:\n${lines.join('\n')}`, first.location);
    return;
  }
  const kinds = new Set(all.map(kindOf));
  const arities = new Set(all.map((rule) => rule.args.length));
  if (kinds.size > 1 || arities.size > 1) {
    report.error('rego_type_error', `conflicting rules ${name} found`, first.location);
    return;
  }
  checkDefaults(all, report);
}

/** Rules that cannot stand below those of a place: any below a whole document, functions below any. */
function rulesBelow({ children }: Place, all: readonly CoreRule[]): CoreRule[] {
  if (children.size === 0) return [];
  const isWhole = all.some(isGround);
  let found: CoreRule[] = [];
  const visit = (place: Place): void => {
    for (const rule of place.rules.toSorted(inOrder)) {
      if (!isWhole && rule.form !== 'function') continue;
      if (found.some((other) => isAbove(other, rule))) continue;
      found = [rule, ...found.filter((other) => !isAbove(rule, other))];
    }
    for (const child of place.children.values()) visit(child);
  };
  for (const child of children.values()) visit(child);
  return found.sort(byReference);
}

function stepsOf(rule: CoreRule): CoreTerm[] {
  const { location } = rule;
  return [...rule.path.map((value): CoreTerm => ({ kind: 'constant', value, location })), ...rule.tail];
}

function isAbove(above: CoreRule, rule: CoreRule): boolean {
  const steps = stepsOf(rule);
  return stepsOf(above).every((step, index) => steps[index] !== undefined && isSameStep(step, steps[index]));
}

function isSameStep(a: CoreTerm, b: CoreTerm): boolean {
  if (a.kind === 'constant') return b.kind === 'constant' && equal(a.value, b.value);
  return a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable;
}

/** As OPA orders references: step by step, scalars before variables and these before everything else. */
function byReference(a: CoreRule, b: CoreRule): number {
  const others = stepsOf(b);
  for (const [index, step] of stepsOf(a).entries()) {
    const other = others[index];
    if (other === undefined) return 1;
    const order = rank(step) - rank(other) || compareSteps(step, other);
    if (order !== 0) return order;
  }
  return compareStrings(ruleText(a), ruleText(b));
}

function rank(step: CoreTerm): number {
  if (isFixed(step)) return 0;
  return step.kind === 'variable' ? 1 : 2;
}

function compareSteps(a: CoreTerm, b: CoreTerm): number {
  return a.kind === 'constant' && b.kind === 'constant' ? compare(a.value, b.value) : 0;
}

function kindOf(rule: CoreRule): string {
  if (rule.form === 'partial-set') return isGround(rule) ? 'set' : 'object-of-sets';
  return isGround(rule) ? 'value' : 'object';
}

function checkDefaults(all: readonly CoreRule[], report: Report): void {
  const defaults = all.filter(({ isDefault }) => isDefault);
  const [first] = defaults;
  if (first === undefined || defaults.length < 2) return;
  const places = defaults.map((rule) => `${rule.location.file}:${rule.location.row}`);
  const message = `multiple default rules ${dataPath(first.path)} found at ${places.join(', ')}`;
  report.error('rego_type_error', message, first.packageLocation);
}
