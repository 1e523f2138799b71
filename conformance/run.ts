/** `npm run conformance -- NAME`: one suite, ending with one line of figures; status 1 names what missed. */
import { spawn } from 'node:child_process';
import { runTests } from '../tools/run-tests.ts';
import { SUITES } from './suites.ts';

const name = process.argv[2];
const suite = name === undefined ? undefined : SUITES[name];
if (name === undefined || suite === undefined) {
  const list = Object.entries(SUITES).map(([key, { about }]) => `  ${key.padEnd(12)} ${about}`);
  console.error(`usage: npm run conformance -- NAME\n${list.join('\n')}`);
  process.exit(name === undefined || name === '--help' ? 0 : 64);
}
if ('program' in suite) {
  const child = spawn(process.execPath, [suite.program, ...process.argv.slice(3)], { stdio: 'inherit' });
  process.exit(await new Promise((settle) => child.on('close', (code) => settle(code ?? 1))));
}
const { report: read, ok } = await runTests(`conformance-${name}`, suite.files, true);
const missed = [
  ...(read === undefined ? ['no report'] : []),
  ...(read !== undefined && read.failed > 0 ? [`${read.failed} failed`] : []),
  ...(read !== undefined && read.passed === 0 ? ['nothing ran'] : []),
  ...(!ok && read?.failed === 0 && read.passed > 0 ? ['the runner failed'] : []),
];
const skips = Object.entries(read?.skips ?? {}).map(([reason, count]) => `${count} × ${reason}`);
if (skips.length > 0) console.log(`Left out: ${skips.join('; ')}`);
console.log(
  `conformance ${name}: ${read?.passed ?? 0} passed, ${read?.failed ?? 0} failed, ${read?.skipped ?? 0} skipped` +
    (missed.length === 0 ? '' : ` - MISSED: ${missed.join(', ')}`),
);
process.exitCode = missed.length === 0 ? 0 : 1;
