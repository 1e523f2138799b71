/** `npm run check`: types, lint, structure and the fast tests. One line of figures; status 1 names what failed. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteReport } from './counting-reporter.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const report = join(root, '.cache/reports/check.json');
rmSync(report, { force: true });

const started = performance.now();
const [types, lint] = await Promise.all([
  runCommand(bin('tsc'), ['--noEmit']),
  runCommand(bin('biome'), ['check', '--error-on-warnings', '.']),
]);
const tests = await runCommand(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project=fast',
    '--reporter=default',
    '--reporter=./tools/counting-reporter.ts',
  ],
  { env: { WRIT_REPORT: report } },
);

const steps: Record<string, CommandResult> = { types, lint, tests };
const failed = Object.entries(steps).filter(([, result]) => result.status !== 0);
for (const [name, result] of failed) console.error(`--- ${name} ---\n${result.output}`);
let counts = 'no test report';
try {
  const read: SuiteReport = JSON.parse(readFileSync(report, 'utf8'));
  counts = `${read.passed} passed, ${read.failed} failed, ${read.skipped} skipped`;
} catch {
  failed.push(['tests', tests]);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const verdict =
  failed.length === 0 ? 'ok' : `FAILED: ${[...new Set(failed.map(([name]) => name))].join(', ')}`;
console.log(
  `check ${verdict}: types ${types.seconds.toFixed(1)} s, lint ${lint.seconds.toFixed(1)} s, tests ${tests.seconds.toFixed(1)} s (${counts}), ${seconds} s in all`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
