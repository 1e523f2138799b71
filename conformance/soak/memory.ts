import { join } from 'node:path';
import type { DecideCall } from '@writ/decision';
import { openLocal } from '@writ/sdk/local';
import { TUTORIAL_BUNDLE } from './load-project.ts';
import { SoakState } from './soak-state.ts';

/** Memory of the process at so many entries: the least of a stretch, so that garbage does not count. */
interface Sample {
  readonly entries: number;
  readonly mebibytes: number;
}

interface MemoryState {
  samples: Sample[];
}

export interface MemoryReport {
  readonly entries: number;
  readonly perSecond: number;
  readonly first: Sample | undefined;
  readonly last: Sample | undefined;
  readonly faults: readonly string[];
}

export interface MemoryOptions {
  /** Entries that the log has at the end. */
  readonly entries: number;
  /** Where data and progress are kept; a run with the same folder goes on. */
  readonly folder: string;
  readonly onProgress?: (line: string) => void;
}

const IN_FLIGHT = 128;
/** Agents, each with a session and a budget of its own. */
const AGENTS = 10_000;
const STRETCH = 25_000;
/** Before this many entries memory still fills caches that are bounded. */
const WARM = 200_000;
/** How much more than when it was warm is still flat. */
const GROWTH_MAX = 1.2;
const MEBIBYTE = 2 ** 20;

/** Decides on one data directory until its log has so many entries, and compares the memory of then and now. */
export async function memorySoak({ entries, folder, onProgress }: MemoryOptions): Promise<MemoryReport> {
  const kept = new SoakState<MemoryState>(folder, { samples: [] });
  const budget = { name: 'calls', per: 'principal', unit: 'requests', limit: 9e9 } as const;
  const local = await openLocal({
    bundles: [TUTORIAL_BUNDLE],
    dataDirectory: join(folder, 'data'),
    budgets: [budget],
  });
  const faults: string[] = [];
  const started = performance.now();
  let size = kept.state.samples.at(-1)?.entries ?? 0;
  const from = size;
  // Memory of an earlier process says nothing about this one's growth.
  const samples: Sample[] = [];
  try {
    while (size < entries && faults.length === 0) {
      const stretch = Math.min(STRETCH, entries - size);
      const least = await decideMany(local.point.decide, size, stretch, faults);
      size += stretch;
      const sample = { entries: size, mebibytes: least };
      samples.push(sample);
      kept.state.samples.push(sample);
      kept.save();
      const rate = (size - from) / ((performance.now() - started) / 1_000);
      onProgress?.(`${size} entries, ${least.toFixed(0)} MiB, ${rate.toFixed(0)}/s`);
    }
  } finally {
    await local.close();
  }
  const perSecond = (size - from) / ((performance.now() - started) / 1_000);
  const first = samples.find((sample) => sample.entries - from >= WARM);
  const last = samples.at(-1);
  if (first !== undefined && last !== undefined && last.mebibytes > first.mebibytes * GROWTH_MAX) {
    const grown = `${first.mebibytes.toFixed(0)} MiB at ${first.entries} entries, ${last.mebibytes.toFixed(0)} at ${last.entries}`;
    faults.push(`memory is not flat: ${grown}`);
  }
  return { entries: size, perSecond, first, last, faults };
}

async function decideMany(
  decide: (call: DecideCall) => Promise<{ readonly effect: string; readonly reason: string }>,
  from: number,
  count: number,
  faults: string[],
): Promise<number> {
  let next = from;
  let least = Number.POSITIVE_INFINITY;
  const work = async (): Promise<void> => {
    while (next < from + count && faults.length === 0) {
      const index = next;
      next += 1;
      const { effect, reason } = await decide(callOf(index));
      if (effect !== 'proceed') faults.push(`call ${index} was refused: ${reason}`);
      if (index % 500 === 0) least = Math.min(least, process.memoryUsage.rss() / MEBIBYTE);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return least;
}

function callOf(index: number): DecideCall {
  const agent = index % AGENTS;
  return {
    request: {
      principal: { id: `user:${agent}`, kind: 'user', scopes: ['read'] },
      actor: { id: `agent:${agent}` },
      action: { type: 'tool_call', phase: 'call', tool: 'db.read', args: { table: 'orders', row: index } },
      context: { session_id: `session-${agent}` },
    },
  };
}
