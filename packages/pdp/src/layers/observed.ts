import {
  type CombineOptions,
  type ConsultedOpinion,
  combine,
  type Json,
  type Outcome,
  strictest,
} from '@writ/decision';

/** What entrypoints that only observe said, and what would be if they counted. */
export interface Observed {
  readonly outcomeIfCounted: Outcome;
  readonly opinions: readonly ConsultedOpinion[];
}

/**
 * The opinions of entrypoints that only observe, with the outcome that all opinions together would have; undefined
 * where none was asked. What an observing identity policy knows of the actor reaches no other policy here either.
 */
export function observedAmong(
  opinions: readonly ConsultedOpinion[],
  combining: CombineOptions,
): Observed | undefined {
  const observed = opinions.filter((opinion) => opinion.observed === true);
  if (observed.length === 0) return undefined;
  const all = opinions.map(({ observed: _observed, ...opinion }) => opinion);
  return { outcomeIfCounted: combine(all, combining).outcome, opinions: observed };
}

/** Most opinions of observing entrypoints that one entry holds. */
const OPINIONS_MAX = 32;

/** As it stands on record. */
export function observedNote({ outcomeIfCounted, opinions }: Observed): Json {
  return { outcome_if_counted: outcomeIfCounted, opinions: opinions.slice(0, OPINIONS_MAX).map(described) };
}

function described({ layer, bundle, rule, kind, opinion }: ConsultedOpinion): Json {
  const said = { layer, bundle, rule, kind };
  if (opinion.kind !== 'verdict') return { ...said, opinion: opinion.kind };
  const codes = opinion.parts.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  return {
    ...said,
    opinion: strictest(opinion.parts.map(({ outcome }) => outcome)),
    codes: [...new Set(codes)],
  };
}
