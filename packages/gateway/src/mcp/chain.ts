import { CALL_STEPS } from './call-steps.ts';
import { EDGE_STEPS } from './edge-steps.ts';
import type { StepRule } from './step-rule.ts';

/** One step of a request, as documents show it. */
export interface GatewayStep extends StepRule {
  /** Where it applies: only to HTTP requests, or to those of every transport. */
  readonly on: 'http' | 'every transport';
}

/** From socket to server and back, in order: what each step needs, adds, and may refuse with. */
export const GATEWAY_CHAIN: readonly GatewayStep[] = [
  ...EDGE_STEPS.map(({ run: _, ...rule }): GatewayStep => ({ ...rule, on: 'http' })),
  ...Object.values<StepRule>(CALL_STEPS).map((rule): GatewayStep => ({ ...rule, on: 'every transport' })),
];
