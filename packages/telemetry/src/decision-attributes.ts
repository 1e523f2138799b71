import type { Attributes } from './tracer.ts';

/** What of a decision spans tell: no arguments, no results, nobody's name. */
export function decisionAttributes({
  decision_id,
  outcome,
  effect,
  reason,
  metadata,
}: {
  readonly decision_id: string;
  readonly outcome: string;
  readonly effect: string;
  readonly reason: string;
  readonly metadata: { readonly mode?: string };
}): Attributes {
  return {
    'writ.decision.id': decision_id,
    'writ.decision.outcome': outcome,
    'writ.decision.effect': effect,
    'writ.decision.reason': reason,
    'writ.decision.mode': metadata.mode ?? 'enforce',
  };
}
