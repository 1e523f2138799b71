import {
  type Bundle,
  type Entrypoint,
  type EntrypointMode,
  modeOf,
  type RemoteStatus,
  type ReviewerState,
  reviewersOf,
  reviewState,
  stewardshipFor,
  type When,
} from '@writ/bundle';
import { type EntrypointKind, LAYERS, type Layer, type Lift } from '@writ/decision';
import type { OverrideList, OverrideTerms } from './overrides.ts';
import { overrideWarnings } from './overrides.ts';
import { policyWarnings } from './policy-warnings.ts';

/** Whether a review is due; what was not said is absent. */
export interface ReviewView {
  readonly cadence?: string;
  readonly reviewed_at?: string;
  /** `none`: no cadence says when the next one is due; `ahead`: `reviewed_at` lies in the future. */
  readonly state: 'none' | 'current' | 'overdue' | 'ahead';
  /** RFC 3339. */
  readonly due_at?: string;
  /** Whole days since `reviewed_at`. */
  readonly age_days?: number;
}

/** One entrypoint in its layer. */
export interface EntrypointView {
  readonly bundle: string;
  readonly path: string;
  readonly kind: EntrypointKind;
  readonly profile: string;
  readonly when: When;
  readonly mode: EntrypointMode;
  readonly owner?: string;
  readonly review: ReviewView;
}

/** One bundle, with who answers for it. */
export interface BundleView {
  readonly name: string;
  readonly revision: string;
  readonly digest: string;
  readonly layers: readonly Layer[];
  readonly mode: EntrypointMode;
  readonly third_party: boolean;
  readonly owner?: string;
  readonly reviewers: readonly ReviewerState[];
  /** The operator takes it without its reviewers' signatures. */
  readonly unreviewed: boolean;
  readonly review: ReviewView;
  /** Signatures that were required and verified; none: nobody had to sign. */
  readonly signatures: readonly { readonly name: string; readonly form: string; readonly key_id: string }[];
  /** Seconds since this content became active in this process. */
  readonly active_seconds?: number;
  /** Of what is published elsewhere: where, and seconds since it was last known to be what is published there. */
  readonly source?: { readonly place: string; readonly confirmed_seconds?: number; readonly stale: boolean };
}

/** One override that is stated, with what is to be said of it. */
export interface OverrideView {
  readonly stated_in: { readonly bundle: string; readonly rule: string };
  readonly lift: Lift;
  readonly state: 'in_force' | 'expired' | 'observed';
  readonly warnings: readonly string[];
}

/** The live picture: what each layer asks, by which bundles, and who answers for them. */
export interface LayersView {
  /** RFC 3339: the moment that ages, reviews and expiries are told for. */
  readonly at: string;
  /** All five, in the order in which they are asked. */
  readonly layers: readonly { readonly layer: Layer; readonly entrypoints: readonly EntrypointView[] }[];
  readonly bundles: readonly BundleView[];
  readonly overrides: readonly OverrideView[];
  readonly overrides_max: number;
  readonly warnings: readonly string[];
}

/** What a picture is made of, beside the bundles. */
export interface LayersOptions {
  readonly overrides: OverrideList;
  readonly terms: Required<OverrideTerms>;
  readonly nowMs: number;
  /** When each bundle's content became active, ms since 1970. */
  readonly activeSince?: ReadonlyMap<string, number>;
  readonly published?: readonly RemoteStatus[];
}

/** The picture of some bundles at a moment. */
export function describeLayers(bundles: readonly Bundle[], options: LayersOptions): LayersView {
  const { overrides, terms, nowMs } = options;
  const entries = bundles.flatMap((bundle) =>
    bundle.entrypoints.map((entrypoint) => ({ bundle, entrypoint })),
  );
  return {
    at: new Date(nowMs).toISOString(),
    layers: LAYERS.map((layer) => ({
      layer,
      entrypoints: entries
        .filter(({ entrypoint }) => entrypoint.layer === layer)
        .map(({ bundle, entrypoint }) => entrypointView(bundle, entrypoint, nowMs)),
    })),
    bundles: bundles.map((bundle) => bundleView(bundle, options)),
    overrides: overrides.overrides.map((listed) => {
      const { lift, bundle, rule, observed } = listed;
      const expired = Date.parse(lift.expires) <= nowMs;
      const state = observed ? 'observed' : expired ? 'expired' : 'in_force';
      return {
        stated_in: { bundle, rule },
        lift,
        state,
        warnings: overrideWarnings(listed, terms, nowMs),
      };
    }),
    overrides_max: terms.max,
    warnings: policyWarnings(bundles, overrides, terms, nowMs).map(({ message }) => message),
  };
}

function entrypointView(bundle: Bundle, entrypoint: Entrypoint, nowMs: number): EntrypointView {
  const stewardship = stewardshipFor(bundle, entrypoint);
  const { path, kind, profile, when } = entrypoint;
  return {
    bundle: bundle.name,
    path,
    kind,
    profile,
    when,
    mode: modeOf(bundle, entrypoint),
    ...(stewardship.owner === undefined ? {} : { owner: stewardship.owner }),
    review: reviewView(stewardship, nowMs),
  };
}

const DAY_MS = 24 * 3_600_000;

function reviewView(
  stewardship: { readonly cadence?: string; readonly reviewed_at?: string },
  nowMs: number,
): ReviewView {
  const { cadence, reviewed_at } = stewardship;
  const state = reviewState(stewardship, nowMs);
  return {
    state: state.kind,
    ...(cadence === undefined ? {} : { cadence }),
    ...(reviewed_at === undefined
      ? {}
      : { reviewed_at, age_days: Math.floor((nowMs - Date.parse(reviewed_at)) / DAY_MS) }),
    ...('dueAt' in state ? { due_at: state.dueAt } : {}),
  };
}

function bundleView(bundle: Bundle, { nowMs, activeSince, published }: LayersOptions): BundleView {
  const { name, revision, digest, entrypoints, thirdParty, signatures, governance = {} } = bundle;
  const since = activeSince?.get(name);
  const status = published?.find((each) => each.name === name);
  return {
    name,
    revision,
    digest,
    layers: LAYERS.filter((layer) => entrypoints.some((entrypoint) => entrypoint.layer === layer)),
    mode: modeOf(bundle),
    third_party: thirdParty,
    ...(governance.owner === undefined ? {} : { owner: governance.owner }),
    reviewers: reviewersOf(bundle),
    unreviewed: governance.unreviewed ?? false,
    review: reviewView(governance, nowMs),
    signatures: signatures.map(({ name: by, form, keyId }) => ({ name: by, form, key_id: keyId })),
    ...(since === undefined ? {} : { active_seconds: Math.max(0, Math.floor((nowMs - since) / 1000)) }),
    ...(status === undefined ? {} : { source: sourceView(status) }),
  };
}

function sourceView({ place, ageMs, stale }: RemoteStatus): NonNullable<BundleView['source']> {
  return {
    place,
    stale,
    ...(ageMs === undefined ? {} : { confirmed_seconds: Math.floor(ageMs / 1000) }),
  };
}
