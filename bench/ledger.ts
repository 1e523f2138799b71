import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { verifyLogInThreads } from '@writ/ledger';
import { postgresMissing, startPostgres } from '@writ/testing';
import { openAppendFile } from './decision-rate/append-file.ts';
import { openWorld, type World } from './decision-rate/worlds.ts';
import { withGround } from './first-light/section.ts';
import { startOpaConsole } from './ledger/opa-console.ts';
import { queriesUnderLoad } from './ledger/queries.ts';
import { type BenchReport, type Figure, type Spread, spreadOf } from './measure.ts';

const WRITERS = 256;
const ROUNDS = Number(process.env['WRIT_BENCH_ROUNDS'] ?? 5);
const ROUND_MS = Number(process.env['WRIT_BENCH_ROUND_MS'] ?? 700);
/** Entries in the log that is verified; the figure is scaled to a million. */
const VERIFIED = Number(process.env['WRIT_BENCH_ENTRIES'] ?? 60_000);
const MILLION = 1_000_000;
/** Decisions whose processor time is counted. */
const COUNTED = 8_000;
/** Nodes that ask PostgreSQL one decision at a time. */
const SINGLE_NODES = 12;
const RECORD = Buffer.alloc(1_024, 0x2e);
const BUNDLE = join(import.meta.dirname, 'decision-rate/session-bundle');

/**
 * The record, beside what it is measured against on the same disk in the same run: whole decisions (session version,
 * budget, record, durable) beside a bare file and one transaction each, on SQLite and on PostgreSQL, and verification.
 */
export function run(): Promise<BenchReport> {
  return withGround(async (ground) => {
    const { folder } = ground;
    const world = await openWorld(folder, { bundle: BUNDLE, budgets: true });
    ground.cleanup.push(() => world.close());
    const opa = await startOpaConsole(ground);
    const rival = 'skip' in opa ? undefined : opa.decide;
    const figures = await oneWriter(folder, world);
    const { ratePerSecond, figures: found } = await manyWriters(folder, world, rival);
    const postgres = await onPostgres(folder);
    figures.push(...found, ...postgres.figures, ...(await verification(world)));
    figures.push(...(await queriesUnderLoad(world, asking(world), ratePerSecond)));
    const leftOut = 'skip' in opa ? [`OPA's decision log to its console: ${opa.skip}`] : [];
    return { figures, leftOut: [...postgres.leftOut, ...leftOut] };
  });
}

/** One decision after another, beside one append with its own `fdatasync`. */
async function oneWriter(folder: string, world: World): Promise<Figure[]> {
  const file = openSync(join(folder, 'alone'), 'a');
  const append = (): void => {
    writeSync(file, RECORD);
    fdatasyncSync(file);
  };
  const decide = asking(world);
  const samples = { append: [] as number[], decide: [] as number[] };
  for (let each = -200; each < 1_000; each++) {
    const start = performance.now();
    append();
    const between = performance.now();
    await decide();
    if (each < 0) continue;
    samples.append.push(between - start);
    samples.decide.push(performance.now() - between);
  }
  const [bare, own] = [spreadOf(samples.append), spreadOf(samples.decide)];
  return [
    { name: 'append with fdatasync, 1 writer', value: bare.median, unit: 'ms', spread: bare },
    { name: 'whole decision, 1 writer', value: own.median, unit: 'ms', spread: own },
    { name: 'decision / append, p50', value: own.median / bare.median, unit: 'x', goal: { atMost: 1.5 } },
    { name: 'decision / append, p99', value: own.p99 / bare.p99, unit: 'x', goal: { atMost: 1.5 } },
  ];
}

async function manyWriters(
  folder: string,
  world: World,
  opa: (() => Promise<void>) | undefined,
): Promise<{ readonly ratePerSecond: number; readonly figures: Figure[] }> {
  const file = openAppendFile(join(folder, 'bare'));
  const each = eachTransaction(join(folder, 'each.sqlite'));
  const contenders = [
    { name: 'file', step: () => file.append(RECORD), writers: WRITERS },
    { name: 'each', step: async () => each.append(), writers: 1 },
    { name: 'own', step: asking(world), writers: WRITERS },
    ...(opa === undefined ? [] : [{ name: 'opa', step: opa, writers: WRITERS }]),
  ];
  const rates = await inTurn(contenders);
  file.close();
  each.close();
  const [bare, single, own] = ['file', 'each', 'own'].map((name) => rates.get(name) ?? []);
  const rival = rates.get('opa');
  const figures = [
    rateFigure(`bare file with group commit, ${WRITERS} writers`, bare),
    rateFigure('SQLite, one transaction each', single),
    rateFigure(`whole decisions, ${WRITERS} writers`, own),
    ratioFigure('decisions / bare file', own, bare, 0.5),
    ratioFigure('decisions / SQLite with one transaction each', own, single, 10),
    await processorTime(asking(world)),
  ];
  if (rival !== undefined) {
    const spread = spreadOf((own ?? []).map((each, index) => each / (rival[index] ?? Number.NaN)));
    figures.push(rateFigure('OPA over REST, decision log to its console (not synced)', rival), {
      name: 'decisions / OPA with its log to the console',
      value: spread.median,
      unit: 'x',
      spread,
    });
  }
  return { ratePerSecond: spreadOf(own ?? []).median, figures };
}

