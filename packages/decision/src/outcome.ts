import { OUTCOMES, type Outcome } from './contract.ts';

/** How strict an outcome is: 0 for `allow` to 4 for `deny`. */
export const STRICTNESS: Readonly<Record<Outcome, number>> = Object.freeze({
  allow: 0,
  sanitize: 1,
  escalate: 2,
  step_up: 3,
  deny: 4,
});

/** Every name that a policy may use for an outcome. A name that is not here is an unknown shape, which denies. */
export const OUTCOME_NAMES: Readonly<Record<string, Outcome>> = Object.freeze({
  allow: 'allow',
  deny: 'deny',
  block: 'deny',
  reject: 'deny',
  refuse: 'deny',
  forbid: 'deny',
  sanitize: 'sanitize',
  redact: 'sanitize',
  mask: 'sanitize',
  escalate: 'escalate',
  approval_needed: 'escalate',
  approval_required: 'escalate',
  require_approval: 'escalate',
  step_up: 'step_up',
  challenge: 'step_up',
});

/** The step-up method that means a person approves this one call: an escalation. */
export const HUMAN_APPROVAL_METHOD = 'human_approval';

/** The outcome that a policy's word means; undefined where the word means none. Exact, lower case. */
export function outcomeNamed(name: string): Outcome | undefined {
  return Object.hasOwn(OUTCOME_NAMES, name) ? OUTCOME_NAMES[name] : undefined;
}

/** Is this one of the five outcomes, by its own name. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'string' && Object.hasOwn(STRICTNESS, value);
}

/** The stricter of two outcomes. */
export function stricter(left: Outcome, right: Outcome): Outcome {
  return STRICTNESS[left] >= STRICTNESS[right] ? left : right;
}

/** The strictest of several outcomes; `allow` for none. */
export function strictest(outcomes: Iterable<Outcome>): Outcome {
  let result: Outcome = OUTCOMES[0];
  for (const outcome of outcomes) result = stricter(result, outcome);
  return result;
}

/** Does the action take effect under this outcome: `allow` and `sanitize` only. */
export function permits(outcome: Outcome): boolean {
  return outcome === 'allow' || outcome === 'sanitize';
}
