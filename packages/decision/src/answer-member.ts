import type { Json, JsonObject, Outcome } from './contract.ts';
import { readObligations } from './obligation-reading.ts';
import type { ObligationDraft, OpinionPart, OpinionReason, PolicyAdvice, StepUp } from './opinion.ts';
import { HUMAN_APPROVAL_METHOD, outcomeNamed, permits, strictest } from './outcome.ts';
import { readReason, readReasons } from './reason-reading.ts';

/** Where the answer comes from: one rule, or a whole package. */
export type AnswerForm = 'rule' | 'package';

/** A member of an answer read: an outcome with what belongs to it, or a bare no (`false`). */
export type MemberRead =
  | { readonly kind: 'part'; readonly part: OpinionPart }
  | { readonly kind: 'bare_no'; readonly reasons: readonly OpinionReason[] };

/** Reads one member of an answer; what is neither boolean, outcome nor object with a verdict denies. */
export function readMember(value: Json, form: AnswerForm): MemberRead {
  if (value === true && form === 'rule') return part('allow');
  if (value === false && form === 'rule') return { kind: 'bare_no', reasons: [] };
  if (typeof value === 'string' && form === 'rule') return readWord(value);
  if (isObject(value)) return readDocument(value, form);
  return unknownShape(`${shapeOf(value)} is no answer`);
}

function readWord(word: string): MemberRead {
  const outcome = outcomeNamed(word);
  if (outcome === undefined) return unknownShape('a text that names no outcome is no answer');
  if (outcome === 'sanitize') return unknownShape('`sanitize` names nothing to redact');
  return part(outcome);
}

/** `allow` and the named outcomes, before obligations and reasons are looked at. */
interface Verdict {
  readonly allow?: boolean;
  readonly named: readonly Outcome[];
  /** Members found inside: a package's `decision` rule may itself be an object. */
  readonly inner: readonly OpinionPart[];
  readonly innerNo: boolean;
  readonly problem?: string;
}

const NAMES = ['outcome', 'decision', 'action'] as const;

function readVerdict(document: JsonObject, form: AnswerForm): Verdict {
  const named: Outcome[] = [];
  const inner: OpinionPart[] = [];
  let innerNo = false;
  let allow: boolean | undefined;
  const nested = (value: Json, name: string): string | undefined => {
    if (form !== 'package') return `\`${name}\` is ${shapeOf(value)}`;
    const members = Array.isArray(value) ? (value as readonly Json[]) : [value as Json];
    if (members.length === 0) innerNo = true;
    for (const member of members) {
      const read = readMember(member, 'rule');
      if (read.kind === 'part') inner.push(read.part);
      else innerNo = true;
    }
    return undefined;
  };
  let problem: string | undefined;
  if (Object.hasOwn(document, 'allow')) {
    const value = document['allow'] as Json;
    if (typeof value === 'boolean') allow = value;
    else problem ??= nested(value, 'allow');
  }
  for (const name of NAMES) {
    if (!Object.hasOwn(document, name)) continue;
    const value = document[name] as Json;
    const outcome = typeof value === 'string' ? outcomeNamed(value) : undefined;
    if (outcome !== undefined) named.push(outcome);
    else if (typeof value === 'string') problem ??= `\`${name}\` names no outcome`;
    else problem ??= nested(value, name);
  }
  return {
    ...(allow === undefined ? {} : { allow }),
    named,
    inner,
    innerNo,
    ...(problem === undefined ? {} : { problem }),
  };
}

function readDocument(document: JsonObject, form: AnswerForm): MemberRead {
  const verdict = readVerdict(document, form);
  if (verdict.problem !== undefined) return unknownShape(verdict.problem);
  const reasons = readReasons(document);
  const objections = readDeny(document);
  const method = readMethod(document, verdict.named);
  if (method.problem !== undefined) return unknownShape(method.problem);
  const named = method.named;

  if (named.length === 0 && verdict.inner.length === 0 && objections.length === 0) {
    if (verdict.allow === undefined && !verdict.innerNo) return unknownShape('the object holds no verdict');
    // A package's `allow: false` is its rule's `false`; an object that says so is an explicit refusal.
    if (verdict.allow !== true && form === 'package') return { kind: 'bare_no', reasons };
  }
  const own = ownOutcome(verdict.allow, [...named, ...verdict.inner.map((inner) => inner.outcome)]);
  if (own === 'contradiction' || (own === 'allow' && (verdict.innerNo || hasDenyReason(document)))) {
    return unknownShape('the answer allows and refuses at once');
  }
  const denied = objections.length > 0 || verdict.innerNo || own === undefined;
  const outcome = denied ? 'deny' : own;
  return finish(
    document,
    outcome,
    [...objections, ...reasons, ...verdict.inner.flatMap((inner) => inner.reasons)],
    {
      obligations: verdict.inner.flatMap((inner) => inner.obligations),
      ...stepUpOf(document, verdict.inner),
      ...policyOf(document, verdict.inner),
    },
  );
}

function ownOutcome(
  allow: boolean | undefined,
  named: readonly Outcome[],
): Outcome | 'contradiction' | undefined {
  if (named.length === 0) return allow === undefined ? undefined : allow ? 'allow' : 'deny';
  const outcome = strictest(named);
  if (allow === true && !permits(outcome)) return 'contradiction';
  // A named outcome beats `allow: false`, but nothing turns an explicit no into a plain yes.
  if (allow === false && outcome === 'allow') return 'contradiction';
  return outcome;
}

