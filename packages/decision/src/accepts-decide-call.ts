import { ACTION_TYPES, type DecideCall } from './contract.ts';

/**
 * Says quickly of most calls of `decide` that they are valid: true only where `decideCallSchema` accepts the value as it
 * is; false says nothing, and the schema is asked. The common members of the contract stand here a second time because
 * the schema takes as long as a small policy; a property test holds the two together. Takes a copy that
 * `checkStrictValue` made: plain objects, no accessors.
 */
export function acceptsDecideCall(value: unknown): value is DecideCall {
  return decideCall(value);
}

type Check = (value: unknown) => boolean;

/** An object with the required members and no others than these; objects without a prototype, so that no name is special. */
function shape(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>>): Check {
  const checks: ReadonlyMap<string, Check> = new Map(Object.entries({ ...optional, ...required }));
  const needed = Object.keys(required);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const key of Object.keys(value)) {
      const check = checks.get(key);
      if (check === undefined || !check((value as Record<string, unknown>)[key])) return false;
    }
    for (const key of needed) if (!Object.hasOwn(value, key)) return false;
    return true;
  };
}

const text = (lengthMax: number): Check => {
  return (value) => typeof value === 'string' && value.length > 0 && value.length <= lengthMax;
};
const name = text(2048);
const names: Check = (value) => Array.isArray(value) && value.every(name);
/** That it consists of JSON was seen when it was copied. */
const anObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const truth: Check = (value) => typeof value === 'boolean';
const oneOf = (values: readonly string[]): Check => {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) => known.has(value);
};
const sha256: Check = (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);

const principal = shape(
  { id: name },
  {
    kind: oneOf(['user', 'service', 'agent']),
    tenant: name,
    groups: names,
    scopes: names,
    data_classifications_authorized: names,
    attributes: anObject,
  },
);

const actor = shape(
  { id: name },
  {
    class: name,
    scope: name,
    owner_team: name,
    version: name,
    attested: truth,
    capabilities: names,
  },
);

/** Only calls are decided. */
const action = shape(
  { type: oneOf(ACTION_TYPES), phase: oneOf(['call']) },
  { tool: name, server: name, args: anObject, data_classes_referenced: names },
);

const context = shape(
  {},
  {
    session_id: name,
    conversation_id: name,
    task_id: name,
    step_up_verified: truth,
    trace_id: name,
  },
);

const environment = shape({}, { region: name, is_production: truth });

const decideCall = shape(
  { request: shape({ principal, actor, action }, { context, environment }) },
  { idempotency_key: text(256), tool_digest: sha256, approval_id: text(256) },
);
