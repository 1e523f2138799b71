import { canonicalJson } from './canonical-json.ts';
import {
  type Json,
  LAYERS,
  type Layer,
  type Obligation,
  type Outcome,
  type Phase,
  type Reason,
} from './contract.ts';
import type {
  ConsultedOpinion,
  Lift,
  ObligationDraft,
  OpinionPart,
  OpinionReason,
  PolicyAdvice,
  StepUp,
} from './opinion.ts';
import { HUMAN_APPROVAL_METHOD, STRICTNESS, strictest } from './outcome.ts';
import { findLift, isOverridable } from './override.ts';
import { reasonIdentity } from './reason-identity.ts';

/** What combining needs to know beside the opinions. */
export interface CombineOptions {
  readonly phase: Phase;
  /** Whom overrides that name principals, actors or tools are matched with. */
  readonly subject: { readonly principal: string; readonly actor: string; readonly tool?: string };
  /** Milliseconds since 1970: overrides that expire at or before this moment lift nothing. */
  readonly nowMs: number;
  /** The escalate reasons that an approval for exactly this call was asked for; it lifts these and no other. */
  readonly approved?: readonly Reason[];
  /**
   * Denials that name `ACCESS_REQUEST` as the way to appeal count as escalations: somebody appeals, or an approval that
   * an appeal asked for is used.
   */
  readonly appealing?: boolean;
}

/** The `appeal_path` of a denial that Writ itself takes appeals against: a person decides. */
export const ACCESS_REQUEST = 'access_request';

/** An override that took effect, for the record. */
export interface AppliedLift {
  readonly lift: Lift;
  readonly by: { readonly bundle: string; readonly rule: string };
  readonly reason: Reason;
}

/** The one answer of all opinions. */
export interface Combined {
  readonly outcome: Outcome;
  /** Did a grant entrypoint grant (outright or on a condition). */
  readonly granted: boolean;
  /** Strictest first; the order does not depend on the order of the opinions. Never empty. */
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
  /** Bundle or package of the first reason. */
  readonly policy?: string;
  readonly remediation?: string;
  /** Present where `outcome` is `step_up`. */
  readonly step_up?: StepUp;
  /** All ways that are asked for, where `outcome` is `step_up`: each has to be proven. */
  readonly step_up_methods?: readonly string[];
  /** The escalate reasons that an approval would have to be asked for. */
  readonly escalations: readonly Reason[];
  /** The outcome is a denial, and all that denies offers an appeal which Writ takes. */
  readonly appealable: boolean;
  readonly advice: PolicyAdvice;
  /** What an approval and overrides lifted. */
  readonly lifted: { readonly approved: readonly Reason[]; readonly overridden: readonly AppliedLift[] };
  /** Reasons of denials that count as escalations because somebody appeals. */
  readonly appealed: readonly Reason[];
}

/** A part with its origin, while it is being combined. */
interface Placed {
  readonly part: OpinionPart;
  readonly from: ConsultedOpinion;
}

/**
 * Combines the opinions of all layers: the strictest outcome wins, reasons of all are kept, obligations united.
 * In phase `call` nothing is allowed without a grant; in `list` only where grants were asked; in `result` never needed.
 * Opinions of entrypoints that only observe are left out. Pure, and the same for every order of `opinions`.
 */
