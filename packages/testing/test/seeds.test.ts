import { expect, test } from 'vitest';
import { isSkip, loadSeedPolicies, mendTutorial } from '../src/index.ts';

test('where the seed documents are missing the reason is said', async () => {
  const loaded = await loadSeedPolicies('/nowhere/at/all');
  expect(isSkip(loaded) && loaded.skip).toContain('not beside this checkout');
});

test('the mends by hand: braces round a body on one line, modifiers behind each literal', () => {
  expect(mendTutorial('f(s) if s == 1; s in xs\n')).toBe('f(s) if { s == 1; s in xs }\n');
  expect(mendTutorial('p if {\na\nb\n} with input as {"x": [1,\n2]}\nq if {\nc\n}\n')).toBe(
    'p if {\na with input as {"x": [1, 2]}\nb with input as {"x": [1, 2]}\n}\nq if {\nc\n}\n',
  );
});

test('what needs no mend stays as it is', () => {
  const text = 'package a\np := {"x": 1} if {\n  a; b\n}\n# if a; b\n';
  expect(mendTutorial(text)).toBe(text);
});
