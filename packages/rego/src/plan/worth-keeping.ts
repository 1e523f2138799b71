import type { RulePlan } from './plan.ts';

/** Whether the results of a function's calls are remembered. */
export function isWorthKeeping(rules: readonly RulePlan[]): boolean {
  return rules.some(({ branches }) => isCostly(branches));
}

const COSTLY: ReadonlySet<unknown> = new Set([
  'scan',
  'scan-document',
  'relation',
  'every',
  'with',
  'comprehension',
  'function',
]);

/** Whether a body iterates or calls on: then its results are worth remembering; else looking them up costs more. */
function isCostly(node: unknown): boolean {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some(isCostly);
  if ('op' in node) {
    if (COSTLY.has(node.op)) return true;
    if (node.op === 'constant') return false;
  }
  return Object.values(node).some(isCostly);
}
