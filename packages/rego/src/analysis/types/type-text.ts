import { isObject, objectEntries, RegoSet, type Value, valueText } from '../../value/index.ts';
import type { FunctionType, MaybeType, Type } from './type.ts';

/** How a type is written in messages (OPA's `types.Sprint`). */
export function typeText(type: MaybeType): string {
  return type === undefined ? '???' : TEXTS[type.kind](type as never);
}

const TEXTS: { readonly [K in Type['kind']]: (type: Extract<Type, { kind: K }>) => string } = {
  null: () => 'null',
  boolean: () => 'boolean',
  number: () => 'number',
  string: () => 'string',
  any: ({ members }) => unionText(members.map(typeText)),
  array: ({ items, rest }) =>
    compositeText('array', items.map(typeText), rest === undefined ? '' : typeText(rest)),
  object: ({ properties, rest }) =>
    compositeText(
      'object',
      properties.map(({ key, value }) => propertyText(key, typeText(value))),
      rest === undefined ? '' : `${typeText(rest.key)}: ${typeText(rest.value)}`,
    ),
  set: ({ of }) => (of === undefined ? 'set' : `set[${typeText(of)}]`),
  function: (type) => functionText(argumentTexts(type, typeText), typeText(type.result)),
  recursive: ({ name }) => `recursive(${name})`,
};

/** `array<…>[…]`, `object<…>[…]`. */
export function compositeText(name: string, known: readonly string[], rest: string): string {
  const members = known.length > 0 ? `<${known.join(', ')}>` : '';
  return `${name}${members}${rest === '' ? '' : `[${rest}]`}`;
}

export function unionText(members: readonly string[]): string {
  return members.length === 0 ? 'any' : `any<${members.join(', ')}>`;
}

export function functionText(args: readonly string[], result: string): string {
  return `(${args.join(', ')}) => ${result}`;
}

export function propertyText(key: Value, value: string): string {
  return `${keyText(key)}: ${value}`;
}

export function argumentTexts(type: FunctionType, text: (type: MaybeType) => string): string[] {
  const args = type.args.map(text);
  return type.variadic === undefined ? args : [...args, `${text(type.variadic)}...`];
}

/** A property's key as Go prints the value that it becomes in JSON. */
function keyText(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null) return '<nil>';
  if (Array.isArray(key)) return `[${key.map(keyText).join(' ')}]`;
  if (key instanceof RegoSet) return `[${key.sorted().map(keyText).join(' ')}]`;
  if (isObject(key)) {
    return `map[${objectEntries(key)
      .map(([name, value]) => propertyText(name, keyText(value)).replace(': ', ':'))
      .join(' ')}]`;
  }
  return valueText(key);
}

/** A type as OPA writes it in JSON. */
export function typeJson(type: MaybeType): unknown {
  switch (type?.kind) {
    case undefined:
      return null;
    case 'any':
      return { type: 'any', ...(type.members.length > 0 && { of: type.members.map(typeJson) }) };
    case 'array':
      return {
        type: 'array',
        ...(type.items.length > 0 && { static: type.items.map(typeJson) }),
        ...(type.rest !== undefined && { dynamic: typeJson(type.rest) }),
      };
    case 'object':
      return {
        type: 'object',
        ...(type.properties.length > 0 && {
          static: type.properties.map(({ key, value }) => ({ key, value: typeJson(value) })),
        }),
        ...(type.rest !== undefined && {
          dynamic: { key: typeJson(type.rest.key), value: typeJson(type.rest.value) },
        }),
      };
    case 'set':
      return { type: 'set', ...(type.of !== undefined && { of: typeJson(type.of) }) };
    case 'function':
      return {
        type: 'function',
        ...(type.args.length > 0 && { args: type.args.map(typeJson) }),
        ...(type.result !== undefined && { result: typeJson(type.result) }),
        ...(type.variadic !== undefined && { variadic: typeJson(type.variadic) }),
      };
    case 'recursive':
      return { name: type.name };
    default:
      return { type: type!.kind };
  }
}
