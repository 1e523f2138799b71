import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planText } from '../../src/compile/plan-text.ts';
import { compilePlan } from '../../src/compile-plan.ts';
import { compilePolicy } from '../../src/policy.ts';
import { compareAnswers, comparePlans } from '../support/compare-twins.ts';
import { twinPolicies } from '../support/twin-policies.ts';

/** Rules of three kinds, for four tools. */
const POLICY = `package many

default allow := false

${['a', 'b', 'tool', 'x-1']
  .map(
    (tool, index) => `# ${tool}
allow if {
	input.tool == "${tool}"
	some role in input.roles
	role == "role-${index}"
	input.amount <= ${10 ** index}
}

names contains "${tool}" if input.names[_] == "${tool}"

label("${tool}") := {"name": "${tool}", "level": ${index}} if not input.blocked == "${tool}"`,
  )
  .join('\n\n')}
`;

test('rules that are like others come to the same plan as if each had been looked at, and decide alike', () => {
  expect(comparePlans(POLICY)).toBe(3);
  compareAnswers(POLICY);
  fc.assert(
    fc.property(twinPolicies, (text) => {
      comparePlans(text);
      compareAnswers(text);
    }),
    { numRuns: 5 },
  );
});

test('rules that only look alike are none', () => {
  const alike = (text: string): number => {
    const { plan } = compilePlan([{ file: 'a.rego', text: `package a\n\n${text}\n` }], {});
    return planText(plan!).templates.length;
  };
  const three = (rule: (index: number) => string): string => [1, 2, 3, 4].map(rule).join('\n');
  expect(alike(three((index) => `p if input.x == "${index}"`))).toBe(1);
  // Names of documents, keys of objects, and what decides which documents are read.
  expect(alike(three((index) => `p if input["x${index}"]`))).toBe(0);
  expect(alike(three((index) => `p if input.x == {"${index}": 1}`))).toBe(0);
  expect(alike(three((index) => `p if { x := "${index}"; data.b[x] }`))).toBe(0);
  expect(alike(three((index) => `p if { x := "${index}"; data.b[input.x] == x }`))).toBe(1);
  expect(alike(three((index) => `p[${index}] := 1 if input.x`))).toBe(0);
  // What has comments inside, or another meaning from there on.
  expect(alike(three((index) => `p if {\n\t# ${index}\n\tinput.x == ${index}\n}`))).toBe(0);
  expect(alike(three((index) => `import input.a as b${index}\np if input.x == ${index}`))).toBe(0);
  expect(alike(three((index) => `p if input.x == ${index}\nelse := false`))).toBe(0);
});

test('a fault in one of many rules is told as if each had been looked at', () => {
  const rules = [1, 2, 3, 4].map((index) => `p if input.x == "${index}"`);
  const text = `package a\n\n${[...rules, 'p if x == 1'].join('\n')}\n`;
  const { diagnostics } = compilePolicy([{ file: 'a.rego', text }]);
  expect(diagnostics.map(({ message, location }) => [message, location.row])).toEqual([
    ['var x is unsafe', 7],
  ]);
});
