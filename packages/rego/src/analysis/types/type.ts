import type { Value } from '../../value/index.ts';
import { compare } from '../../value/index.ts';

/**
 * Types of the checker, after OPA's (`v1/types`). `undefined` in place of a type means that it is not known yet.
 * Unions are `any` with members, sorted and without duplicates; `any` without members is everything.
 */
export type Type = ScalarType | AnyType | ArrayType | ObjectType | SetType | FunctionType | RecursiveType;
export type MaybeType = Type | undefined;

export interface ScalarType {
  readonly kind: 'null' | 'boolean' | 'number' | 'string';
}
export interface AnyType {
  readonly kind: 'any';
  readonly members: readonly Type[];
}
/** Known items, then any number of `rest`. */
export interface ArrayType {
  readonly kind: 'array';
  readonly items: readonly MaybeType[];
  readonly rest: MaybeType;
}
export interface Property {
  readonly key: Value;
  readonly value: MaybeType;
}
export interface ObjectType {
  readonly kind: 'object';
  /** Known properties, sorted by key. */
  readonly properties: readonly Property[];
  readonly rest: { readonly key: MaybeType; readonly value: MaybeType } | undefined;
}
/** Without `of` the empty set. */
export interface SetType {
  readonly kind: 'set';
  readonly of: MaybeType;
}
export interface FunctionType {
  readonly kind: 'function';
  readonly args: readonly MaybeType[];
  readonly result: MaybeType;
  /** Type of any number of further arguments. */
  readonly variadic: MaybeType;
  /** How a builtin's operands and its result are called, in order. */
  readonly names?: readonly string[];
}
/** A type that contains itself (recursive JSON Schemas). The target is set once it is known. */
export interface RecursiveType {
  readonly kind: 'recursive';
  readonly name: string;
  target: MaybeType;
}

export const NULL: Type = Object.freeze({ kind: 'null' });
export const BOOLEAN: Type = Object.freeze({ kind: 'boolean' });
export const NUMBER: Type = Object.freeze({ kind: 'number' });
export const STRING: Type = Object.freeze({ kind: 'string' });
export const ANY: AnyType = Object.freeze({ kind: 'any', members: Object.freeze([]) });

export function arrayType(items: readonly MaybeType[], rest?: MaybeType): ArrayType {
  return { kind: 'array', items, rest };
}

export function setType(of: MaybeType): SetType {
  return { kind: 'set', of };
}

export function objectType(properties: readonly Property[], rest?: ObjectType['rest']): ObjectType {
  return { kind: 'object', properties: isSorted(properties) ? properties : sorted(properties), rest };
}

export function functionType(
  args: readonly MaybeType[],
  result: MaybeType,
  variadic?: MaybeType,
  names?: readonly string[],
): FunctionType {
  return { kind: 'function', args, result, variadic, ...(names !== undefined && { names }) };
}

function isSorted(properties: readonly Property[]): boolean {
  return properties.every(({ key }, index) => index === 0 || compare(properties[index - 1]!.key, key) <= 0);
}

function sorted(properties: readonly Property[]): Property[] {
  return [...properties].sort((a, b) => compare(a.key, b.key));
}

/** The type behind a recursive one. */
export function unwrap(type: MaybeType): MaybeType {
  return type?.kind === 'recursive' ? type.target : type;
}

/** Whether the type is everything. */
export function isAny(type: MaybeType): boolean {
  return type?.kind === 'any' && type.members.length === 0;
}
