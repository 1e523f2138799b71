/**
 * `npm test`: every test that this machine can run, then one line of counts. What was left out is said in one
 * line, with how to get it. Arguments are passed on to vitest (`npm test -- packages/rego`).
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteReport } from './counting-reporter.ts';
import { runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '..');
const report = join(root, '.cache/reports/test.json');
rmSync(report, { force: true });
const result = await runCommand(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=./tools/counting-reporter.ts',
    ...process.argv.slice(2),
  ],
  { show: true, env: { WRIT_REPORT: report } },
);

let read: SuiteReport | undefined;
try {
  read = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.error('npm test: the runner left no report; see its output above');
}
if (read === undefined) process.exitCode = result.status === 0 ? 1 : result.status;
else {
  const reasons = Object.entries(read.skips).map(([reason, count]) => `${count} × ${reason}`);
  console.log(reasons.length === 0 ? 'Left out: nothing.' : `Left out: ${reasons.join('; ')}`);
  console.log(`${read.passed} passed, ${read.failed} failed, ${read.skipped} skipped`);
  process.exitCode = result.status !== 0 || read.failed > 0 || read.passed === 0 ? 1 : 0;
}
