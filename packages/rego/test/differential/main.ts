/** `npm run conformance -- differential --n N --seed S`: generated programs on our engine and on the real OPA. */
import { parseArgs } from 'node:util';
import { isSkip, startOracle } from '@writ/testing';
import { CALLED } from './builtin-calls.ts';
import { runDifferential, total } from './run.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '5000' },
    seed: { type: 'string' },
    shown: { type: 'string', default: '10' },
    coverage: { type: 'boolean', default: false },
  },
});
const cases = Number(values.n);
const seed = values.seed === undefined ? Date.now() % 1_000_000_007 : Number(values.seed);
if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) {
  console.error(
    'usage: npm run conformance -- differential [--n CASES] [--seed SEED] [--shown MOST] [--coverage]',
  );
  process.exit(64);
}
const oracle = await startOracle();
if (isSkip(oracle)) {
  console.log(`conformance differential: skipped: ${oracle.skip}`);
  process.exit(0);
}
console.log(`seed ${seed}, OPA ${oracle.version}`);
const started = performance.now();
const report = await runDifferential(oracle, {
  cases,
  seed,
  shown: Number(values.shown),
  progress: (line) => console.log(`  ${line}`),
  found: (text) => console.log(text),
});
await oracle.stop();

for (const [why, count] of report.leftOut) console.log(`  left out: ${count} programs: ${why}`);
for (const [signature, count] of report.divergences) console.log(`  different: ${count} × ${signature}`);
if (values.coverage) {
  for (const [label, programs, defined] of report.coverage.table())
    console.log(`  ${label}: ${programs}, ${defined} defined`);
}
const missing = report.coverage.missing(CALLED.map(({ name }) => `builtin ${name}`));
if (missing.length > 0) console.log(`  never reached with a defined answer: ${missing.join(', ')}`);
const share = (count: number): string => `${((100 * count) / report.cases).toFixed(0)}%`;
const differences = total(report.divergences);
console.log(
  `conformance differential: ${report.cases} cases of ${report.programs} programs, seed ${seed}: ` +
    `${share(report.defined)} defined, ${share(report.errors)} errors, ${report.coverage.table().length} constructs, ` +
    `${total(report.leftOut)} programs left out, ${differences} divergences, ` +
    `${(report.cases / ((performance.now() - started) / 1000)).toFixed(0)} cases/s${differences === 0 ? '' : ' - MISSED: divergences'}`,
);
process.exitCode = differences === 0 ? 0 : 1;
