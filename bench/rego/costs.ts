import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isSkip, startOracle } from '@writ/testing';
import { type Figure, spreadOf } from '../measure.ts';
import { rulesCase } from './cases.ts';

/** What preparing a policy takes is measured this often, each time in a process of its own. */
const REPEATS = 3;
const RULES = 10_000;
/** Activation of so many rules delays no decision by more than this. */
const SLICE_MS_MAX = 10;
const MEGABYTE = 1024 * 1024;

interface Cost {
  /** The longest stretch of a compilation in slices; OPA has none. */
  readonly sliceMillis?: number;
  readonly millis: number;
  /** Kept after a collection. */
  readonly heapBytes: number;
  /** The process's peak, all of it. */
  readonly residentBytes: number;
}

function ownCost(): Cost {
  const child = join(import.meta.dirname, 'compile-child.ts');
  const words = ['--expose-gc', '--disable-warning=ExperimentalWarning', child, String(RULES)];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Cost;
}

async function opaCost(): Promise<Cost | undefined> {
  const oracle = await startOracle();
  if (isSkip(oracle)) return undefined;
  const { modules } = rulesCase(RULES);
  const cost = await oracle.weigh({ modules, data: {}, query: 'data.many.allow' });
  await oracle.stop();
  return cost;
}

const COSTS: readonly {
  readonly name: string;
  readonly unit: string;
  readonly of: (cost: Cost) => number;
  /** Whether less than OPA is promised. */
  readonly isPromised: boolean;
}[] = [
  { name: 'compile time', unit: 'ms', of: ({ millis }) => millis, isPromised: true },
  {
    name: 'memory kept',
    unit: 'MiB',
    of: ({ heapBytes }) => heapBytes / MEGABYTE,
    isPromised: true,
  },
  {
    name: 'peak of the whole process',
    unit: 'MiB',
    of: ({ residentBytes }) => residentBytes / MEGABYTE,
    isPromised: false,
  },
];

/** What the largest policy takes to prepare, here and in OPA, processes in turn. */
export async function preparing(): Promise<readonly Figure[]> {
  const own: Cost[] = [];
  const opa: Cost[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    own.push(ownCost());
    const cost = await opaCost();
    if (cost !== undefined) opa.push(cost);
  }
  const slices = spreadOf(own.map(({ sliceMillis }) => sliceMillis ?? Number.NaN));
  const figures: Figure[] = [
    {
      name: '10,000 rules: longest stretch in slices',
      value: slices.median,
      unit: 'ms',
      spread: slices,
      goal: { atMost: SLICE_MS_MAX },
    },
  ];
  for (const { name, unit, of, isPromised } of COSTS) {
    const spread = spreadOf(own.map(of));
    figures.push({ name: `10,000 rules: ${name}`, value: spread.median, unit, spread });
    if (opa.length === 0) continue;
    const rival = spreadOf(opa.map(of));
    figures.push({ name: `10,000 rules: ${name}, OPA`, value: rival.median, unit, spread: rival });
    const ratios = spreadOf(own.map((cost, index) => of(cost) / of(opa[index]!)));
    figures.push({
      name: `10,000 rules: ${name} / OPA's`,
      value: ratios.median,
      unit: 'x',
      spread: ratios,
      ...(isPromised && { goal: { atMost: 1 } }),
    });
  }
  return figures;
}
