/** `npm run bench -- NAME [--json]`: figures of one bench, then one line; status 1 names each goal that was missed. */
import type { BenchReport, Figure } from './measure.ts';

const BENCHES: Readonly<
  Record<string, { about: string; load: () => Promise<{ run(): Promise<BenchReport> }> }>
> = {
  'first-light': {
    about:
      'in-process decision, HTTP decision, MCP call with durable record; beside no Writ and beside OPA over REST',
    load: () => import('./first-light.ts'),
  },
  rego: {
    about:
      "the engine's back ends beside OPA in process, over REST and as Wasm, and beside functions written by hand",
    load: () => import('./rego.ts'),
  },
  ledger: {
    about:
      'whole decisions beside a bare file, SQLite and PostgreSQL with one transaction each; verification of the record',
    load: () => import('./ledger.ts'),
  },
  bundle: {
    about:
      'activation of 10,000 rules, alike and not, and of 100 MB of data under load, beside a real OPA doing the same',
    load: () => import('./bundle.ts'),
  },
  gateway: {
    about: 'tools/call through Writ, beside no proxy, a bare Node proxy and peers, alone and 32 in flight',
    load: () => import('./gateway.ts'),
  },
  service: {
    about:
      'decisions over HTTP at 1, 16 and 256 connections, by TCP and Unix socket, without and with record, beside a real OPA',
    load: () => import('./service.ts'),
  },
  approvals: {
    about: 'how long it takes to list 10,000 calls that wait for people',
    load: () => import('./approvals.ts'),
  },
  'decision-rate': {
    about: 'durable decisions per second beside a bare append-only file with group commit, in one run',
    load: () => import('./decision-rate.ts'),
  },
};

const name = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const bench = name === undefined ? undefined : BENCHES[name];
if (name === undefined || bench === undefined) {
  const list = Object.entries(BENCHES).map(([key, { about }]) => `  ${key.padEnd(12)} ${about}`);
  console.error(`usage: npm run bench -- NAME [--json]\n${list.join('\n')}`);
  process.exit(name === undefined ? 0 : 64);
}

const missed = (figure: Figure): boolean =>
  Number.isNaN(figure.value) ||
  (figure.goal?.atMost !== undefined && figure.value > figure.goal.atMost) ||
  (figure.goal?.atLeast !== undefined && figure.value < figure.goal.atLeast);
const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const report = await (await bench.load()).run();
const misses = report.figures.filter((figure) => figure.goal !== undefined && missed(figure));
if (process.argv.includes('--json')) console.log(JSON.stringify({ bench: name, ...report }));
else {
  for (const figure of report.figures) {
    const spread =
      figure.spread === undefined
        ? ''
        : `  (min ${round(figure.spread.min)}, p99 ${round(figure.spread.p99)}, max ${round(figure.spread.max)})`;
    const goal =
      figure.goal === undefined
        ? ''
        : `  goal ${figure.goal.atMost !== undefined ? `<= ${figure.goal.atMost}` : `>= ${figure.goal.atLeast}`}`;
    console.log(
      `  ${figure.name.padEnd(58)} ${round(figure.value).padStart(8)} ${figure.unit}${spread}${goal}`,
    );
  }
  for (const line of report.leftOut) console.log(`  left out: ${line}`);
}
console.log(
  `bench ${name}: ${report.figures.length} figures, ${report.figures.filter(({ goal }) => goal !== undefined).length} goals` +
    (misses.length === 0 ? ', all met' : ` - MISSED: ${misses.map((figure) => figure.name).join(', ')}`),
);
process.exitCode = misses.length === 0 ? 0 : 1;
