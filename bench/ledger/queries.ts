import { openLogQueries } from '@writ/ledger';
import type { World } from '../decision-rate/worlds.ts';
import { type Figure, spreadOf } from '../measure.ts';

/** Two queries are asked in this time. */
const ROUND_MS = 20;
const QUERIES = 200;
const HOURS = 30 * 24;
const HOUR_MS = 3_600_000;
/** Decisions whose times are taken, with queries and without. */
const SAMPLES = 2_000;

/**
 * Queries by principal and time, and reasons by the hour, while decisions go on at half of the rate that was measured;
 * and what that does to the decisions' p99.
 */
export async function queriesUnderLoad(
  world: World,
  decide: () => Promise<void>,
  ratePerSecond: number,
): Promise<Figure[]> {
  const queries = openLogQueries(world.directory);
  try {
    const entries = await world.store.logSize();
    // The first answer comes when the index has all of it.
    while ((await queries.query({ principal: 'user:0' }, { limit: 1 })).entries.length === 0);
    await queries.rollups('hour', ...lastHours());
    const quiet = await paced(decide, ratePerSecond / 2, SAMPLES);
    const times = { principal: [] as number[], rollup: [] as number[] };
    let asking = true;
    const asked = (async () => {
      for (let each = 0; asking || each < QUERIES; each++) {
        const now = Date.now();
        const span = { from: new Date(now - HOUR_MS).toISOString(), to: new Date(now + 1_000).toISOString() };
        times.principal.push(
          await timeOf(() => queries.query({ principal: `user:${each % 1_000}`, ...span }, { limit: 50 })),
        );
        times.rollup.push(await timeOf(() => queries.rollups('hour', ...lastHours())));
        // Not one after the other without end: how many there are must not depend on how fast they are.
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, now + ROUND_MS - Date.now())));
      }
    })();
    const loaded = await paced(decide, ratePerSecond / 2, SAMPLES);
    asking = false;
    await asked;
    const [principal, rollup] = [spreadOf(times.principal), spreadOf(times.rollup)];
    const [before, during] = [spreadOf(quiet), spreadOf(loaded)];
    return [
      {
        name: `query by principal and time, ${entries} entries, under load`,
        value: principal.median,
        unit: 'ms',
        spread: principal,
        goal: { atMost: 5 },
      },
      {
        name: 'reasons per hour over 30 days, under load',
        value: rollup.median,
        unit: 'ms',
        spread: rollup,
        goal: { atMost: 100 },
      },
      { name: 'decisions at half load', value: before.median, unit: 'ms', spread: before },
      {
        name: 'decisions at half load, while 100 queries a second run',
        value: during.median,
        unit: 'ms',
        spread: during,
      },
      {
        name: 'p99 of decisions, with queries / without',
        value: during.p99 / before.p99,
        unit: 'x',
        goal: { atMost: 2 },
      },
    ];
  } finally {
    await queries.close();
  }
}

function lastHours(): [from: string, to: string] {
  const now = Date.now();
  return [new Date(now - HOURS * HOUR_MS).toISOString(), new Date(now + HOUR_MS).toISOString()];
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Decisions begun at an even pace, whether or not the ones before have been answered; how long each took, ms. */
async function paced(decide: () => Promise<void>, perSecond: number, count: number): Promise<number[]> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  const start = performance.now();
  for (let begun = 0; begun < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - start) / 1_000) * perSecond) + 1);
    for (; begun < due; begun++) {
      running.push(
        timeOf(decide).then((time) => {
          times.push(time);
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  return times;
}
