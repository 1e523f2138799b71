/** `npm run conformance -- NAME`: one suite, ending with one line of figures; status 1 names what missed. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteReport } from '../tools/counting-reporter.ts';
import { runCommand } from '../tools/run-command.ts';
import { SUITES } from './suites.ts';

const root = join(import.meta.dirname, '..');
const name = process.argv[2];
const suite = name === undefined ? undefined : SUITES[name];
if (name === undefined || suite === undefined) {
  const list = Object.entries(SUITES).map(([key, { about }]) => `  ${key.padEnd(12)} ${about}`);
  console.error(`usage: npm run conformance -- NAME\n${list.join('\n')}`);
  process.exit(name === undefined || name === '--help' ? 0 : 64);
}
const report = join(root, `.cache/reports/conformance-${name}.json`);
rmSync(report, { force: true });
const result = await runCommand(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=./tools/counting-reporter.ts',
    ...suite.files,
  ],
  { show: true, env: { WRIT_REPORT: report }, cwd: root },
);
const read = readReport();
const missed = [
  ...(read === undefined ? ['no report'] : []),
  ...(read !== undefined && read.failed > 0 ? [`${read.failed} failed`] : []),
  ...(read !== undefined && read.passed === 0 ? ['nothing ran'] : []),
  ...(result.status !== 0 && read?.failed === 0 ? [`runner ended with ${result.status}`] : []),
];
const skips = Object.entries(read?.skips ?? {}).map(([reason, count]) => `${count} × ${reason}`);
if (skips.length > 0) console.log(`Left out: ${skips.join('; ')}`);
console.log(
  `conformance ${name}: ${read?.passed ?? 0} passed, ${read?.failed ?? 0} failed, ${read?.skipped ?? 0} skipped` +
    (missed.length === 0 ? '' : ` - MISSED: ${missed.join(', ')}`),
);
process.exitCode = missed.length === 0 ? 0 : 1;

function readReport(): SuiteReport | undefined {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return undefined;
  }
}
