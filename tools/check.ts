/** `npm run check`: types, lint, structure and the fast tests. One line of figures; status 1 names what failed. */
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { runTests } from './run-tests.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const started = performance.now();
const [types, lint] = await Promise.all([
  runCommand(bin('tsc'), ['--noEmit']),
  runCommand(bin('biome'), ['check', '--error-on-warnings', '.']),
]);
const tests = await runTests('check', ['--project=fast'], false);

const steps = [
  { name: 'types', ok: types.status === 0, output: types.output },
  { name: 'lint', ok: lint.status === 0, output: lint.output },
  { name: 'tests', ok: tests.ok, output: tests.output },
];
const failed = steps.filter(({ ok }) => !ok);
for (const { name, output } of failed) console.error(`--- ${name} ---\n${output}`);
const counts =
  tests.report === undefined
    ? 'no test report'
    : `${tests.report.passed} passed, ${tests.report.failed} failed, ${tests.report.skipped} skipped`;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const verdict = failed.length === 0 ? 'ok' : `FAILED: ${failed.map(({ name }) => name).join(', ')}`;
console.log(
  `check ${verdict}: types ${types.seconds.toFixed(1)} s, lint ${lint.seconds.toFixed(1)} s, tests ${tests.seconds.toFixed(1)} s (${counts}), ${seconds} s in all`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
