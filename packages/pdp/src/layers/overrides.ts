import type { BundleProblem } from '@writ/bundle';
import { type Lift, readAnswer } from '@writ/decision';
import type { EngineAnswer } from '../engine/engine.ts';
import type { ActiveEntrypoint, PolicySet } from './policy-set.ts';

/** Limits of overrides, as `overrides` in `writ.yaml` says them. */
export interface OverrideTerms {
  /** How many may be listed in all bundles together. */
  readonly max?: number;
  /** From which age on they are warned about, days. */
  readonly warnAfterDays?: number;
  /** From how long before their end they are warned about, days. */
  readonly warnBeforeDays?: number;
}

export const DEFAULT_OVERRIDE_TERMS: Required<OverrideTerms> = Object.freeze({
  max: 20,
  warnAfterDays: 90,
  warnBeforeDays: 14,
});

/** One override that the active bundles state, whoever it would serve. */
export interface ListedOverride {
  readonly lift: Lift;
  /** Where it is stated. */
  readonly bundle: string;
  readonly rule: string;
  /** Its entrypoint only observes: it lifts nothing. */
  readonly observed: boolean;
}

/** All overrides that a policy set states, and why some could not be listed. */
export interface OverrideList {
  readonly overrides: readonly ListedOverride[];
  readonly problems: readonly BundleProblem[];
}

const EVALUATION_MS = 2_000;

/**
 * Every override that a policy set states. What is stated must not depend on the request, which its own `principals`,
 * `actors` and `tools` narrow: an exception that nobody can list is a problem, as is one that is not whole.
 */
export async function listOverrides(set: PolicySet, nowMs: number): Promise<OverrideList> {
  const overrides: ListedOverride[] = [];
  const problems: BundleProblem[] = [];
  for (const active of set.entrypoints.filter(({ entrypoint }) => entrypoint.kind === 'overrides')) {
    const found = await liftsOf(set, active, nowMs);
    if (typeof found === 'string') problems.push(problemOf(active, found));
    else {
      const { bundle, rule, observes: observed } = active;
      overrides.push(...found.map((lift) => ({ lift, bundle, rule, observed })));
    }
  }
  return { overrides, problems };
}

/** Overrides that do not activate: those that cannot be listed or are not whole, and more than are allowed. */
export function checkOverrides({ overrides, problems }: OverrideList, terms: OverrideTerms): BundleProblem[] {
  const max = terms.max ?? DEFAULT_OVERRIDE_TERMS.max;
  const counted = overrides.filter(({ observed }) => !observed);
  if (counted.length <= max) return [...problems];
  const bundles = [...new Set(counted.map(({ bundle }) => bundle))];
  const message = `${counted.length} overrides are stated, and at most ${max} may be`;
  const help =
    'take out those that expired, turn lasting ones into rules, or raise `overrides.max` in writ.yaml';
  return [...problems, { code: 'overrides_too_many', message, bundle: bundles.join(', '), help }];
}

async function liftsOf(set: PolicySet, active: ActiveEntrypoint, nowMs: number): Promise<Lift[] | string> {
  const { bundle, entrypoint, form } = active;
  const reads = set.policies.reads(bundle, entrypoint.path);
  if (reads === undefined || reads.input.length > 0)
    return 'its overrides depend on the request, so that they cannot be listed';
  let answer: EngineAnswer;
  try {
    answer = await set.policies.evaluate({
      bundle,
      path: entrypoint.path,
      input: undefined,
      deadlineMs: EVALUATION_MS,
      timeNs: BigInt(nowMs) * 1_000_000n,
    });
  } catch {
    return 'evaluating it failed';
  }
  if (answer.kind === 'error') return answer.message;
  const opinion = readAnswer('overrides', answer.kind === 'value' ? answer.value : undefined, { form });
  if (opinion.kind === 'lifts') return [...opinion.lifts];
  if (opinion.kind !== 'verdict') return [];
  return (
    opinion.parts.flatMap(({ reasons }) => reasons).find(({ message }) => message !== undefined)?.message ??
    ''
  );
}

function problemOf({ bundle, entrypoint }: ActiveEntrypoint, message: string): BundleProblem {
  const help =
    'state them as data, each with `bundle`, `code`, `outcome`, `justification`, `approved_by` and `expires`; `principals`, `actors` and `tools` narrow them';
  return {
    code: 'overrides_invalid',
    message: `entrypoint \`${entrypoint.path}\`: ${message}`,
    bundle,
    help,
  };
}

const DAY_MS = 24 * 3_600_000;
/** What is to last longer than this is a rule. */
const LASTING_DAYS = 366;

/** What is to be said of an override at a moment: that it expired, ends soon, is old, or is meant to last. */
export function overrideWarnings({ lift }: ListedOverride, terms: OverrideTerms, nowMs: number): string[] {
  const { warnAfterDays, warnBeforeDays } = { ...DEFAULT_OVERRIDE_TERMS, ...terms };
  const left = (Date.parse(lift.expires) - nowMs) / DAY_MS;
  if (left <= 0) return [`expired on ${lift.expires.slice(0, 10)}: take it out`];
  const warnings: string[] = [];
  if (left < warnBeforeDays) warnings.push(`expires in ${days(left)}`);
  if (left > LASTING_DAYS) warnings.push(`expires only in ${days(left)}: what lasts is a rule`);
  if (lift.approved_at === undefined) warnings.push('does not say since when it is: add `approved_at`');
  else {
    const age = (nowMs - Date.parse(lift.approved_at)) / DAY_MS;
    if (age > warnAfterDays) warnings.push(`is ${days(age)} old`);
    if (age < -1) warnings.push('says that it was approved in the future');
  }
  return warnings;
}

function days(count: number): string {
  const whole = Math.floor(count);
  return whole === 1 ? '1 day' : `${whole} days`;
}
