import { type Bundle, modeOf, reviewersOf, reviewState, stewardshipFor } from '@writ/bundle';
import type { EngineDiagnostic } from '../engine/engine.ts';
import { type OverrideList, type OverrideTerms, overrideWarnings } from './overrides.ts';

/** What activates and should still be looked at: reviews that are due, what only observes, overrides that are old. */
export function policyWarnings(
  bundles: readonly Bundle[],
  list: OverrideList,
  terms: OverrideTerms,
  nowMs: number,
): EngineDiagnostic[] {
  const ofBundles = bundles.flatMap((bundle) =>
    [...observing(bundle), ...unreviewed(bundle), ...overdue(bundle, nowMs)].map(([code, message]) =>
      warning(code, bundle.name, `bundle \`${bundle.name}\` ${message}`),
    ),
  );
  const ofOverrides = list.overrides.flatMap((listed) =>
    overrideWarnings(listed, terms, nowMs).map((message) =>
      warning(
        'override_warning',
        listed.bundle,
        `the override of \`${listed.lift.code}\` in bundle \`${listed.bundle}\` ${message}`,
      ),
    ),
  );
  return [...ofBundles, ...ofOverrides];
}

type Said = readonly [code: string, message: string];

function observing(bundle: Bundle): Said[] {
  const all = bundle.entrypoints;
  const paths = all.filter((entrypoint) => modeOf(bundle, entrypoint) === 'observe').map(({ path }) => path);
  if (paths.length === 0) return modeOf(bundle) === 'observe' ? [['observing', 'ONLY OBSERVES']] : [];
  const what = paths.length === all.length ? '' : ` with ${paths.map((path) => `\`${path}\``).join(', ')}`;
  return [['observing', `ONLY OBSERVES${what}: what it says is recorded and does not count`]];
}

function unreviewed(bundle: Bundle): Said[] {
  const missing = reviewersOf(bundle).filter(({ met }) => !met);
  if (missing.length === 0) return [];
  return [['unreviewed', `is taken without the signatures of ${missing.map(({ name }) => name).join(', ')}`]];
}

function overdue(bundle: Bundle, nowMs: number): Said[] {
  const own = { path: '', ...bundle.governance };
  const entries = bundle.entrypoints.filter(
    ({ cadence, reviewed_at: at }) => cadence !== undefined || at !== undefined,
  );
  const each = [
    own,
    ...entries.map((entrypoint) => ({ ...stewardshipFor(bundle, entrypoint), path: entrypoint.path })),
  ];
  return each.flatMap((stewardship): Said[] => {
    const state = reviewState(stewardship, nowMs);
    const what = stewardship.path === '' ? '' : ` of \`${stewardship.path}\``;
    if (state.kind === 'ahead')
      return [['review_overdue', `says that its review${what} will be in the future`]];
    if (state.kind !== 'overdue') return [];
    return [['review_overdue', `is overdue: its review${what} was due on ${state.dueAt.slice(0, 10)}`]];
  });
}

function warning(code: string, bundle: string, message: string): EngineDiagnostic {
  return { code, severity: 'warning', bundle, message };
}