/** Processor time of one decision in all threads, which a busy machine stretches less than the rate. */
async function processorTime(decide: () => Promise<void>): Promise<Figure> {
  const before = process.cpuUsage();
  let left = COUNTED;
  const worker = async (): Promise<void> => {
    for (; left > 0; left--) await decide();
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
  return {
    name: `processor time of a decision, ${WRITERS} writers`,
    value: microsSince(before) / COUNTED,
    unit: 'µs',
  };
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What most services do: a transaction for each record, synced. */
function eachTransaction(path: string): { append(): void; close(): void } {
  const sqlite = new DatabaseSync(path);
  sqlite.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table log (id integer primary key, record blob)',
  );
  const insert = sqlite.prepare('insert into log (record) values (?)');
  return { append: () => void insert.run(RECORD), close: () => sqlite.close() };
}

/** Whole decisions on PostgreSQL: one node with many in flight, beside many nodes with one each. */
async function onPostgres(folder: string): Promise<BenchReport> {
  const missing = postgresMissing();
  if (missing !== undefined) return { figures: [], leftOut: [missing] };
  const server = await startPostgres();
  const worlds: World[] = [];
  const open = async (database: string): Promise<World> => {
    const world = await openWorld(folder, { bundle: BUNDLE, budgets: true, postgres: server.url(database) });
    worlds.push(world);
    return world;
  };
  try {
    const batched = asking(await open('batched'));
    const singles: (() => Promise<void>)[] = [];
    for (let node = 0; node < SINGLE_NODES; node++) singles.push(asking(await open('single'), node * 50));
    let next = 0;
    const rates = await inTurn([
      { name: 'batched', step: batched, writers: WRITERS },
      {
        name: 'single',
        step: () => singles[next++ % SINGLE_NODES]?.() ?? Promise.resolve(),
        writers: SINGLE_NODES,
      },
    ]);
    const [own, single] = [rates.get('batched') ?? [], rates.get('single') ?? []];
    return {
      figures: [
        rateFigure(`PostgreSQL, one transaction each, ${SINGLE_NODES} connections`, single),
        rateFigure(`whole decisions on PostgreSQL, ${WRITERS} writers on one node`, own),
        ratioFigure('decisions on PostgreSQL / one transaction each', own, single, 5),
      ],
      leftOut: [],
    };
  } finally {
    for (const world of worlds) await world.close();
    server.stop();
  }
}

/** Hashes everything anew from the files, and compares with the signed checkpoints. */
async function verification(world: World): Promise<Figure[]> {
  const decide = asking(world);
  while ((await world.store.logSize()) < VERIFIED) await rate(decide, WRITERS, 500);
  const problems = await world.problems();
  const start = performance.now();
  const before = process.cpuUsage();
  const { size } = await verifyLogInThreads({
    directory: world.directory,
    verifierKeys: [world.verifierKey],
  });
  const seconds = (performance.now() - start) / 1_000;
  return [
    { name: 'problems in the log', value: problems, unit: '', goal: { atMost: 0 } },
    { name: `verification of ${size} entries`, value: seconds, unit: 's' },
    { name: 'processor time of verifying an entry', value: microsSince(before) / size, unit: 'µs' },
    {
      name: 'verification, for a million',
      value: (seconds / size) * MILLION,
      unit: 's',
      goal: { atMost: 10 },
    },
  ];
}

function asking(world: World, from = 0): () => Promise<void> {
  let next = from;
  return async () => {
    const decision = await world.point.decide(world.call(next++));
    if (decision.effect !== 'proceed') throw new Error(`refused: ${JSON.stringify(decision.reasons)}`);
  };
}

interface Contender {
  readonly name: string;
  readonly step: () => Promise<void>;
  readonly writers: number;
}

/** Rounds of all in turn, after one that does not count: a drift of the machine hits all alike. */
async function inTurn(contenders: readonly Contender[]): Promise<Map<string, number[]>> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const { name, step, writers } of contenders) {
      const found = await rate(step, writers, ROUND_MS);
      if (round >= 0) rates.get(name)?.push(found);
    }
  }
  return rates;
}

/** Steps per second with so many in flight. */
async function rate(step: () => Promise<void>, writers: number, durationMs: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - start < durationMs) {
      await step();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, worker));
  return (done / (performance.now() - start)) * 1_000;
}

function rateFigure(name: string, rates: readonly number[] = []): Figure {
  const spread: Spread = spreadOf(rates);
  return { name, value: spread.median, unit: '/s', spread };
}

/** The median of the ratios of rounds that followed each other. */
function ratioFigure(
  name: string,
  own: readonly number[] = [],
  rival: readonly number[] = [],
  atLeast: number,
): Figure {
  const spread = spreadOf(own.map((each, index) => each / (rival[index] ?? Number.NaN)));
  return { name, value: spread.median, unit: 'x', spread, goal: { atLeast } };
}
