import { canonicalJson } from './canonical-json.ts';
import type { Json, Layer, Reason } from './contract.ts';
import type { ConsultedOpinion, Lift } from './opinion.ts';
import { STRICTNESS } from './outcome.ts';
import { OBJECTION } from './reason-reading.ts';

/** What an override is judged by. */
export interface OverrideSubject {
  readonly subject: { readonly principal: string; readonly actor: string; readonly tool?: string };
  readonly nowMs: number;
}

const OVERRIDABLE_LAYERS: ReadonlySet<Layer> = new Set(['resource', 'workflow']);
const UNTOUCHABLE_PREFIXES = ['policy_', 'budget_', 'state_', 'approval_', 'json_', 'audit_'];
const UNTOUCHABLE_CODES: ReadonlySet<string> = new Set([
  'no_grant',
  'obligation_unknown',
  'sanitize_unstable',
  'halted',
  'circuit_open',
  'human_rejected',
  'tool_unknown',
  'tool_changed',
  'rate_limited',
  'command_not_understood',
  'capability_not_authorized',
  'number_not_exact',
]);

/**
 * May an override touch this reason: it belongs to an entrypoint of the resource or workflow layer and its code is
 * not one of Writ's own faults, limits or missing grants.
 */
export function isOverridable(reason: Reason): boolean {
  if (reason.layer === undefined || !OVERRIDABLE_LAYERS.has(reason.layer) || reason.bundle === undefined)
    return false;
  if (UNTOUCHABLE_CODES.has(reason.code)) return false;
  return !UNTOUCHABLE_PREFIXES.some((prefix) => reason.code.startsWith(prefix));
}

/** The override that lifts a reason; of several, the one with the strictest outcome, whatever their order. */
export function findLift(
  reason: Reason,
  opinions: readonly ConsultedOpinion[],
  subject: OverrideSubject,
): { readonly lift: Lift; readonly by: { readonly bundle: string; readonly rule: string } } | undefined {
  if (!isOverridable(reason)) return undefined;
  const found = opinions.flatMap((opinion) => {
    if (opinion.kind !== 'overrides' || opinion.layer !== 'override' || opinion.opinion.kind !== 'lifts')
      return [];
    const by = { bundle: opinion.bundle, rule: opinion.rule };
    return opinion.opinion.lifts.filter((lift) => lifts(lift, reason, subject)).map((lift) => ({ lift, by }));
  });
  return found.toSorted((left, right) => {
    const strictness = STRICTNESS[right.lift.outcome] - STRICTNESS[left.lift.outcome];
    if (strictness !== 0) return strictness;
    return canonicalJson(left as unknown as Json) < canonicalJson(right as unknown as Json) ? -1 : 1;
  })[0];
}

function lifts(lift: Lift, reason: Reason, { subject, nowMs }: OverrideSubject): boolean {
  if (lift.bundle !== reason.bundle || lift.code !== reason.code) return false;
  if (lift.rule !== undefined && lift.rule !== reason.rule) return false;
  // `objection` is any free text: without the message one override would lift them all.
  if (lift.message === undefined ? reason.code === OBJECTION : lift.message !== reason.message) return false;
  if (!(Date.parse(lift.expires) > nowMs)) return false;
  return (
    (lift.principals?.includes(subject.principal) ?? true) &&
    (lift.actors?.includes(subject.actor) ?? true) &&
    (lift.tools === undefined || (subject.tool !== undefined && lift.tools.includes(subject.tool)))
  );
}
