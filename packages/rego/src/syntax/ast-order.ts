import { compareNumbers, compareStrings, numberFromText } from '../value/index.ts';
import type { AstJson, AstObject, AstTerm } from './ast-json.ts';
import { isRawNumber } from './ast-json.ts';

/** The order in which OPA writes the members of sets and the keys of objects (`ast.Compare`). */
const TERM_RANK: Readonly<Record<string, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  templatestring: 4,
  var: 5,
  ref: 6,
  array: 7,
  object: 8,
  set: 9,
  arraycomprehension: 10,
  objectcomprehension: 11,
  setcomprehension: 12,
  call: 13,
};

type Compare = (a: AstJson, b: AstJson) => number;

const VALUES: Readonly<Record<string, Compare>> = {
  null: () => 0,
  boolean: (a, b) => Number(a) - Number(b),
  number: (a, b) => compareNumbers(numberOf(a), numberOf(b)),
  string: (a, b) => compareStrings(a as string, b as string),
  var: (a, b) => compareStrings(a as string, b as string),
  ref: compareLists,
  array: compareLists,
  set: compareLists,
  call: compareLists,
  object: (a, b) => compareLists((a as AstJson[]).flat(), (b as AstJson[]).flat()),
  templatestring: (a, b) => compareLists((a as AstObject)['parts']!, (b as AstObject)['parts']!),
  arraycomprehension: compareComprehensions,
  setcomprehension: compareComprehensions,
  objectcomprehension: compareComprehensions,
};

/** The order of two terms: negative, zero (the same term) or positive. */
export function compareTerms(a: AstTerm, b: AstTerm): number {
  if (a.type !== b.type) return (TERM_RANK[a.type] ?? 0) - (TERM_RANK[b.type] ?? 0);
  return VALUES[a.type]!(a.value, b.value);
}

function numberOf(value: AstJson) {
  const text = isRawNumber(value) ? value.rawJSON : String(value);
  return numberFromText(text) ?? 0;
}

function compareLists(a: AstJson, b: AstJson): number {
  const [listA, listB] = [a as readonly AstJson[], b as readonly AstJson[]];
  const size = Math.min(listA.length, listB.length);
  for (let index = 0; index < size; index++) {
    const order = compareNodes(listA[index]!, listB[index]!);
    if (order !== 0) return order;
  }
  return listA.length - listB.length;
}

/** Terms and expressions, which follow terms. */
function compareNodes(a: AstJson, b: AstJson): number {
  const [nodeA, nodeB] = [a as AstObject, b as AstObject];
  const [isTermA, isTermB] = ['type' in nodeA, 'type' in nodeB];
  if (isTermA !== isTermB) return isTermA ? -1 : 1;
  return isTermA ? compareTerms(nodeA as AstTerm, nodeB as AstTerm) : compareExpressions(nodeA, nodeB);
}

function compareComprehensions(a: AstJson, b: AstJson): number {
  const [left, right] = [a as AstObject, b as AstObject];
  for (const name of ['key', 'value', 'term']) {
    if (left[name] === undefined || right[name] === undefined) continue;
    const order = compareTerms(left[name] as AstTerm, right[name] as AstTerm);
    if (order !== 0) return order;
  }
  return compareLists(left['body']!, right['body']!);
}

/** What an expression consists of, in OPA's order: declaration, term, call, `every`, `not`, `and`, `or`. */
function expressionRank(terms: AstJson): number {
  if (Array.isArray(terms)) return 2;
  const node = terms as AstObject;
  if ('symbols' in node) return 0;
  if ('domain' in node) return 3;
  if (!('body' in node) && !('lhs' in node)) return 1;
  return node['type'] === 'not' ? 4 : node['type'] === 'and' ? 5 : 6;
}

function compareExpressions(a: AstObject, b: AstObject): number {
  const [termsA, termsB] = [a['terms']!, b['terms']!];
  const rank = expressionRank(termsA);
  const order =
    rank - expressionRank(termsB) ||
    Number(a['index']) - Number(b['index']) ||
    Number(a['negated'] ?? false) - Number(b['negated'] ?? false);
  if (order !== 0) return order;
  return compareContents(rank, termsA, termsB) || compareModifiers(a['with'], b['with']);
}

function compareContents(rank: number, a: AstJson, b: AstJson): number {
  if (rank === 2) return compareLists(a, b);
  if (rank === 1) return compareTerms(a as AstTerm, b as AstTerm);
  const [left, right] = [a as AstObject, b as AstObject];
  for (const name of ['symbols', 'lhs', 'rhs', 'key', 'value', 'domain', 'body']) {
    const [partA, partB] = [left[name], right[name]];
    if (!partA || !partB) continue;
    const order = Array.isArray(partA) ? compareLists(partA, partB) : compareNodes(partA, partB);
    if (order !== 0) return order;
  }
  return 0;
}

function compareModifiers(a: AstJson | undefined, b: AstJson | undefined): number {
  const parts = (list: AstJson | undefined): AstJson[] =>
    ((list ?? []) as readonly AstObject[]).flatMap((one) => [one['target']!, one['value']!]);
  return compareLists(parts(a), parts(b));
}