export function combine(all: readonly ConsultedOpinion[], options: CombineOptions): Combined {
  const opinions = all.filter(({ observed }) => observed !== true);
  const overridden: AppliedLift[] = [];
  const approved: Reason[] = [];
  const appealed: Reason[] = [];
  const approvals = new Set((options.approved ?? []).map(reasonIdentity));
  const placed = opinions
    .flatMap(placedParts)
    .map((entry) => applyOverride(entry, opinions, options, overridden))
    .map((entry) => applyAppeal(entry, options.appealing === true, appealed))
    .map((entry) => applyApproval(entry, approvals, approved))
    .sort(byStrictness);

  const granted = placed.some(grants);
  const missing = missingGrant(opinions, placed, granted, options.phase);
  const outcome = strictest([
    ...placed.map((entry) => entry.part.outcome),
    ...(missing === undefined ? [] : ['deny' as const]),
  ]);
  const reasons = uniqueReasons(placed.flatMap(reasonsOf), missing);
  const first = placed.find((entry) => entry.part.outcome === outcome && reasonsOf(entry).length > 0);
  const policy = first?.part.policy ?? reasons[0]?.bundle;
  const remediation = reasons.find(
    (reason) => reason.outcome === outcome && reason.remediation !== undefined,
  )?.remediation;
  const denials = placed.filter(({ part }) => part.outcome === 'deny');
  const appealable = denials.length > 0 && missing === undefined && denials.every(isAppealable);
  const stepUp = outcome === 'step_up' ? uniteStepUp(placed) : undefined;
  return {
    outcome,
    granted,
    reasons: reasons.length > 0 ? reasons : [{ code: 'no_objection', outcome }],
    obligations: uniteObligations(placed),
    ...(policy === undefined ? {} : { policy }),
    ...(remediation === undefined ? {} : { remediation }),
    ...(stepUp === undefined ? {} : { step_up: stepUp, step_up_methods: stepUpMethods(placed) }),
    escalations: reasons.filter((reason) => reason.outcome === 'escalate'),
    appealable,
    advice: uniteAdvice(placed, appealable),
    lifted: { approved: sortedReasons(approved), overridden: sortedLifts(overridden) },
    appealed: sortedReasons(appealed),
  };
}

function placedParts(from: ConsultedOpinion): readonly Placed[] {
  if (from.opinion.kind !== 'verdict') return [];
  return from.opinion.parts.map((part) => ({ part: meaningfulStepUp(part), from }));
}

/** Guards `step_up` by the method that means a person: an escalation, also where a policy object was built by hand. */
function meaningfulStepUp(part: OpinionPart): OpinionPart {
  if (part.outcome !== 'step_up' || part.step_up?.method !== HUMAN_APPROVAL_METHOD) return part;
  const { step_up: _asked, ...rest } = part;
  return { ...rest, outcome: 'escalate' };
}

function applyOverride(
  entry: Placed,
  opinions: readonly ConsultedOpinion[],
  options: CombineOptions,
  applied: AppliedLift[],
): Placed {
  const reasons = reasonsOf(entry);
  const found = reasons.map((reason) => findLift(reason, opinions, options));
  // A part falls only as a whole: each of its reasons has to be lifted.
  const lifts = found.filter((lift) => lift !== undefined);
  if (reasons.length === 0 || lifts.length < reasons.length) return entry;
  const outcome = strictest(lifts.map((lift) => lift.lift.outcome));
  for (const [index, lift] of lifts.entries()) applied.push({ ...lift, reason: reasons[index] as Reason });
  const redacts = entry.part.obligations.some(
    (duty) => duty.type === 'redact' && duty.properties['target'] !== 'result',
  );
  const settled = outcome === 'allow' && redacts ? 'sanitize' : outcome;
  const asked = settled === 'step_up' ? { step_up: entry.part.step_up ?? { method: 'step_up' } } : {};
  const { step_up: _before, ...rest } = entry.part;
  return { from: entry.from, part: { ...rest, outcome: settled, ...asked } };
}

/** An appeal reaches as far as an override does: never to identity, compliance, or what Writ itself says. */
function isAppealable(entry: Placed): boolean {
  return entry.part.advice?.appeal_path === ACCESS_REQUEST && reasonsOf(entry).every(isOverridable);
}

function applyAppeal(entry: Placed, isAppealing: boolean, appealed: Reason[]): Placed {
  if (!isAppealing || entry.part.outcome !== 'deny' || !isAppealable(entry)) return entry;
  appealed.push(...reasonsOf(entry));
  return { from: entry.from, part: { ...entry.part, outcome: 'escalate' } };
}

