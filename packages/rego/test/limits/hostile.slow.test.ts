import { describe, expect, test } from 'vitest';
import { compilePolicy, DEADLINE_MS_DEFAULT } from '../../src/index.ts';
import { BACKENDS } from '../support/back-ends.ts';
import { HOSTILE_POLICIES } from './hostile-policies.ts';

/** What an evaluation with these limits may take at most; far above, since machines differ. */
const TIME_MS_MAX = 4_000;
const HEAP_BYTES_MAX = 700 * 1024 * 1024;

describe.each(BACKENDS)('[P-REGO-BUDGET] on %s, a policy that', (backend) => {
  test.each(Object.entries(HOSTILE_POLICIES))(
    '%s ends with an error, soon and in bounded memory',
    (_name, text) => {
      const compiled = compilePolicy([{ file: 'a.rego', text: `package a\n\n${text}\n` }], { backend });
      expect(compiled.diagnostics).toEqual([]);
      const before = process.memoryUsage().heapUsed;
      const start = performance.now();
      const result = compiled.policy!.prepare('a/p').evaluate(undefined, {
        deadlineMs: 300,
        memoryBytesMax: 64 * 1024 * 1024,
        strict: true,
      });
      const tookMs = performance.now() - start;
      const grown = process.memoryUsage().heapUsed - before;
      expect(result.kind).toBe('error');
      expect((result as { code: string }).code).toMatch(/^eval_(?:cancel|builtin)_error$/);
      expect(tookMs, 'time').toBeLessThan(TIME_MS_MAX);
      expect(grown, 'memory').toBeLessThan(HEAP_BYTES_MAX);
    },
  );
});

test('the limits leave room for what is usual', () => {
  expect(DEADLINE_MS_DEFAULT).toBeGreaterThanOrEqual(1_000);
  const text =
    'package a\n\np := count({x | some i in numbers.range(1, 300); some j in numbers.range(1, 300); x := i * j})\n';
  const { policy } = compilePolicy([{ file: 'a.rego', text }]);
  expect(policy!.prepare('a/p').evaluate(undefined)).toMatchObject({ kind: 'value' });
});
