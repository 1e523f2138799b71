import type { Oracle } from '@writ/testing';
import { runDifferential } from '../../packages/rego/test/differential/run.ts';
import { SoakState } from './soak-state.ts';

/** Cases between two notes of how far the run is: what an interruption can cost. */
const CASES_PER_PART = 10_000;
const PARTS_PER_SEED = 10;

/** How far a run is; kept in a file where a folder is given. */
interface Progress {
  readonly first: number;
  /** Parts that are done. */
  parts: number;
  cases: number;
  /** What was different, by its signature. */
  divergences: Record<string, number>;
}

export interface DifferentialSoak {
  /** Seeds, each with 100,000 cases. */
  readonly seeds: number;
  /** Where progress is kept: a run that was interrupted goes on there. */
  readonly folder?: string;
  readonly tell: (line: string) => void;
}

export interface DifferentialSoakReport {
  readonly cases: number;
  readonly firstSeed: number;
  readonly divergences: Readonly<Record<string, number>>;
}

/** Generated programs on the Rego engine and on the real OPA, part by part. */
export async function differentialSoak(
  oracle: Oracle,
  { seeds, folder, tell }: DifferentialSoak,
): Promise<DifferentialSoakReport> {
  const fresh: Progress = { first: Date.now() % 1_000_000_007, parts: 0, cases: 0, divergences: {} };
  const soak = new SoakState(folder, fresh);
  const progress = soak.state;
  if (progress.parts > 0) tell(`goes on after ${progress.cases} cases`);
  for (; progress.parts < seeds * PARTS_PER_SEED; ) {
    const seed = progress.first + progress.parts;
    const report = await runDifferential(oracle, {
      seed,
      cases: CASES_PER_PART,
      found: (text) => tell(text),
    });
    for (const [signature, count] of report.divergences) {
      progress.divergences[signature] = (progress.divergences[signature] ?? 0) + count;
    }
    progress.parts += 1;
    progress.cases += report.cases;
    soak.save();
    const found = Object.values(progress.divergences).reduce((sum, count) => sum + count, 0);
    tell(
      `${progress.cases} cases of ${seeds * PARTS_PER_SEED * CASES_PER_PART}, seed ${seed}, ${found} divergences`,
    );
  }
  return { cases: progress.cases, firstSeed: progress.first, divergences: progress.divergences };
}
