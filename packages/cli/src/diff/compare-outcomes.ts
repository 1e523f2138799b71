import type { Bundle } from '@writ/bundle';
import { type Outcome, STRICTNESS } from '@writ/decision';
import { type Assessment, assess, createEmbeddedEngines, loadPolicies, renderLoadFailure } from '@writ/pdp';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Sample } from './read-samples.ts';

/** What became of one sample on both sides. */
export interface OutcomeChange {
  readonly request: string;
  readonly about?: string;
  readonly before: Verdict;
  readonly after: Verdict;
  /** `reasons`: the outcome is the same, and other reasons are given for it. */
  readonly direction: 'looser' | 'stricter' | 'reasons';
}

export interface Verdict {
  readonly outcome: Outcome;
  /** Codes of the reasons, strictest first. */
  readonly reasons: readonly string[];
}

export interface OutcomesComparison {
  readonly requests: number;
  readonly changes: readonly OutcomeChange[];
}

const DEADLINE_MS = 10_000;

/** Judges every sample by both sets of bundles, at one moment, and keeps what differs. */
export async function compareOutcomes(
  before: readonly Bundle[],
  after: readonly Bundle[],
  samples: readonly Sample[],
): Promise<OutcomesComparison> {
  const nowMs = Date.now();
  const [old, now] = [await judged(before, samples, nowMs), await judged(after, samples, nowMs)];
  const changes = samples.flatMap(({ name, about }, index): OutcomeChange[] => {
    const [left, right] = [old[index]!, now[index]!];
    if (left.outcome === right.outcome && left.reasons.join() === right.reasons.join()) return [];
    const direction =
      left.outcome === right.outcome
        ? 'reasons'
        : STRICTNESS[right.outcome] < STRICTNESS[left.outcome]
          ? 'looser'
          : 'stricter';
    return [
      { request: name, ...(about === undefined ? {} : { about }), before: left, after: right, direction },
    ];
  });
  return { requests: samples.length, changes };
}

async function judged(
  bundles: readonly Bundle[],
  samples: readonly Sample[],
  nowMs: number,
): Promise<Verdict[]> {
  const engine = createEmbeddedEngines();
  try {
    const loaded = await loadPolicies(
      bundles.map((bundle) => ({ kind: 'built-in', bundle })),
      engine,
    );
    if (!loaded.ok)
      throw new CommandError(EXIT.badInput, `the policies do not activate\n${renderLoadFailure(loaded)}`);
    const verdicts: Verdict[] = [];
    for (const { request } of samples)
      verdicts.push(verdictOf(await assess(loaded.set, request, { nowMs, deadlineMs: DEADLINE_MS })));
    await loaded.set.policies.close();
    return verdicts;
  } finally {
    await engine.close();
  }
}

function verdictOf({ outcome, reasons }: Assessment): Verdict {
  return { outcome, reasons: [...new Set(reasons.map(({ code }) => code))] };
}
