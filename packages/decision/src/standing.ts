import type { ActionType, Json, JsonObject } from './contract.ts';
import type { ArgumentCondition } from './standing-terms.ts';

/**
 * Which calls nobody is asked about any more, how often and until when. Names are exact or end in `*`. What is absent
 * here must be absent in the call, too: nothing is covered by not being thought of.
 */
export interface StandingGrant {
  readonly tenant?: string;
  readonly principal: string;
  readonly actor: string;
  readonly type: ActionType;
  readonly tool?: string;
  readonly server?: string;
  readonly tool_digest?: string;
  /** Codes of the escalate reasons that it answers. */
  readonly codes: readonly string[];
  /** It answers denials that offer an appeal, in place of escalations. */
  readonly appeal?: true;
  readonly arguments?: readonly ArgumentCondition[];
  /** `none` (default): every argument of a call is covered by a condition. `any`: others may be anything. */
  readonly other_arguments?: 'none' | 'any';
  /** In place of conditions: exactly the call with these hashes. */
  readonly call?: { readonly arg_hash: string; readonly forwarded_hash: string };
  /** Calls, at most. */
  readonly uses: number;
  /** Sum of `action.amount` over all calls, at most; then a call without a known amount is not covered. */
  readonly amount?: number;
  /** RFC 3339. */
  readonly expires_at: string;
}

/** A standing permission as people see it. */
export interface StandingPermission extends StandingGrant {
  readonly id: string;
  readonly status: 'active' | 'used_up' | 'expired' | 'revoked';
  readonly created_at: string;
  readonly granted_by: string;
  readonly comment?: string;
  /** The approval that it came from. */
  readonly approval_id?: string;
  readonly used: number;
  readonly amount_used?: number;
  readonly last_used_at?: string;
  readonly revoked_by?: string;
}

/** The most calls that one permission may cover, and the longest time. */
export const STANDING_USES_MAX = 1_000_000;
export const STANDING_SECONDS_MAX = 366 * 24 * 60 * 60;
const CONDITIONS_MAX = 100;
const CONDITION_KEYS = ['at', 'equals', 'one_of', 'at_least', 'at_most', 'starts_with'];
const TERMS_KEYS = ['uses', 'seconds', 'amount', 'arguments', 'other_arguments'];
const GRANT_TEXTS = ['tenant', 'principal', 'actor', 'type', 'tool', 'server', 'tool_digest'] as const;
const GRANT_KEYS: readonly string[] = [
  ...GRANT_TEXTS,
  'codes',
  'appeal',
  'arguments',
  'other_arguments',
  'uses',
  'amount',
  'expires_at',
];

/** Why these are no terms of a standing permission; undefined where they are. */
export function standingTermsProblem(value: Json): string | undefined {
  if (!isObject(value)) return '`standing` is not an object';
  const unknown = Object.keys(value).find((key) => !TERMS_KEYS.includes(key));
  if (unknown !== undefined) return `\`standing\` has no \`${unknown}\`: known are ${TERMS_KEYS.join(', ')}`;
  const { seconds } = value;
  if (!(typeof seconds === 'number' && seconds > 0 && seconds <= STANDING_SECONDS_MAX))
    return `\`standing.seconds\` is no time of at most ${STANDING_SECONDS_MAX} seconds`;
  return limitsProblem(value);
}

/** Why a grant that an operator wrote cannot be taken; undefined where it can. */
export function standingGrantProblem(value: Json, nowMs: number): string | undefined {
  if (!isObject(value)) return 'a standing permission is an object';
  const unknown = Object.keys(value).find((key) => !GRANT_KEYS.includes(key));
  if (unknown !== undefined)
    return `a standing permission has no \`${unknown}\`: known are ${GRANT_KEYS.join(', ')}`;
  const text = GRANT_TEXTS.find((key) => value[key] !== undefined && !isText(value[key]));
  if (text !== undefined) return `\`${text}\` is not a text`;
  const missing = ['principal', 'actor', 'type', 'tool'].find((key) => value[key] === undefined);
  if (missing !== undefined) return `\`${missing}\` is missing`;
  const { codes, expires_at: expires, appeal } = value;
  if (appeal !== undefined && appeal !== true) return '`appeal` is nothing but true';
  if (!Array.isArray(codes) || codes.length === 0 || !(codes as readonly Json[]).every(isText))
    return '`codes` is not a list of the escalate reasons that it answers';
  const expiresMs = typeof expires === 'string' ? Date.parse(expires) : Number.NaN;
  if (!(expiresMs > nowMs && expiresMs <= nowMs + STANDING_SECONDS_MAX * 1000))
    return '`expires_at` is no time (RFC 3339) within the next year';
  if (value['arguments'] === undefined && value['other_arguments'] !== 'any')
    return '`arguments` is missing: name conditions, or say `other_arguments: "any"`';
  return limitsProblem(value);
}

function limitsProblem(value: JsonObject): string | undefined {
  const { uses, amount, arguments: conditions, other_arguments: others } = value;
  if (!(Number.isInteger(uses) && (uses as number) >= 1 && (uses as number) <= STANDING_USES_MAX))
    return `\`uses\` is no whole number from 1 to ${STANDING_USES_MAX}`;
  if (amount !== undefined && !(typeof amount === 'number' && amount > 0 && amount <= 9e9))
    return '`amount` is no positive number up to 9e9';
  if (others !== undefined && others !== 'none' && others !== 'any')
    return '`other_arguments` is neither none nor any';
  if (conditions === undefined) return undefined;
  if (!Array.isArray(conditions) || conditions.length > CONDITIONS_MAX)
    return `\`arguments\` is not a list of at most ${CONDITIONS_MAX} conditions`;
  return (conditions as readonly Json[]).map(conditionProblem).find((problem) => problem !== undefined);
}

function conditionProblem(value: Json): string | undefined {
  if (!isObject(value)) return 'a condition on an argument is not an object';
  const unknown = Object.keys(value).find((key) => !CONDITION_KEYS.includes(key));
  if (unknown !== undefined)
    return `a condition has no \`${unknown}\`: known are ${CONDITION_KEYS.join(', ')}`;
  const { at, one_of: oneOf, at_least: least, at_most: most, starts_with: start } = value;
  if (typeof at !== 'string' || !/^\/(?:[^~]|~[01])*$/.test(at)) return '`at` is no JSON Pointer';
  if (Object.keys(value).length === 1) return `the condition at \`${at}\` names nothing that must hold`;
  if (oneOf !== undefined && !Array.isArray(oneOf)) return '`one_of` is not a list';
  if ([least, most].some((bound) => bound !== undefined && typeof bound !== 'number'))
    return '`at_least` and `at_most` are numbers';
  return start !== undefined && typeof start !== 'string' ? '`starts_with` is not a text' : undefined;
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 1024;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
