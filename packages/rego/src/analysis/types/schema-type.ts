import { compileSchema } from '../../builtins/json-schema/compile.ts';
import { SchemaFault } from '../../builtins/json-schema/nodes.ts';
import type { Value } from '../../value/index.ts';
import { joinTypes } from './join-types.ts';
import type { Schema } from './schema-reader.ts';
import { readSchema } from './schema-reader.ts';
import type { MaybeType, RecursiveType, Type } from './type.ts';
import { ANY, arrayType, BOOLEAN, NUMBER, objectType, STRING } from './type.ts';

/** The type that a JSON Schema describes, or why there is none, in OPA's words. */
export function schemaType(schema: Value): Type | { readonly problem: string } {
  try {
    compileSchema(schema);
  } catch (caught) {
    if (!(caught instanceof SchemaFault)) throw caught;
    // What cannot be applied to a document can still say types.
    if (!caught.isUnsupported) return { problem: `unable to compile the schema: ${caught.message}` };
  }
  try {
    return new SchemaTyper().type(readSchema(schema));
  } catch (caught) {
    if (!(caught instanceof MergeFault)) throw caught;
    return { problem: `type checking: ${caught.message}` };
  }
}

/** Schemas that `allOf` cannot bring together. Thrown here and caught in {@link schemaType}. */
class MergeFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

interface Definition {
  type: MaybeType;
  recursive: RecursiveType | undefined;
  isOpen: boolean;
}

/** After OPA's `schemaParser`: definitions are typed once, one that meets itself becomes a recursive type. */
class SchemaTyper {
  readonly #definitions = new Map<string, Definition>();

  type(schema: Schema): Type {
    if (schema.reference === undefined) return this.#plain(schema);
    const { name, target } = schema.reference;
    const known = this.#definitions.get(name);
    if (known === undefined) return this.#define(name, target);
    if (!known.isOpen) return known.type ?? ANY;
    known.recursive ??= { kind: 'recursive', name, target: undefined };
    return known.recursive;
  }

  #define(name: string, target: Schema): Type {
    if (target.reference !== undefined) return this.type(target);
    const definition: Definition = { type: undefined, recursive: undefined, isOpen: true };
    this.#definitions.set(name, definition);
    const type = this.#plain(target);
    definition.isOpen = false;
    definition.type = type;
    if (definition.recursive !== undefined) definition.recursive.target = type;
    return type;
  }

  #plain(schema: Schema): Type {
    if (schema.anyOf !== undefined) return this.#anyOf(schema, schema.anyOf);
    if (schema.allOf !== undefined) return this.#allOf(schema, schema.allOf);
    return this.#ofTypes(schema);
  }

  #ofTypes(schema: Schema): Type {
    const has = (name: string): boolean => schema.types.includes(name);
    if (has('boolean')) return BOOLEAN;
    if (has('string')) return STRING;
    if (has('integer') || has('number')) return NUMBER;
    if (has('object')) return this.#object(schema);
    if (has('array')) return this.#array(schema);
    // Without a type of its own the schema is what its parts are for.
    if (schema.properties.length > 0) return this.#object(schema);
    return schema.items.length > 0 ? this.#array(schema) : ANY;
  }

  #object({ properties }: Schema): Type {
    if (properties.length === 0) return objectType([], { key: ANY, value: ANY });
    // Of two properties of one name the first found counts, as in OPA; it does not say which that is.
    return objectType(properties.map(({ name, schema }) => ({ key: name, value: this.type(schema) })));
  }

  #array({ items, hasSingleItem }: Schema): Type {
    if (items.length === 0) return arrayType([], ANY);
    if (hasSingleItem) return arrayType([], this.type(items[0]!));
    return arrayType(items.map((item) => this.type(item)));
  }

  #anyOf(schema: Schema, members: readonly Schema[]): Type {
    let union: MaybeType;
    if (schema.types.length > 0) {
      const { anyOf: _, ...own } = schema;
      const type = this.type(own);
      if (type.kind === 'object' && type.properties.length > 0 && type.rest === undefined) union = type;
    }
    for (const member of members) union = joinTypes(this.type(member), union);
    return union ?? ANY;
  }

  #allOf(schema: Schema, members: readonly Schema[]): Type {
    const parts = members.map(followed).filter((part) => !isBareUnion(part));
    if (parts.length === 0) return ANY;
    const merged = merge(parts);
    if (schema.types.length > 0) {
      const both = ['object', 'array'].some(
        (name) => schema.types.includes(name) && merged.types.includes(name),
      );
      if (both) return this.type(merge([merged, schema]));
      if (typesText(schema) !== typesText(merged)) throw new MergeFault('unable to merge these schemas');
    }
    return this.type(merged);
  }
}

function followed(schema: Schema): Schema {
  let plain = schema;
  while (plain.reference !== undefined) plain = plain.reference.target;
  return plain;
}

/** `anyOf` and nothing else: it has no type to be merged. */
function isBareUnion({ types, anyOf, properties, items }: Schema): boolean {
  return types.length === 0 && anyOf !== undefined && properties.length === 0 && items.length === 0;
}

function typesText({ types }: Schema): string {
  if (types.length === 0) return 'undefined';
  return types.length === 1 ? types[0]! : `[${types.join(',')}]`;
}

function merge(schemas: readonly Schema[]): Schema {
  const parts = schemas.map((schema) => ({
    ...schema,
    types: impliedTypes(schema),
    properties: [...schema.properties],
    items: [...schema.items],
  }));
  const [first, ...others] = parts as [Schema, ...Schema[]];
  for (const other of others) {
    if (typesText(first) !== typesText(other)) {
      throw new MergeFault(
        `unable to merge these schemas: type mismatch: ${typesText(first)} and ${typesText(other)}`,
      );
    }
    if (first.properties.length > 0 && other.properties.length > 0) {
      first.properties.push(...other.properties);
    } else if (first.items.length > 0 && other.items.length > 0) mergeItems(first, other);
  }
  return first;
}

function impliedTypes({ types, properties, items }: Schema): string[] {
  const implied = properties.length > 0 ? 'object' : items.length > 0 ? 'array' : undefined;
  return implied === undefined || types.includes(implied) ? types : [...types, implied];
}

function mergeItems(first: Schema, other: Schema): void {
  for (const [index, item] of other.items.entries()) {
    if (index >= first.items.length) first.items.push(item);
    if (typesText(first.items[index]!) !== typesText(item)) {
      throw new MergeFault('unable to merge these schemas');
    }
  }
}