/** What the opinion grants, and the duties that it sets, stay; only its escalation falls. */
function applyApproval(entry: Placed, approvals: ReadonlySet<string>, approved: Reason[]): Placed {
  if (entry.part.outcome !== 'escalate' || approvals.size === 0) return entry;
  const reasons = reasonsOf(entry);
  if (!reasons.every((reason) => approvals.has(reasonIdentity(reason)))) return entry;
  approved.push(...reasons);
  const redacts = entry.part.obligations.some(
    (duty) => duty.type === 'redact' && duty.properties['target'] !== 'result',
  );
  return { from: entry.from, part: { ...entry.part, outcome: redacts ? 'sanitize' : 'allow' } };
}

function grants(entry: Placed): boolean {
  return entry.from.kind === 'grant' && entry.from.layer === 'resource' && entry.part.outcome !== 'deny';
}

/** The reason for a denial that rests on nothing but the lack of a grant; undefined where no grant is lacking. */
function missingGrant(
  opinions: readonly ConsultedOpinion[],
  placed: readonly Placed[],
  granted: boolean,
  phase: Phase,
): readonly Reason[] | undefined {
  if (granted || phase === 'result') return undefined;
  const asked = opinions.filter((opinion) => opinion.kind === 'grant' && opinion.layer === 'resource');
  if (phase === 'list' && asked.length === 0) return undefined;
  // A grant entrypoint that says no has said why.
  if (placed.some((entry) => entry.from.kind === 'grant' && entry.part.outcome === 'deny')) return undefined;
  const silent =
    asked.length > 0 && asked.every(({ opinion }) => opinion.kind === 'none' && opinion.undefined);
  const code = silent ? 'policy_undefined' : 'no_grant';
  const notes = asked.flatMap((opinion) =>
    opinion.opinion.kind === 'none'
      ? opinion.opinion.notes.map((note) => placeReason(note, opinion, 'deny'))
      : [],
  );
  return [{ code, layer: 'resource', outcome: 'deny' }, ...sortedReasons(notes)];
}

function placeReason(reason: OpinionReason, from: ConsultedOpinion, outcome: Outcome): Reason {
  return {
    code: reason.code,
    layer: from.layer,
    bundle: from.bundle,
    rule: from.rule,
    ...(from.file === undefined ? {} : { file: from.file }),
    ...(from.row === undefined ? {} : { row: from.row }),
    ...(reason.message === undefined ? {} : { message: reason.message }),
    ...(reason.remediation === undefined ? {} : { remediation: reason.remediation }),
    outcome,
  };
}

/** Codes of parts that give no reason of their own; a guard without an objection needs none. */
const DEFAULT_CODES: Readonly<Record<Outcome, string>> = Object.freeze({
  allow: 'granted',
  sanitize: 'redaction_required',
  escalate: 'approval_required',
  step_up: 'step_up_required',
  deny: 'not_permitted',
});

function reasonsOf(entry: Placed): readonly Reason[] {
  const { part, from } = entry;
  if (part.reasons.length > 0) return part.reasons.map((reason) => placeReason(reason, from, part.outcome));
  if (part.outcome === 'allow' && from.kind !== 'grant') return [];
  return [placeReason({ code: DEFAULT_CODES[part.outcome] }, from, part.outcome)];
}

const LAYER_RANK = new Map<Layer, number>(LAYERS.map((layer, index) => [layer, index]));

function byStrictness(left: Placed, right: Placed): number {
  return (
    STRICTNESS[right.part.outcome] - STRICTNESS[left.part.outcome] ||
    Number(right.from.kind === 'grant') - Number(left.from.kind === 'grant') ||
    (LAYER_RANK.get(left.from.layer) ?? 0) - (LAYER_RANK.get(right.from.layer) ?? 0) ||
    compareTexts(left.from.bundle, right.from.bundle) ||
    compareTexts(left.from.rule, right.from.rule) ||
    compareTexts(placedKey(left), placedKey(right))
  );
}

