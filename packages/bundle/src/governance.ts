import type { Bundle, Entrypoint } from './bundle.ts';
import type { BundleProblem } from './problem.ts';
import { cadenceMs, type EntrypointMode, type Stewardship, stewardshipOf } from './stewardship.ts';

/** Does this entrypoint count: what the operator said goes before the entrypoint's own word, and that before its bundle's. */
export function modeOf(
  { governance = {} }: Pick<Bundle, 'governance'>,
  entrypoint?: Pick<Entrypoint, 'mode'>,
): EntrypointMode {
  return governance.operatorMode ?? entrypoint?.mode ?? governance.mode ?? 'enforce';
}

/** What holds for an entrypoint: its own word, else its bundle's; reviewers are united. */
export function stewardshipFor({ governance = {} }: Bundle, entrypoint: Entrypoint): Stewardship {
  const reviewers = [...new Set([...(governance.reviewers ?? []), ...(entrypoint.reviewers ?? [])])];
  return {
    ...stewardshipOf(governance),
    ...stewardshipOf(entrypoint),
    ...(reviewers.length === 0 ? {} : { reviewers }),
    mode: modeOf({ governance }, entrypoint),
  };
}

/** One required reviewer, and whether a signature of theirs was verified. */
export interface ReviewerState {
  readonly name: string;
  readonly met: boolean;
}

/** The reviewers that a bundle and its entrypoints require, each with whether they signed what was verified. */
export function reviewersOf({ governance = {}, entrypoints, signatures }: Bundle): ReviewerState[] {
  const names = [governance, ...entrypoints].flatMap(({ reviewers = [] }) => reviewers);
  return [...new Set(names)].sort().map((name) => ({
    name,
    met: signatures.some((signature) => signature.name === name || signature.keyId === name),
  }));
}

/** Bundles whose reviewers did not all sign do not activate, unless the operator takes them unreviewed. */
export function checkReviewers(bundles: readonly Bundle[]): BundleProblem[] {
  return bundles.flatMap((bundle) => {
    const missing = reviewersOf(bundle).filter(({ met }) => !met);
    if (missing.length === 0 || bundle.governance?.unreviewed === true) return [];
    const names = missing.map(({ name }) => `\`${name}\``).join(', ');
    return [
      {
        code: 'reviewers_missing',
        message: `${names} must have signed it, and no signature of theirs was verified`,
        bundle: bundle.name,
        file: '.manifest',
        pointer: '/metadata/writ/reviewers',
        help: 'sign it, and list the signature for this bundle under `signatures` in writ.yaml; in development `unreviewed: true` there takes it as it is',
      },
    ];
  });
}

/** Whether a review is due at a moment. */
export type ReviewState =
  | { readonly kind: 'none' }
  | { readonly kind: 'current' | 'overdue'; readonly dueAt: string }
  /** `reviewed_at` lies ahead: nobody can have reviewed it then. */
  | { readonly kind: 'ahead' };

/** Clocks of two machines differ by less than this. */
const SKEW_MS = 24 * 3_600_000;

/** Is the review of something with this cadence due at `nowMs`. */
export function reviewState({ cadence, reviewed_at: reviewedAt }: Stewardship, nowMs: number): ReviewState {
  if (reviewedAt === undefined) return { kind: 'none' };
  const reviewedMs = Date.parse(reviewedAt);
  if (reviewedMs > nowMs + SKEW_MS) return { kind: 'ahead' };
  if (cadence === undefined) return { kind: 'none' };
  const dueMs = reviewedMs + cadenceMs(cadence);
  return { kind: dueMs < nowMs ? 'overdue' : 'current', dueAt: new Date(dueMs).toISOString() };
}
