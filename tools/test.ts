/**
 * `npm test`: every test that this machine can run, then one line of counts. What was left out is said in one
 * line, with how to get it. Arguments are passed on to vitest (`npm test -- packages/rego`).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTests } from './run-tests.ts';

const reports = join(import.meta.dirname, '../.cache/reports');
const { report, ok } = await runTests('test-runs', process.argv.slice(2), true);
if (report === undefined) {
  console.error('npm test: the runner left no report; see its output above');
  process.exitCode = 1;
} else {
  mkdirSync(reports, { recursive: true });
  writeFileSync(join(reports, 'test.json'), JSON.stringify(report));
  const reasons = Object.entries(report.skips).map(([reason, count]) => `${count} × ${reason}`);
  console.log(reasons.length === 0 ? 'Left out: nothing.' : `Left out: ${reasons.join('; ')}`);
  console.log(
    `${report.passed} passed, ${report.failed + report.crashed.length} failed, ${report.skipped} skipped`,
  );
  process.exitCode = ok ? 0 : 1;
}
