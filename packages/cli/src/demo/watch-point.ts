import type { Decision, DecisionPoint } from '@writ/decision';

/** A decision as the enforcement point was told it. */
export interface SeenDecision {
  readonly decision: Decision;
  readonly ms: number;
}

/** Lets the tour see what the gateway is told; changes nothing of it. */
export function watchPoint(point: DecisionPoint, onDecision: (seen: SeenDecision) => void): DecisionPoint {
  return {
    decide: async (call) => {
      const started = performance.now();
      const decision = await point.decide(call);
      onDecision({ decision, ms: performance.now() - started });
      return decision;
    },
    complete: (call) => point.complete(call),
    list: (call) => point.list(call),
    report: (call) => point.report(call),
    approval: point.approval,
    close: () => point.close(),
  };
}
