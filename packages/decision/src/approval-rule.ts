import type { ApprovalRule } from './approval-contract.ts';
import type { Json, JsonObject } from './contract.ts';
import type { OpinionReason } from './opinion.ts';
import { readReasons } from './reason-reading.ts';
import { standingTermsProblem } from './standing.ts';

/** What an entrypoint of kind `approvers` says: rules that must all hold, or a refusal of whoever is named in the input. */
export type ApproversAnswer =
  | { readonly kind: 'rules'; readonly rules: readonly ApprovalRule[] }
  | { readonly kind: 'refused'; readonly reasons: readonly OpinionReason[] }
  | { readonly kind: 'unreadable'; readonly message: string };

const LISTS = ['approvers', 'groups', 'each_of', 'excluded'] as const;
const SECONDS = ['ttl_seconds', 'remind_after_seconds'] as const;
const KEYS: readonly string[] = [
  ...LISTS,
  ...SECONDS,
  'needed',
  'escalate',
  'standing',
  'group',
  'allow',
  'reason',
  'reasons',
  'message',
];
/** More people than this are never asked for one call. */
const NEEDED_MAX = 100;

/**
 * Reads an answer of kind `approvers`: a rule, a set of rules, `true` (any approver), `false` or `{allow: false, …}`
 * (not this one). Undefined is `false`: who forgot a case has nobody approve it. An unknown key makes the whole answer
 * unreadable, because a misspelt limit would be no limit.
 */
export function readApprovers(value: Json | undefined): ApproversAnswer {
  if (value === undefined || value === false) return { kind: 'refused', reasons: [] };
  if (value === true) return { kind: 'rules', rules: [{}] };
  const members = Array.isArray(value) ? (value as readonly Json[]) : [value as Json];
  if (members.length === 0) return { kind: 'refused', reasons: [] };
  const rules: ApprovalRule[] = [];
  for (const member of members) {
    if (!isObject(member)) return { kind: 'unreadable', message: 'a rule of approval is an object' };
    if (member['allow'] === false) return { kind: 'refused', reasons: readReasons(member) };
    const problem = problemOf(member);
    if (problem !== undefined) return { kind: 'unreadable', message: problem };
    rules.push(ruleOf(member));
  }
  return { kind: 'rules', rules };
}

function problemOf(rule: JsonObject): string | undefined {
  const unknown = Object.keys(rule).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `a rule of approval has no \`${unknown}\`: known are ${KEYS.join(', ')}`;
  if (rule['allow'] !== undefined && rule['allow'] !== true) return '`allow` is no boolean';
  const list = LISTS.find((key) => rule[key] !== undefined && !isTexts(rule[key]));
  if (list !== undefined) return `\`${list}\` is not a list of names`;
  const time = SECONDS.find((key) => rule[key] !== undefined && !isSeconds(rule[key]));
  if (time !== undefined) return `\`${time}\` is no positive number of seconds`;
  const { needed, escalate } = rule;
  if (
    needed !== undefined &&
    !(Number.isInteger(needed) && (needed as number) >= 0 && (needed as number) <= NEEDED_MAX)
  )
    return `\`needed\` is no whole number from 0 to ${NEEDED_MAX}`;
  const { standing, group } = rule;
  const terms = standing === undefined ? undefined : standingTermsProblem(standing);
  if (terms !== undefined) return terms;
  if (group !== undefined && !isTexts([group])) return '`group` is not a text';
  if (escalate !== undefined && !isEscalation(escalate))
    return '`escalate` is not a list of `{after_seconds, groups}`';
  return undefined;
}

function ruleOf(rule: JsonObject): ApprovalRule {
  const { allow: _allow, reason: _reason, reasons: _reasons, message: _message, ...rest } = rule;
  return rest as ApprovalRule;
}

function isEscalation(value: Json): boolean {
  return (
    Array.isArray(value) &&
    (value as readonly Json[]).every(
      (step) =>
        isObject(step) &&
        Object.keys(step).length === 2 &&
        isSeconds(step['after_seconds']) &&
        isTexts(step['groups']),
    )
  );
}

function isSeconds(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isTexts(value: Json | undefined): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
