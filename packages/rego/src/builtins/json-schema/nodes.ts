import type { RE2JS } from 're2js';
import type { NumberValue, Value } from '../../value/index.ts';

export const PRIMITIVE_TYPES = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string'] as const;

/** A schema, read. A member that is absent asks for nothing. */
export interface SchemaNode {
  /** Of the schemas `true` and `false`. */
  pass?: boolean;
  /** What a `$ref` leads to; everything beside it counts for nothing. */
  target?: () => SchemaNode;
  types?: readonly string[];
  properties?: ReadonlyMap<string, SchemaNode>;
  patternProperties?: readonly (readonly [RE2JS, SchemaNode])[];
  additionalProperties?: boolean | SchemaNode;
  propertyNames?: SchemaNode;
  required?: readonly string[];
  dependencies?: ReadonlyMap<string, readonly string[] | SchemaNode>;
  /** One schema for all items. */
  items?: SchemaNode;
  /** A schema for each item. */
  itemList?: readonly SchemaNode[];
  additionalItems?: boolean | SchemaNode;
  contains?: SchemaNode;
  uniqueItems?: boolean;
  /** Limits of sizes, by keyword. */
  limits?: ReadonlyMap<string, number>;
  /** Limits of numbers, by keyword; `exclusive…` only where it is a number. */
  bounds?: ReadonlyMap<string, NumberValue>;
  pattern?: { readonly source: string; readonly compiled: RE2JS };
  format?: { readonly name: string; readonly holds: (value: Value) => boolean };
  const?: Value;
  enum?: readonly Value[];
  allOf?: readonly SchemaNode[];
  anyOf?: readonly SchemaNode[];
  oneOf?: readonly SchemaNode[];
  not?: SchemaNode;
  if?: SchemaNode;
  then?: SchemaNode;
  else?: SchemaNode;
}

/** Why a schema is none. Thrown inside this folder and caught at its edge. */
export class SchemaFault {
  readonly message: string;
  /** It may well be a schema, but not one that this engine can apply. */
  readonly isUnsupported: boolean;

  constructor(message: string, isUnsupported: boolean) {
    this.message = message;
    this.isUnsupported = isUnsupported;
  }
}

/** The schema is wrong. */
export function refuse(message: string): never {
  throw new SchemaFault(message, false);
}

/** The schema asks for what this engine does not have. */
export function unsupported(what: string): never {
  throw new SchemaFault(`${what} is not supported by this engine`, true);
}