/** A refusal's reason beside a yes contradicts it. */
function hasDenyReason(document: JsonObject): boolean {
  const given = Object.hasOwn(document, 'deny_reason') ? document['deny_reason'] : undefined;
  return (
    given !== undefined && given !== null && given !== '' && !(Array.isArray(given) && given.length === 0)
  );
}

/** A `deny` rule beside the others: each of its messages refuses. */
function readDeny(document: JsonObject): readonly OpinionReason[] {
  const deny = Object.hasOwn(document, 'deny') ? document['deny'] : undefined;
  if (deny === undefined || deny === false) return [];
  if (deny === true) return [{ code: 'not_permitted' }];
  const members = Array.isArray(deny) ? (deny as readonly Json[]) : [deny as Json];
  return members.map((member) => readReason(member) ?? { code: 'not_permitted' });
}

interface MethodRead {
  readonly named: readonly Outcome[];
  readonly problem?: string;
}

/** `step_up_method: human_approval` turns a step-up into an escalation; any other method asks for step-up. */
function readMethod(document: JsonObject, named: readonly Outcome[]): MethodRead {
  if (!Object.hasOwn(document, 'step_up_method') || document['step_up_method'] === null) return { named };
  const method = document['step_up_method'];
  if (typeof method !== 'string' || method === '')
    return { named, problem: '`step_up_method` is not a name' };
  if (method !== HUMAN_APPROVAL_METHOD) return { named: [...named, 'step_up'] };
  return { named: [...named.filter((outcome) => outcome !== 'step_up'), 'escalate'] };
}

function stepUpOf(document: JsonObject, inner: readonly OpinionPart[]): { readonly step_up?: StepUp } {
  const nested = Object.hasOwn(document, 'step_up') ? document['step_up'] : undefined;
  const source = isObject(nested) ? nested : document;
  const method = isObject(nested) ? nested['method'] : document['step_up_method'];
  const given = isObject(nested) ? source['scopes'] : document['step_up_scopes'];
  const scopes = Array.isArray(given)
    ? given.filter((scope): scope is string => typeof scope === 'string')
    : undefined;
  if (typeof method === 'string' && method !== '') {
    return { step_up: { method, ...(scopes === undefined ? {} : { scopes }) } };
  }
  const found = inner.find((member) => member.step_up !== undefined)?.step_up;
  return found === undefined ? {} : { step_up: found };
}

function policyOf(document: JsonObject, inner: readonly OpinionPart[]): { readonly policy?: string } {
  const policy = Object.hasOwn(document, 'policy') ? document['policy'] : undefined;
  if (typeof policy === 'string' && policy !== '') return { policy };
  const found = inner.find((member) => member.policy !== undefined)?.policy;
  return found === undefined ? {} : { policy: found };
}

/** Settles outcome and obligations with each other. */
function finish(
  document: JsonObject,
  outcome: Outcome,
  reasons: readonly OpinionReason[],
  rest: {
    readonly obligations: readonly ObligationDraft[];
    readonly step_up?: StepUp;
    readonly policy?: string;
  },
): MemberRead {
  const duties = readObligations(document);
  const advice = adviceOf(document);
  const { obligations: inherited, step_up, ...kept } = rest;
  const common = { ...kept, ...advice };
  if (!duties.ok) {
    const unknown: OpinionReason = { code: 'obligation_unknown', message: duties.message };
    return {
      kind: 'part',
      part: { outcome: 'deny', reasons: [...reasons, unknown], obligations: [], ...common },
    };
  }
  const obligations = [...inherited, ...duties.obligations];
  const redacts = obligations.some((duty) => duty.type === 'redact');
  const redactsArguments = obligations.some(
    (duty) => duty.type === 'redact' && duty.properties['target'] !== 'result',
  );
  if (outcome === 'sanitize' && !redacts) return unknownShape('`sanitize` names nothing to redact');
  // An allow that redacts arguments is a sanitize, whatever the policy called it.
  const settled = outcome === 'allow' && redactsArguments ? 'sanitize' : outcome;
  const asked = settled === 'step_up' ? { step_up: step_up ?? { method: 'step_up' } } : {};
  return { kind: 'part', part: { outcome: settled, reasons, obligations, ...asked, ...common } };
}

function adviceOf(document: JsonObject): { readonly advice?: PolicyAdvice; readonly metadata?: JsonObject } {
  const metadata = Object.hasOwn(document, 'metadata') ? document['metadata'] : undefined;
  if (!isObject(metadata)) return {};
  const {
    rate_limit_remaining: remaining,
    audit_required: audit,
    appeal_path: appeal,
    alternatives,
  } = metadata;
  return {
    metadata,
    advice: {
      ...(typeof remaining === 'number' ? { rate_limit_remaining: remaining } : {}),
      ...(typeof audit === 'boolean' ? { audit_required: audit } : {}),
      ...(typeof appeal === 'string' ? { appeal_path: appeal } : {}),
      ...(Array.isArray(alternatives) ? { alternatives: alternatives as readonly Json[] } : {}),
    },
  };
}

function part(outcome: Outcome): MemberRead {
  const asked = outcome === 'step_up' ? { step_up: { method: 'step_up' } } : {};
  return { kind: 'part', part: { outcome, reasons: [], obligations: [], ...asked } };
}

function unknownShape(message: string): MemberRead {
  const reasons = [{ code: 'policy_unknown_shape', message }];
  return { kind: 'part', part: { outcome: 'deny', reasons, obligations: [] } };
}

function shapeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
