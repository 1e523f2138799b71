import type { Value } from '../value/index.ts';
import { fromJson, isObject, makeObject, toJson } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { isJson } from './encoding.ts';
import { fault } from './fault.ts';
import { compileSchema } from './json-schema/compile.ts';
import { SchemaFault } from './json-schema/nodes.ts';
import { validate } from './json-schema/validate.ts';

/** A document or schema: an object or array, or the JSON of anything. */
function document(value: Value): Value | BuiltinError {
  if (typeof value === 'string') {
    return isJson(value) ? (fromJson(value) ?? fault('invalid JSON string')) : fault('invalid JSON string');
  }
  const isComposite = isObject(value) || Array.isArray(value);
  return isComposite ? (fromJson(toJson(value)) ?? null) : fault('wrong type, expected string or object');
}

function schemaFault(caught: unknown): SchemaFault {
  if (caught instanceof SchemaFault) return caught;
  throw caught;
}

function verifySchema(_context: BuiltinContext, given: Value): BuiltinOutcome {
  const schema = document(given);
  if (schema instanceof BuiltinError) return [false, `jsonschema: ${schema.message}`];
  try {
    compileSchema(schema);
    return [true, null];
  } catch (caught) {
    const { message, isUnsupported } = schemaFault(caught);
    return isUnsupported ? fault(message) : [false, `jsonschema: ${message}`];
  }
}

function matchSchema(_context: BuiltinContext, given: Value, schemaGiven: Value): BuiltinOutcome {
  const value = document(given);
  if (value instanceof BuiltinError) return value;
  const schema = document(schemaGiven);
  if (schema instanceof BuiltinError) return schema;
  try {
    const mismatches = validate(compileSchema(schema), value);
    const shown = mismatches.map(({ type, field, desc }) =>
      makeObject([
        ['error', `${field}: ${desc}`],
        ['type', type],
        ['field', field],
        ['desc', desc],
      ]),
    );
    return [mismatches.length === 0, shown];
  } catch (caught) {
    return fault(schemaFault(caught).message);
  }
}

/** JSON Schema, draft-07. Source: OPA's `topdown/jsonschema.go`, `internal/gojsonschema`. */
export const JSON_SCHEMA: Family = {
  'json.verify_schema': { call: verifySchema, checked: 0 },
  'json.match_schema': { call: matchSchema, checked: 0 },
};
