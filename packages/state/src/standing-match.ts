import {
  type ArgumentCondition,
  canonicalJson,
  type Json,
  type JsonObject,
  parsePointer,
  type StandingGrant,
} from '@writ/decision';

/** A call as a standing permission is held against it. */
export interface StandingCall
  extends Pick<StandingGrant, 'tenant' | 'principal' | 'actor' | 'type' | 'tool' | 'server' | 'tool_digest'> {
  /** In the form in which they would be forwarded. */
  readonly args: JsonObject;
  readonly arg_hash: string;
  readonly forwarded_hash: string;
  readonly amount?: number;
  /** Codes of all reasons that a person would be asked about. */
  readonly codes: readonly string[];
  /** These are reasons of denials that offer an appeal. */
  readonly appealed: boolean;
}

const NAMES = ['principal', 'actor', 'tool', 'server'] as const;

/** Whether a permission covers a call, leaving aside how much of it is left. Anything that is not said is not covered. */
export function coversCall(grant: StandingGrant, call: StandingCall): boolean {
  if (grant.tenant !== call.tenant || grant.type !== call.type) return false;
  if ((grant.appeal === true) !== call.appealed) return false;
  if (!NAMES.every((name) => matches(grant[name], call[name]))) return false;
  if (grant.tool_digest !== undefined && grant.tool_digest !== call.tool_digest) return false;
  if (call.codes.length === 0 || !call.codes.every((code) => grant.codes.includes(code))) return false;
  if (grant.amount !== undefined && !(call.amount !== undefined && call.amount >= 0)) return false;
  if (grant.call !== undefined)
    return grant.call.arg_hash === call.arg_hash && grant.call.forwarded_hash === call.forwarded_hash;
  const conditions = grant.arguments ?? [];
  return (
    conditions.every((condition) => holds(condition, call.args)) &&
    (grant.other_arguments === 'any' || coversAll(conditions, call.args))
  );
}

function matches(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined || value === undefined) return pattern === value;
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

function holds(condition: ArgumentCondition, args: JsonObject): boolean {
  const { at, equals, one_of: oneOf, at_least: least, at_most: most, starts_with: start } = condition;
  const value = valueAt(args, at);
  if (value === undefined) return false;
  const is = (other: Json) => canonicalJson(value) === canonicalJson(other);
  return (
    (equals === undefined || is(equals)) &&
    (oneOf === undefined || oneOf.some(is)) &&
    (least === undefined || (typeof value === 'number' && value >= least)) &&
    (most === undefined || (typeof value === 'number' && value <= most)) &&
    (start === undefined || (typeof value === 'string' && value.startsWith(start)))
  );
}

function valueAt(args: JsonObject, pointer: string): Json | undefined {
  return parsePointer(pointer)?.reduce<Json | undefined>((value, step) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    return Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(step) ? undefined : (value as JsonObject)[step];
  }, args);
}

/** Whether every argument, or what it is made of, stands under a condition. */
function coversAll(conditions: readonly ArgumentCondition[], args: JsonObject): boolean {
  const pointers = new Set(conditions.map(({ at }) => JSON.stringify(parsePointer(at))));
  const covered = (value: Json, path: readonly string[]): boolean => {
    if (path.length > 0 && pointers.has(JSON.stringify(path))) return true;
    if (typeof value !== 'object' || value === null) return false;
    const members = Object.entries(value as JsonObject);
    return (
      (members.length > 0 || path.length === 0) &&
      members.every(([key, each]) => covered(each, [...path, key]))
    );
  };
  return covered(args, []);
}
