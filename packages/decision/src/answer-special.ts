import type { AnswerForm } from './answer-member.ts';
import type { Actor, Json, JsonObject } from './contract.ts';
import { faultOpinion, type IdentityFacts, type Lift, type Opinion } from './opinion.ts';
import { outcomeNamed } from './outcome.ts';
import { readReasons } from './reason-reading.ts';

/**
 * Kind `capabilities`: `{known, capabilities[], class?, scope?, owner_team?, attested?}`. Only `known: true`
 * recognises the actor; the reasons that stand beside `known: false` are kept.
 */
export function readIdentity(value: Json, _form: AnswerForm): Opinion {
  if (!isObject(value))
    return faultOpinion('policy_unknown_shape', 'an identity answer is an object with `known`');
  const known = Object.hasOwn(value, 'known') ? value['known'] : undefined;
  if (known === false) {
    const reasons = readReasons(value);
    const given = reasons.length > 0 ? reasons : [{ code: 'actor_unknown' }];
    return { kind: 'verdict', parts: [{ outcome: 'deny', reasons: given, obligations: [] }] };
  }
  if (known !== true)
    return faultOpinion('policy_unknown_shape', 'an identity answer says `known` true or false');
  const capabilities = Object.hasOwn(value, 'capabilities') ? value['capabilities'] : undefined;
  if (capabilities !== undefined && !isTexts(capabilities)) {
    return faultOpinion('policy_unknown_shape', '`capabilities` is not a set of names');
  }
  const facts: IdentityFacts = {
    ...(capabilities === undefined ? {} : { capabilities: [...new Set(capabilities)].sort() }),
    actor: actorFacts(value),
  };
  return { kind: 'identity', facts };
}

function actorFacts(value: JsonObject): IdentityFacts['actor'] {
  const facts: { -readonly [Key in keyof IdentityFacts['actor']]: Actor[Key] } = {};
  for (const name of ['class', 'scope', 'owner_team'] as const) {
    const text = Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof text === 'string') facts[name] = text;
  }
  const attested = Object.hasOwn(value, 'attested') ? value['attested'] : undefined;
  if (typeof attested === 'boolean') facts.attested = attested;
  return facts;
}

/**
 * The capabilities that several identity entrypoints leave to an actor: those that each one which lists any lists.
 * Undefined where none lists any.
 */
export function intersectCapabilities(facts: readonly IdentityFacts[]): readonly string[] | undefined {
  let left: readonly string[] | undefined;
  for (const { capabilities } of facts) {
    if (capabilities === undefined) continue;
    left = left === undefined ? capabilities : left.filter((name) => capabilities.includes(name));
  }
  return left;
}

/** Kind `overrides`: `{lift: […]}` or a set of these. A lift that is not whole makes the answer unknown, which denies. */
export function readLifts(value: Json, _form: AnswerForm): Opinion {
  const members = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const lifts: Lift[] = [];
  for (const member of members) {
    const listed = isObject(member) && Object.hasOwn(member, 'lift') ? member['lift'] : undefined;
    if (!Array.isArray(listed))
      return faultOpinion('policy_unknown_shape', 'an override is an object with a list `lift`');
    for (const item of listed as readonly Json[]) {
      const lift = readLift(item);
      if (typeof lift === 'string') return faultOpinion('policy_unknown_shape', lift);
      lifts.push(lift);
    }
  }
  return lifts.length === 0 ? { kind: 'none', undefined: false, notes: [] } : { kind: 'lifts', lifts };
}

const TEXTS = ['bundle', 'code', 'justification', 'approved_by', 'expires'] as const;
const LISTS = ['principals', 'actors', 'tools'] as const;

function readLift(item: Json): Lift | string {
  if (!isObject(item)) return 'a lift is an object';
  for (const name of TEXTS) {
    const text = Object.hasOwn(item, name) ? item[name] : undefined;
    if (typeof text !== 'string' || text === '') return `a lift needs \`${name}\``;
  }
  const word = Object.hasOwn(item, 'outcome') ? item['outcome'] : undefined;
  const outcome = typeof word === 'string' ? outcomeNamed(word) : undefined;
  // `sanitize` would need redactions, which an override has no place to state.
  if (outcome === undefined || outcome === 'sanitize')
    return 'a lift needs an `outcome`: allow, escalate, step_up or deny';
  if (Number.isNaN(Date.parse(item['expires'] as string))) return 'a lift has an unreadable `expires`';
  const approvedAt = Object.hasOwn(item, 'approved_at') ? item['approved_at'] : undefined;
  if (approvedAt !== undefined && (typeof approvedAt !== 'string' || Number.isNaN(Date.parse(approvedAt))))
    return 'a lift has an unreadable `approved_at`';
  for (const name of LISTS) {
    if (Object.hasOwn(item, name) && !isTexts(item[name]))
      return `\`${name}\` of a lift is not a list of names`;
  }
  for (const name of ['rule', 'message'] as const) {
    if (Object.hasOwn(item, name) && typeof item[name] !== 'string')
      return `\`${name}\` of a lift is not a text`;
  }
  // Every part was checked above; only the fields of a lift are taken over.
  const { bundle, code, justification, approved_by, expires, rule, message, principals, actors, tools } =
    item as unknown as Lift;
  return {
    bundle,
    code,
    outcome,
    justification,
    approved_by,
    expires,
    ...(approvedAt === undefined ? {} : { approved_at: approvedAt as string }),
    ...(rule === undefined ? {} : { rule }),
    ...(message === undefined ? {} : { message }),
    ...(principals === undefined ? {} : { principals }),
    ...(actors === undefined ? {} : { actors }),
    ...(tools === undefined ? {} : { tools }),
  };
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
