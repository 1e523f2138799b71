import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSkip } from '@writ/testing';
import { GroupCommitFile } from './first-light/group-commit-file.ts';
import { type Ground, withGround } from './first-light/section.ts';
import { type BenchReport, compare, type Figure, type Spread, spreadOf } from './measure.ts';
import { batch } from './service/batch.ts';
import { type Contender, contenders } from './service/contenders.ts';
import { type Loaded, load } from './service/load.ts';

const CONNECTIONS = [1, 16, 256] as const;
/** Levels whose times have goals; at 256 connections each process has more to do than processors. */
const TIMED: readonly number[] = [1, 16];
const ROUNDS = 3;
const ROUND_MS = 1_000;
const WARM_MS = 500;
const RECORD_BYTES = 1_024;

/**
 * The decision service under load, beside a real OPA with the same policy, and beside a bare `node:http` server, in the
 * same run: rounds of each contender in turn, so that a drift of the machine hits all alike. Without record is `POST /v1/explain`, the same decision that
 * nothing comes of; with record is `POST /v1/data`, synced before it answers.
 */
export function run(): Promise<BenchReport> {
  return withGround(async (ground) => {
    const sync = await syncMs(ground);
    const found = await contenders(ground);
    const figures: Figure[] = [
      { name: `appending ${RECORD_BYTES} bytes and fdatasync`, ...milliseconds(sync) },
    ];
    for (const connections of CONNECTIONS) {
      const measured = await measure(found.contenders, connections);
      figures.push(...measuredFigures(measured, connections), ...goals(measured, connections, sync.median));
    }
    figures.push(...(await batch(ground, found.contenders)));
    return { figures, leftOut: isSkip(found) ? [found.skip] : [] };
  });
}

async function syncMs(ground: Ground): Promise<Spread> {
  const file = await GroupCommitFile.open(join(ground.folder, 'append-only'));
  ground.cleanup.push(() => file.close());
  const record = Buffer.alloc(RECORD_BYTES, 'x');
  const times = await compare([{ name: 'sync', run: () => file.append(record) }], {
    rounds: 300,
    perRound: 1,
    warmUp: 50,
  });
  const micros = times.get('sync')!;
  return {
    min: micros.min / 1000,
    median: micros.median / 1000,
    p99: micros.p99 / 1000,
    max: micros.max / 1000,
  };
}

interface Measurement {
  readonly perSecond: number;
  readonly latency: Spread;
  /** Processor time of the server for a request, µs; what else the machine does shows less in it than in the others. */
  readonly processorMicros: number;
}

type Measured = ReadonlyMap<string, Measurement>;

/** The median round of each. */
async function measure(all: readonly Contender[], connections: number): Promise<Measured> {
  const rounds = new Map<string, (Loaded & { readonly processorMicros: number })[]>(
    all.map(({ name }) => [name, []]),
  );
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, target, requests, pid } of all) {
      const durationMs = round < 0 ? WARM_MS : ROUND_MS;
      const before = processorMicros(pid);
      const loaded = await load({ target, requests, connections, durationMs });
      const spent = (processorMicros(pid) - before) / loaded.count;
      if (round >= 0) rounds.get(name)?.push({ ...loaded, processorMicros: spent });
    }
  }
  return new Map(
    [...rounds].map(([name, loads]) => {
      const of = (pick: (loaded: Loaded & { readonly processorMicros: number }) => number): number =>
        spreadOf(loads.map(pick)).median;
      const latency = {
        min: of((each) => each.latency.min),
        median: of((each) => each.latency.median),
        p99: of((each) => each.latency.p99),
        max: of((each) => each.latency.max),
      };
      const spent = of((each) => each.processorMicros);
      return [name, { perSecond: of((each) => each.perSecond), latency, processorMicros: spent }];
    }),
  );
}

function measuredFigures(measured: Measured, connections: number): Figure[] {
  return [...measured].flatMap(([name, { perSecond, latency, processorMicros: spent }]) => [
    { name: `${connections} connections, ${name}`, value: perSecond, unit: '/s' },
    { name: `${connections} connections, ${name}`, ...milliseconds(latency) },
    { name: `${connections} connections, ${name}: processor time`, value: spent, unit: 'µs' },
  ]);
}

function goals(measured: Measured, connections: number, syncMedianMs: number): Figure[] {
  return (['TCP', 'Unix socket'] as const).flatMap((way) => {
    const [opa, limit, bare, durable] = [
      `OPA, ${way}`,
      `bare Node, ${way}`,
      `Writ without record, ${way}`,
      `Writ with record, ${way}`,
    ].map((name) => measured.get(name));
    if (limit === undefined || bare === undefined || durable === undefined) return [];
    const figures: Figure[] = [];
    const ratio = (what: string, value: number): Figure => ({
      name: `${connections} connections, ${way}: ${what}`,
      value,
      unit: 'x',
    });
    figures.push(
      ratio("p50 without record / bare Node's", bare.latency.median / limit.latency.median),
      ratio("processor time without record / bare Node's", bare.processorMicros / limit.processorMicros),
    );
    if (opa !== undefined)
      figures.push(ratio("p50 of bare Node / OPA's", limit.latency.median / opa.latency.median));
    if (opa !== undefined) {
      figures.push({
        name: `${connections} connections, ${way}: rate without record / OPA's`,
        value: bare.perSecond / opa.perSecond,
        unit: 'x',
        goal: { atLeast: 1 },
      });
    }
    if (!TIMED.includes(connections)) return figures;
    if (opa !== undefined) {
      figures.push({
        name: `${connections} connections, ${way}: p50 without record / OPA's`,
        value: bare.latency.median / opa.latency.median,
        unit: 'x',
        goal: { atMost: 0.5 },
      });
    }
    figures.push({
      name: `${connections} connections, ${way}: what the record adds to p50, in syncs`,
      value: (durable.latency.median - bare.latency.median) / syncMedianMs,
      unit: 'x',
      goal: { atMost: 1.5 },
    });
    return figures;
  });
}

const TICK_MICROS = 10_000;

/** Time that a process has run so far, all threads (proc(5)); NaN where there is no /proc. */
function processorMicros(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
  } catch {
    return Number.NaN;
  }
}

function milliseconds(spread: Spread): { value: number; unit: 'ms'; spread: Spread } {
  return { value: spread.median, unit: 'ms', spread };
}
