import { type AnswerForm, readMember } from './answer-member.ts';
import { readIdentity, readLifts } from './answer-special.ts';
import type { EntrypointKind, Json, JsonObject } from './contract.ts';
import { faultOpinion, type Opinion, type OpinionPart, type OpinionReason } from './opinion.ts';
import { readReason } from './reason-reading.ts';

export interface ReadAnswerOptions {
  /**
   * `package` where the entrypoint's path names a package: the document is read only at the names that answers use,
   * and its `allow: false` means what that rule's own `false` would. `rule` (default) for everything else.
   */
  readonly form?: AnswerForm;
}

type AnswerReader = (value: Json, form: AnswerForm) => Opinion;

/**
 * What an entrypoint's answer means: its kind gives the shape its meaning. `undefined` is Rego's undefined. Never
 * throws; a shape that the kind does not know denies with `policy_unknown_shape`.
 */
export function readAnswer(
  kind: EntrypointKind,
  value: Json | undefined,
  options: ReadAnswerOptions = {},
): Opinion {
  if (value === undefined) return UNDEFINED_ANSWER[kind];
  return READERS[kind](value, options.form ?? 'rule');
}

function none(undefinedAnswer: boolean, notes: readonly OpinionReason[] = []): Opinion {
  return { kind: 'none', undefined: undefinedAnswer, notes };
}

function verdict(parts: readonly OpinionPart[]): Opinion {
  return { kind: 'verdict', parts };
}

function refusal(code: string, message?: string): Opinion {
  const reason: OpinionReason = message === undefined ? { code } : { code, message };
  return verdict([{ outcome: 'deny', reasons: [reason], obligations: [] }]);
}

const UNDEFINED = refusal('policy_undefined', 'the policy gave no answer');

const UNDEFINED_ANSWER: Readonly<Record<EntrypointKind, Opinion>> = Object.freeze({
  grant: none(true),
  guard: UNDEFINED,
  violations: UNDEFINED,
  capabilities: UNDEFINED,
  overrides: none(true),
  visible: refusal('not_visible'),
  approvers: UNDEFINED,
});

const READERS: Readonly<Record<EntrypointKind, AnswerReader>> = Object.freeze({
  grant: readGrant,
  guard: (value: Json, form: AnswerForm) => readGuard(value, form, 'not_permitted'),
  violations: readViolations,
  capabilities: readIdentity,
  overrides: readLifts,
  visible: (value: Json, form: AnswerForm) => readGuard(visibleAsAllow(value), form, 'not_visible'),
  // Who may approve is no opinion about a call: `readApprovers` reads it, and no decision asks for it.
  approvers: () => faultOpinion('policy_unknown_shape', 'an entrypoint of kind `approvers` is no verdict'),
});

/** The members of an answer: those of a set (a JSON array), or the answer itself. */
function membersOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value as Json];
}

/** A grant's `false` and `[]` are no opinion; an object that says no is a refusal. */
function readGrant(value: Json, form: AnswerForm): Opinion {
  const parts: OpinionPart[] = [];
  const notes: OpinionReason[] = [];
  for (const member of membersOf(value)) {
    const read = readMember(member, form);
    if (read.kind === 'part') parts.push(read.part);
    else notes.push(...read.reasons);
  }
  return parts.length > 0 ? verdict(parts) : none(false, notes);
}

/** A guard's `false` and `[]` are refusals. */
function readGuard(value: Json, form: AnswerForm, refusalCode: string): Opinion {
  const members = membersOf(value);
  if (members.length === 0) return refusal(refusalCode);
  const parts: OpinionPart[] = [];
  for (const member of members) {
    const read = readMember(member, form);
    if (read.kind === 'part') parts.push(read.part);
    else {
      const reasons = read.reasons.length > 0 ? read.reasons : [{ code: refusalCode }];
      parts.push({ outcome: 'deny', reasons, obligations: [] });
    }
  }
  return verdict(parts);
}

function visibleAsAllow(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { visible, ...rest } = value as JsonObject;
  return visible === undefined || 'allow' in rest ? value : { ...rest, allow: visible };
}

const VIOLATION_NAMES = ['deny', 'violation', 'violations'] as const;

/** Each member of the set is a refusal; only the empty set is none. */
function readViolations(value: Json, form: AnswerForm): Opinion {
  if (form === 'package') return readViolationsPackage(value);
  const members = membersOf(value);
  if (members.length === 0) return none(false);
  return verdict(members.map(violationPart));
}

function readViolationsPackage(value: Json): Opinion {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return faultOpinion('policy_unknown_shape', 'a package document is an object');
  }
  const document = value as JsonObject;
  const found = VIOLATION_NAMES.filter((name) => Object.hasOwn(document, name));
  if (found.length === 0) {
    return faultOpinion(
      'policy_unknown_shape',
      'the package holds none of `deny`, `violation`, `violations`',
    );
  }
  const members = found.flatMap((name) => membersOf(document[name] as Json));
  return members.length === 0 ? none(false) : verdict(members.map(violationPart));
}

function violationPart(member: Json): OpinionPart {
  const reason = violationReason(member);
  const read = typeof member === 'object' ? readMember(member, 'rule') : undefined;
  // Duties of a refusal (halt, notify, audit) are kept; whatever outcome the object names, a violation denies.
  const part = read?.kind === 'part' ? read.part : undefined;
  const kept = part !== undefined && part.outcome === 'deny' ? part.obligations : [];
  return { outcome: 'deny', reasons: [reason], obligations: kept };
}

function violationReason(member: Json): OpinionReason {
  if (member === true) return { code: 'not_permitted' };
  const reason = readReason(member);
  if (reason !== undefined) return reason;
  const message =
    member === false
      ? 'kind `violations` expects a set of messages; a rule that answers true or false is a `guard`'
      : 'a violation is a message or an object that holds one';
  return { code: 'policy_unknown_shape', message };
}
