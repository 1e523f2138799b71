import { Boxed } from './boxed.ts';
import type { Value } from './value.ts';

/** Rego's names of the types, in the order in which values of different types stand. */
export type TypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

/** The type of a value. */
export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'array';
      return value instanceof Boxed ? value.kind : 'object';
  }
}

/** Whether a body goes on: everything but undefined and `false`. */
export function truthy(value: Value | undefined): value is Value {
  return value !== undefined && value !== false;
}

/** Whether a value has no members: large numbers, which are objects in JavaScript, are scalars too. */
export function isScalar(value: Value): boolean {
  const name = typeName(value);
  return name !== 'array' && name !== 'set' && name !== 'object';
}
