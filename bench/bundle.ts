import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { type Activation, activation } from './bundle/activation.ts';
import { type Contender, startOpa, startOurs } from './bundle/contenders.ts';
import { startPublisher } from './bundle/publisher.ts';
import { longestStretch } from './bundle/stretches.ts';
import { manyRules, muchData, rulesOfManyKinds, type Workload } from './bundle/workloads.ts';
import type { Ground } from './first-light/section.ts';
import { type BenchReport, type Figure, spreadOf } from './measure.ts';

const ROUNDS = 3;
/** No decision waits longer than this for a bundle to activate. */
const STRETCH_MS_MAX = 10;

/**
 * A large bundle is published while decisions go on, to Writ and to a real OPA in turn: how long until it decides,
 * what memory it takes, and how decisions fare meanwhile. Both follow the same archive over HTTP.
 */
export async function run(): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-bundle-'));
  const ground: Ground = { folder, cleanup: [() => rmSync(folder, { recursive: true, force: true })] };
  const only = process.env['WRIT_BENCH_CASE'];
  try {
    const opa = await findOpa();
    const figures: Figure[] = [];
    for (const make of [manyRules, rulesOfManyKinds, muchData]) {
      const workload = await make(ground);
      if (only !== undefined && !workload.name.includes(only)) continue;
      figures.push(...(await measure(ground, workload, typeof opa === 'string' ? opa : undefined)));
    }
    const leftOut = typeof opa === 'string' ? [] : [`the real OPA: ${opa.skip}`];
    return { figures, leftOut };
  } finally {
    for (let step = ground.cleanup.pop(); step !== undefined; step = ground.cleanup.pop()) await step();
  }
}

async function measure(ground: Ground, workload: Workload, opa: string | undefined): Promise<Figure[]> {
  const starts = [
    (url: string) => startOurs(ground, workload, url),
    ...(opa === undefined ? [] : [(url: string) => startOpa(ground, opa, workload, url)]),
  ];
  const runs = new Map<string, Activation[]>();
  const stretches: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const start of starts) {
      const { name, result } = await once(ground, workload, start);
      runs.set(name, [...(runs.get(name) ?? []), result]);
    }
    stretches.push(await longestStretch(workload));
  }
  const [ours = [], theirs = []] = [runs.get('Writ'), runs.get('OPA')];
  return [
    ...figuresOf(workload.name, 'Writ', ours),
    ...figuresOf(workload.name, 'OPA', theirs),
    ...(theirs.length === 0 ? [] : ratios(workload.name, ours, theirs)),
    {
      name: `${workload.name}: p99 during activation / quiet`,
      ...spreadFigure(
        ours.map(({ during, quiet }) => spreadOf(during).p99 / spreadOf(quiet).p99),
        'x',
      ),
      goal: { atMost: 2 },
    },
    {
      name: `${workload.name}: longest stretch of the event loop`,
      ...spreadFigure(stretches, 'ms'),
      goal: { atMost: STRETCH_MS_MAX },
    },
  ];
}

async function once(
  ground: Ground,
  workload: Workload,
  start: (url: string) => Promise<Contender>,
): Promise<{ readonly name: string; readonly result: Activation }> {
  const publisher = await startPublisher(ground, workload.before);
  const contender = await start(publisher.url);
  try {
    return { name: contender.name, result: await activation(contender, publisher, workload) };
  } finally {
    await contender.stop();
  }
}

function figuresOf(what: string, who: string, runs: readonly Activation[]): Figure[] {
  if (runs.length === 0) return [];
  const of = (pick: (run: Activation) => number, unit: string) => spreadFigure(runs.map(pick), unit);
  return [
    { name: `${what}: ${who} activates in`, ...of(({ millis }) => millis, 'ms') },
    { name: `${what}: ${who}, memory before`, ...of(({ before }) => before, 'MiB') },
    { name: `${what}: ${who}, memory at most`, ...of(({ peak }) => peak, 'MiB') },
    { name: `${what}: ${who}, memory after`, ...of(({ after }) => after, 'MiB') },
    { name: `${what}: ${who}, p99 quiet`, ...of(({ quiet }) => spreadOf(quiet).p99, 'ms') },
    { name: `${what}: ${who}, p99 during`, ...of(({ during }) => spreadOf(during).p99, 'ms') },
    { name: `${what}: ${who}, slowest during`, ...of(({ during }) => spreadOf(during).max, 'ms') },
  ];
}

function ratios(what: string, ours: readonly Activation[], theirs: readonly Activation[]): Figure[] {
  const of = (pick: (run: Activation) => number) =>
    spreadFigure(
      ours.map((run, index) => pick(run) / pick(theirs[index]!)),
      'x',
    );
  return [
    { name: `${what}: time of Writ / of OPA`, ...of(({ millis }) => millis), goal: { atMost: 1 } },
    {
      name: `${what}: memory it takes, Writ / OPA`,
      ...of(({ after, before }) => after - before),
      goal: { atMost: 1 },
    },
    { name: `${what}: memory at most, Writ / OPA`, ...of(({ peak }) => peak) },
  ];
}

function spreadFigure(samples: readonly number[], unit: string): Pick<Figure, 'value' | 'unit' | 'spread'> {
  const spread = spreadOf(samples);
  return { value: spread.median, unit, spread };
}
