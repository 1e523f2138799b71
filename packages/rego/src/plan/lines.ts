import type { Location } from '../syntax/ast.ts';
import type { PolicyPlan, RulePlan, Statement } from './plan.ts';

type Lines = Map<string, Set<number>>;

/** The rows of all expressions and rule heads of a plan, by file. */
export function planLines(plan: PolicyPlan): ReadonlyMap<string, ReadonlySet<number>> {
  const lines: Lines = new Map();
  for (const group of plan.groups) {
    for (const rule of group.rules) ruleLines(rule, lines);
    if (group.fallback !== undefined) ruleLines(group.fallback, lines);
  }
  return lines;
}

function ruleLines(rule: RulePlan, lines: Lines): void {
  for (const branch of rule.branches) {
    addLine(branch.location, lines);
    for (const statement of branch.body) statementLines(statement, lines);
    nodeLines(branch.value, lines);
  }
}

function statementLines(statement: Statement, lines: Lines): void {
  addLine(statement.source, lines);
  for (const [name, part] of Object.entries(statement)) {
    if (name !== 'source' && name !== 'variables') nodeLines(part, lines);
  }
}

/** Looks for statements inside of values: bodies of comprehensions. */
function nodeLines(node: unknown, lines: Lines): void {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) nodeLines(item, lines);
  } else if ('source' in node && 'op' in node) statementLines(node as Statement, lines);
  else if ('op' in node && node.op !== 'constant') {
    for (const part of Object.values(node)) nodeLines(part, lines);
  }
}

function addLine({ file, row }: Location, lines: Lines): void {
  const rows = lines.get(file);
  if (rows === undefined) lines.set(file, new Set([row]));
  else rows.add(row);
}
