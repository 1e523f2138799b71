import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchReport } from '../measure.ts';

export const REPOSITORY = join(import.meta.dirname, '../..');
export const TUTORIAL = join(REPOSITORY, 'examples/tutorial/bundle');

/** What the sections of this bench share. */
export interface Ground {
  /** An empty folder on a real disk, removed afterwards. */
  readonly folder: string;
  /** To be closed at the end, last first; whatever happens. */
  readonly cleanup: (() => Promise<void> | void)[];
}

/** Gives a run its ground, and clears it whatever happens. */
export async function withGround<Result>(run: (ground: Ground) => Promise<Result>): Promise<Result> {
  const cache = join(REPOSITORY, 'node_modules/.cache/writ');
  mkdirSync(cache, { recursive: true });
  // Not the system's temporary folder: that may be memory, where syncing costs nothing.
  const folder = mkdtempSync(join(cache, 'bench-'));
  const ground: Ground = { folder, cleanup: [() => rmSync(folder, { recursive: true, force: true })] };
  try {
    return await run(ground);
  } finally {
    for (let step = ground.cleanup.pop(); step !== undefined; step = ground.cleanup.pop()) await step();
  }
}

/** One part of the bench. Throws where contenders do not give the same answers: then no figure means anything. */
export type Section = (ground: Ground) => Promise<BenchReport>;

/** Ends the bench where what is compared does not do the same. */
export function requireSame(what: string, given: unknown, wanted: unknown): void {
  const [first, second] = [given, wanted].map((value) => JSON.stringify(sorted(value)));
  if (first !== second) throw new Error(`${what}: ${first} where ${second} is right`);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}