function placedKey(entry: Placed): string {
  const { from, part } = entry;
  return canonicalJson([
    from.bundle,
    from.rule,
    from.kind,
    from.file ?? '',
    from.row ?? 0,
    part as unknown as Json,
  ]);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function uniqueReasons(
  reasons: readonly Reason[],
  missing: readonly Reason[] | undefined,
): readonly Reason[] {
  const seen = new Set<string>();
  const unique: Reason[] = [];
  const denials = reasons.filter((reason) => reason.outcome === 'deny');
  const others = reasons.filter((reason) => reason.outcome !== 'deny');
  for (const reason of [...denials, ...(missing ?? []), ...others]) {
    const key = `${reason.outcome} ${reasonIdentity(reason)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    unique.push(reason);
  }
  return unique;
}

function sortedReasons(reasons: readonly Reason[]): readonly Reason[] {
  const key = (reason: Reason): string =>
    `${reasonIdentity(reason)} ${canonicalJson(reason as unknown as Json)}`;
  return reasons.toSorted((left, right) => compareTexts(key(left), key(right)));
}

function sortedLifts(lifts: readonly AppliedLift[]): readonly AppliedLift[] {
  return lifts.toSorted((left, right) =>
    compareTexts(canonicalJson(left as unknown as Json), canonicalJson(right as unknown as Json)),
  );
}

/** Duties of every opinion that does not deny; of one that does, those that a refusal can carry out. */
function uniteObligations(placed: readonly Placed[]): readonly Obligation[] {
  const drafts = new Map<string, ObligationDraft>();
  for (const { part } of placed) {
    for (const draft of part.obligations) {
      if (part.outcome === 'deny' && (draft.type === 'redact' || draft.type === 'rate_limit')) continue;
      drafts.set(canonicalJson([draft.type, draft.id ?? '', draft.properties]), draft);
    }
  }
  const keys = [...drafts.keys()].sort();
  const taken = new Set<string>();
  return keys.map((key) => {
    const draft = drafts.get(key) as ObligationDraft;
    let id = draft.id ?? draft.type;
    for (let number = 2; taken.has(id); number++) id = `${draft.id ?? draft.type}-${number}`;
    taken.add(id);
    return { id, type: draft.type, properties: draft.properties };
  });
}

function stepUpMethods(placed: readonly Placed[]): readonly string[] {
  const asked = placed.filter(({ part }) => part.outcome === 'step_up');
  return [...new Set(asked.map(({ part }) => part.step_up?.method ?? 'step_up'))].sort();
}

/** Several methods: the first by name is asked first; scopes are united. */
function uniteStepUp(placed: readonly Placed[]): StepUp {
  const asked = placed.flatMap(({ part }) =>
    part.outcome === 'step_up' && part.step_up ? [part.step_up] : [],
  );
  const method = asked.map((item) => item.method).sort()[0] ?? 'step_up';
  const scopes = [
    ...new Set(asked.filter((item) => item.method === method).flatMap((item) => item.scopes ?? [])),
  ].sort();
  return scopes.length === 0 ? { method } : { method, scopes };
}

function uniteAdvice(placed: readonly Placed[], appealable: boolean): PolicyAdvice {
  const all = placed.flatMap(({ part }) => (part.advice === undefined ? [] : [part.advice]));
  const remaining = all.flatMap((advice) => advice.rate_limit_remaining ?? []);
  const isElsewhere = (path: string | undefined) => path !== undefined && path !== ACCESS_REQUEST;
  // An appeal that one denial offers and another does not would lead nowhere.
  const appeal = appealable
    ? ACCESS_REQUEST
    : all.find((advice) => isElsewhere(advice.appeal_path))?.appeal_path;
  const alternatives = new Map(
    all.flatMap((advice) => advice.alternatives ?? []).map((item) => [canonicalJson(item), item]),
  );
  return {
    ...(remaining.length === 0 ? {} : { rate_limit_remaining: Math.min(...remaining) }),
    ...(all.some((advice) => advice.audit_required) ? { audit_required: true } : {}),
    ...(appeal === undefined ? {} : { appeal_path: appeal }),
    ...(alternatives.size === 0 ? {} : { alternatives: [...alternatives.values()] }),
  };
}
