import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAppendFile } from './decision-rate/append-file.ts';
import { openWorld, type World } from './decision-rate/worlds.ts';
import { type BenchReport, type Figure, type Spread, spreadOf } from './measure.ts';

/** The promise: at least half the rate of the bare file. */
const GOAL = 0.5;
/** Calls in flight at the same time. */
const WRITERS = [1, 16, 256];
const ROUNDS = Number(process.env['WRIT_BENCH_ROUNDS'] ?? 5);
const ROUND_MS = Number(process.env['WRIT_BENCH_ROUND_MS'] ?? 700);
/** Fills the bare file's record, a JSON line, up to 1 KB. */
const FILLING = '.'.repeat(960);

const WORLDS = [
  { name: 'tutorial policy', bundle: '../examples/tutorial/bundle', budgets: false },
  { name: 'with a budget', bundle: '../examples/tutorial/bundle', budgets: true },
  { name: 'reading its session and budget', bundle: 'decision-rate/session-bundle', budgets: true },
] as const;

/**
 * Durable decisions per second in one process, beside a bare append-only file with group commit on the same disk.
 * Rounds of file and decisions take turns, so that a drift of the machine hits both; goals are ratios of one run.
 */
export async function run(): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-'));
  const worlds: (World & { readonly name: string })[] = [];
  try {
    const only = process.env['WRIT_BENCH_WORLD'];
    for (const { name, bundle, budgets } of WORLDS) {
      if (only !== undefined && !name.includes(only)) continue;
      const world = await openWorld(folder, { bundle: join(import.meta.dirname, bundle), budgets });
      worlds.push({ ...world, name });
    }
    const figures = await measure(folder, worlds);
    return { figures, leftOut: [] };
  } finally {
    for (const world of worlds) await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  worlds: readonly (World & { readonly name: string })[],
): Promise<Figure[]> {
  const file = openAppendFile(join(folder, 'bare.log'));
  let line = 0;
  const contenders = [
    { name: 'file', step: () => file.append(recordLine(++line)) },
    ...worlds.map((world) => ({ name: world.name, step: decisions(world) })),
  ];
  for (const { step } of contenders) await rate(step, 64, ROUND_MS);
  const figures: Figure[] = [];
  for (const writers of WRITERS) {
    const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, step } of contenders) rates.get(name)?.push(await rate(step, writers, ROUND_MS));
    }
    const bare = rates.get('file') ?? [];
    figures.push(rateFigure(`bare file, ${writers} in flight`, spreadOf(bare)));
    for (const { name } of worlds) {
      const own = rates.get(name) ?? [];
      figures.push(rateFigure(`decisions, ${name}, ${writers} in flight`, spreadOf(own)));
      const ratios = spreadOf(own.map((each, index) => each / (bare[index] ?? Number.NaN)));
      figures.push({
        name: `ratio, ${name}, ${writers} in flight`,
        value: ratios.median,
        unit: 'x',
        spread: ratios,
        goal: { atLeast: GOAL },
      });
    }
  }
  file.close();
  for (const world of worlds) {
    figures.push(await entrySize(world));
    figures.push({
      name: `problems in the log, ${world.name}`,
      value: await world.problems(),
      unit: '',
      goal: { atMost: 0 },
    });
  }
  return figures;
}

function recordLine(index: number): Buffer {
  return Buffer.from(`${JSON.stringify({ index, time: Date.now(), outcome: 'allow', filling: FILLING })}\n`);
}

function rateFigure(name: string, spread: Spread): Figure {
  return { name, value: spread.median, unit: '/s', spread };
}

function decisions(world: World): () => Promise<void> {
  let next = 0;
  return async () => {
    const decision = await world.point.decide(world.call(next++));
    if (decision.effect !== 'proceed') throw new Error(`refused: ${JSON.stringify(decision.reasons)}`);
  };
}

/** Steps per second over `durationMs` with `writers` of them in flight. */
async function rate(step: () => Promise<void>, writers: number, durationMs: number): Promise<number> {
  const start = performance.now();
  const end = start + durationMs;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await step();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, worker));
  return (done / (performance.now() - start)) * 1_000;
}

async function entrySize(world: World & { readonly name: string }): Promise<Figure> {
  const [entry] = await world.store.entries((await world.store.logSize()) - 1, await world.store.logSize());
  const size = (entry?.leaf.byteLength ?? 0) + Buffer.byteLength(entry?.detail ?? '');
  return { name: `bytes of an entry, ${world.name}`, value: size, unit: 'bytes' };
}
