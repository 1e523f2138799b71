/**
 * How risky a session looks, by what it did: a number from 0 to 1, the same for the same history. Counts fade with
 * time, and are brought up to date with each call, so that the score stands still between calls and a commit can
 * compare it.
 */
export interface RiskState {
  /** Denied calls; half of them are forgotten in `DENIALS_HALVE_MS`. */
  readonly denials: number;
  /** Tools that the session used for the first time; fade as denials do. */
  readonly new_tools: number;
  /** Calls; half of them are forgotten in `CALLS_HALVE_MS`. */
  readonly calls: number;
  /** The score as of the last call. */
  readonly score: number;
}

/** What one call adds. */
export interface RiskFacts {
  readonly denied: boolean;
  readonly newTool: boolean;
  /** How many labels the session holds after the call. */
  readonly labels: number;
}

export const DENIALS_HALVE_MS = 10 * 60_000;
export const CALLS_HALVE_MS = 60_000;

/** How much each part weighs, and at which count it weighs all of that. The weights sum to 1. */
export const RISK_PARTS = {
  denials: { weight: 0.4, full: 5 },
  new_tools: { weight: 0.2, full: 10 },
  calls: { weight: 0.2, full: 60 },
  labels: { weight: 0.2, full: 3 },
} as const;

/** Finer steps would make calls beside each other conflict without meaning anything. */
const STEPS = 20;

/** The state after a call. `sinceMs`: time since the call before. */
export function riskAfter(before: RiskState | undefined, facts: RiskFacts, sinceMs: number): RiskState {
  const fade = (count: number, halveMs: number) => count * 2 ** (-Math.max(0, sinceMs) / halveMs);
  const denials = fade(before?.denials ?? 0, DENIALS_HALVE_MS) + (facts.denied ? 1 : 0);
  const newTools = fade(before?.new_tools ?? 0, DENIALS_HALVE_MS) + (facts.newTool ? 1 : 0);
  const calls = fade(before?.calls ?? 0, CALLS_HALVE_MS) + 1;
  const score = riskScore({ denials, new_tools: newTools, calls, labels: facts.labels });
  return { denials, new_tools: newTools, calls, score };
}

/** `Σ weight × min(1, count / full)`, in twentieths. */
export function riskScore(counts: Readonly<Record<keyof typeof RISK_PARTS, number>>): number {
  const parts = Object.entries(RISK_PARTS).map(
    ([name, { weight, full }]) => weight * Math.min(1, counts[name as keyof typeof RISK_PARTS] / full),
  );
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.round(sum * STEPS) / STEPS;
}
