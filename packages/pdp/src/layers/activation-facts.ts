import { type Bundle, contentFacts, modeOf, reviewersOf } from '@writ/bundle';
import type { Json, JsonObject } from '@writ/decision';

/**
 * What the record of an activation says of each bundle beside its digest: layers, owner, mode, cadence, reviewers and
 * whether they signed, its sequence and release, and whose signatures were verified.
 */
export function activationFacts(bundles: readonly Bundle[]): JsonObject {
  return Object.fromEntries(bundles.map((bundle) => [bundle.name, factsOf(bundle)]));
}

function factsOf(bundle: Bundle): JsonObject {
  const { governance = {}, entrypoints } = bundle;
  const { sequence, rollbackTo, release, signedBy } = contentFacts(bundle);
  const { owner, cadence, reviewed_at, unreviewed } = governance;
  const reviewers = reviewersOf(bundle);
  const observing = entrypoints.filter((entrypoint) => modeOf(bundle, entrypoint) === 'observe');
  return present({
    layers: [...new Set(entrypoints.map(({ layer }) => layer))],
    mode: modeOf(bundle),
    observing: observing.length === 0 ? undefined : observing.map(({ path }) => path),
    owner,
    cadence,
    reviewed_at,
    reviewers: reviewers.length === 0 ? undefined : (reviewers as unknown as Json),
    unreviewed,
    sequence,
    rollback_to: rollbackTo,
    release,
    signed_by: signedBy.length === 0 ? undefined : signedBy,
  });
}

function present(facts: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(facts).filter((pair): pair is [string, Json] => pair[1] !== undefined),
  );
}
