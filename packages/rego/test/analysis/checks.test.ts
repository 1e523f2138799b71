import { expect, test } from 'vitest';
import { STAGES } from '../../src/analysis/stages.ts';
import { compilePolicy } from '../../src/index.ts';
import { CHECKED_MODULES, findingsIn } from '../support/checked-modules.ts';

test.each(CHECKED_MODULES)('[P-REGO-LOCATED-ERRORS] $about', (module) => {
  expect(findingsIn(module)).toEqual(module.errors);
});

test('every stage runs after those that it needs', () => {
  const seen = new Set<string>();
  for (const { name, needs } of STAGES) {
    expect(needs.filter((need) => !seen.has(need))).toEqual([]);
    seen.add(name);
  }
});

test.each([
  ['starts_with(input.x, "a")', 'did you mean `startswith`?'],
  ['len(input.x) > 1', 'Rego calls it `count`'],
  ['has_scpoe(input.x)', 'did you mean `has_scope`?'],
  ['limits.reed > 1', 'did you mean `read`?'],
])('what %s was meant to be', (literal, help) => {
  const text = `package a\n\nlimits := {"read": 1}\n\nhas_scope(x) if x == "a"\n\np if ${literal}\n`;
  expect(compilePolicy([{ file: 'a.rego', text }]).diagnostics.map((one) => one.help)).toEqual([help]);
});
