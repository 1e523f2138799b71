import type { Value } from '../value/index.ts';
import { isObject, objectEntries, toJson } from '../value/index.ts';
import type { TestCaseResult } from './test-result.ts';

/** The cases of a test, which are the members of its value; each passes where it is true, or where all in it pass. */
export function casesOf(value: Value): readonly TestCaseResult[] {
  if (!isObject(value)) return [];
  return objectEntries(value).map(([key, outcome]) => {
    const name = caseName(key);
    if (!isObject(outcome)) return { name, passed: outcome === true || outcome === null };
    const cases = casesOf(outcome);
    return { name, passed: allPass(cases), cases };
  });
}

function caseName(step: Value): string {
  return typeof step === 'string' ? step : toJson(step);
}

/** Cases that a test came to and that have no value have failed. */
export function withReached(
  cases: readonly TestCaseResult[],
  reached: readonly (readonly Value[])[],
): readonly TestCaseResult[] {
  const result = [...cases];
  for (const [first, ...rest] of reached) {
    if (first === undefined) continue;
    const name = caseName(first);
    const index = result.findIndex((one) => one.name === name);
    const known = result[index] ?? { name, passed: rest.length > 0 };
    const inner = rest.length === 0 ? known.cases : withReached(known.cases ?? [], [rest]);
    const passed = known.passed && (inner === undefined || allPass(inner));
    const updated = { name, passed, ...(inner !== undefined && { cases: inner }) };
    if (index < 0) result.push(updated);
    else result[index] = updated;
  }
  return result;
}

/** Names of the innermost cases that failed, with those around them. */
export function failedNames(cases: readonly TestCaseResult[]): string[] {
  return cases
    .filter(({ passed }) => !passed)
    .flatMap(({ name, cases: inner = [] }) => {
      const below = failedNames(inner);
      return below.length === 0 ? [name] : below.map((one) => `${name}/${one}`);
    });
}

export function allPass(cases: readonly TestCaseResult[]): boolean {
  return cases.every(({ passed }) => passed);
}
