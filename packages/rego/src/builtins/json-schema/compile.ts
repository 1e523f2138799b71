import { RE2JS, RE2JSException } from 're2js';
import type { NumberValue, ObjectValue, Value } from '../../value/index.ts';
import {
  compareNumbers,
  isInteger,
  isNumber,
  isObject,
  objectEntries,
  objectGet,
} from '../../value/index.ts';
import { textOfBytes } from '../bytes.ts';
import { parseIp } from '../ip-address.ts';
import type { SchemaNode } from './nodes.ts';
import { PRIMITIVE_TYPES, refuse, unsupported } from './nodes.ts';

/** Nesting of schemas. */
const DEPTH_MAX = 500;
const LIMITS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'];
const BOUNDS = ['multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
const DIALECTS = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;

type Check = (value: Value) => boolean;
const ofText =
  (holds: (text: string) => boolean): Check =>
  (value) =>
    typeof value !== 'string' || holds(value);

function isDate(text: string): boolean {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (found === null) return false;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const last = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= last;
}

/** The formats that are checked; a name that no draft knows asks for nothing. */
const FORMATS: Readonly<Record<string, Check>> = Object.freeze({
  date: ofText(isDate),
  ipv4: ofText((text) => text.includes('.') && parseIp(text)?.bits === 32),
  ipv6: ofText((text) => text.includes(':') && parseIp(text) !== undefined),
  uuid: ofText((text) => /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i.test(text)),
  regex: ofText((text) => compiledPattern(text) !== undefined),
});
const UNCHECKED_FORMATS = new Set([
  'time',
  'date-time',
  'hostname',
  'email',
  'idn-email',
  'uri',
  'uri-reference',
  'iri',
  'iri-reference',
  'uri-template',
  'json-pointer',
  'relative-json-pointer',
]);

function compiledPattern(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

function pattern(source: string): RE2JS {
  return compiledPattern(source) ?? refuse(`Invalid regex pattern '${source}'`);
}

function bytesOfPercents(text: string): Uint8Array {
  return Uint8Array.from(text.slice(1).split('%'), (digits) => Number.parseInt(digits, 16));
}

/** Reads one schema and, through `$ref`, others of the same document. */
class SchemaReader {
  readonly #root: Value;
  readonly #known = new Map<Value, SchemaNode>();
  #depth = 0;

  constructor(root: Value) {
    this.#root = root;
  }

  read(schema: Value): SchemaNode {
    if (typeof schema === 'boolean') return { pass: schema };
    if (!isObject(schema)) return refuse('schema must be of type object');
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    this.#depth++;
    if (this.#depth > DEPTH_MAX) unsupported('a schema nested so deeply');
    const node: SchemaNode = {};
    this.#known.set(schema, node);
    this.#dialect(schema);
    const reference = objectGet(schema, '$ref');
    if (reference !== undefined) this.#reference(node, reference);
    else this.#keywords(schema, node);
    this.#depth--;
    return node;
  }

  #dialect(schema: ObjectValue): void {
    const dialect = objectGet(schema, '$schema');
    if (dialect !== undefined && !(typeof dialect === 'string' && DIALECTS.test(dialect))) {
      unsupported('a `$schema` other than draft-07');
    }
    for (const name of ['$id', 'id']) {
      if (schema !== this.#root && typeof objectGet(schema, name) === 'string')
        unsupported(`\`${name}\` inside a schema`);
    }
  }

  #reference(node: SchemaNode, reference: Value): void {
    if (typeof reference !== 'string') refuse('$ref must be of type string');
    if (!reference.startsWith('#')) unsupported('a `$ref` to another document');
    if (/%(?![0-9a-fA-F]{2})/.test(reference)) unsupported('such a `$ref`');
    const path = reference
      .slice(1)
      .replace(/(?:%[0-9a-fA-F]{2})+/g, (found) => textOfBytes(bytesOfPercents(found)));
    if (path !== '' && !path.startsWith('/')) unsupported('a `$ref` by name');
    let target: Value = this.#root;
    for (const step of path.split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      let next: Value | undefined;
      if (Array.isArray(target)) next = (target as readonly Value[])[Number(name)];
      else next = isObject(target) ? objectGet(target, name) : undefined;
      target = next === undefined ? refuse(`Object has no key '${name}'`) : next;
    }
    const read = this.read(target);
    node.target = () => read;
  }

  #keywords(schema: ObjectValue, node: SchemaNode): void {
    for (const [name, value] of objectEntries(schema)) {
      const reader = typeof name === 'string' && Object.hasOwn(READERS, name) ? READERS[name] : undefined;
      reader?.(this, node, value, name as string);
    }
    exclusiveFlags(schema, node);
  }
}

type KeywordReader = (reader: SchemaReader, node: SchemaNode, value: Value, name: string) => void;

function object(value: Value, name: string): ObjectValue {
  return isObject(value)
    ? value
    : refuse(`${name === 'properties' ? 'Properties' : name} must be of type object`);
}

function array(value: Value, name: string): readonly Value[] {
  return Array.isArray(value) ? value : refuse(`${name} must be of an array`);
}

function texts(value: Value, name: string): readonly string[] {
  const members = array(value, name);
  if (!members.every((member) => typeof member === 'string')) refuse(`${name} items must be string`);
  if (new Set(members).size < members.length) refuse(`${name} items must be unique`);
  return members as readonly string[];
}

function schemaMap(reader: SchemaReader, value: Value, name: string): Map<string, SchemaNode> {
  return new Map(
    objectEntries(object(value, name)).map(([key, member]) => [String(key), reader.read(member)]),
  );
}

function schemaList(reader: SchemaReader, value: Value, name: string): readonly SchemaNode[] {
  const members = array(value, name);
  return members.map((member) => reader.read(member));
}

function readTypes(_reader: SchemaReader, node: SchemaNode, value: Value): void {
  const names = Array.isArray(value) ? (value as readonly Value[]) : [value];
  const types: string[] = [];
  for (const name of names) {
    if (typeof name !== 'string') refuse('Invalid type. Expected: type, given: string/Array Of Strings');
    if (!(PRIMITIVE_TYPES as readonly string[]).includes(name)) {
      refuse(
        `has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[${PRIMITIVE_TYPES.join(' ')}]`,
      );
    }
    if (types.includes(name)) refuse(`${name} type is duplicated`);
    types.push(name);
  }
  node.types = types;
}

function readLimit(_reader: SchemaReader, node: SchemaNode, value: Value, name: string): void {
  if (!isNumber(value) || !isInteger(value)) refuse(`${name} must be of an integer`);
  if (compareNumbers(value, 0) < 0) refuse(`${name} must be greater than or equal to 0`);
  node.limits = new Map([...(node.limits ?? []), [name, Number(value)]]);
}

function readBound(_reader: SchemaReader, node: SchemaNode, value: Value, name: string): void {
  if (typeof value === 'boolean' && name.startsWith('exclusive')) return;
  if (!isNumber(value)) refuse(`${name} must be of a number`);
  if (name === 'multipleOf' && compareNumbers(value, 0) <= 0)
    refuse('multipleOf must be strictly greater than 0');
  node.bounds = new Map([...(node.bounds ?? []), [name, value]]);
}

/** `exclusiveMinimum: true` of draft 4 turns the minimum itself into an exclusive one. */
function exclusiveFlags(schema: ObjectValue, node: SchemaNode): void {
  for (const [flag, limit] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const value = objectGet(schema, flag);
    if (typeof value !== 'boolean') continue;
    const bound = node.bounds?.get(limit);
    if (bound === undefined) refuse(`${flag} cannot be used without ${limit}`);
    if (!value) continue;
    const bounds = new Map<string, NumberValue>(node.bounds);
    bounds.delete(limit);
    bounds.set(flag, bound as NumberValue);
    node.bounds = bounds;
  }
}

function readDependencies(reader: SchemaReader, node: SchemaNode, value: Value, name: string): void {
  node.dependencies = new Map(
    objectEntries(object(value, name)).map(([key, member]) => [
      String(key),
      Array.isArray(member) ? texts(member, name) : reader.read(member),
    ]),
  );
}

function readFormat(_reader: SchemaReader, node: SchemaNode, value: Value): void {
  if (typeof value !== 'string') refuse('format must be of type string');
  if (UNCHECKED_FORMATS.has(value)) unsupported(`the format \`${value}\``);
  const holds = Object.hasOwn(FORMATS, value) ? FORMATS[value] : undefined;
  if (holds !== undefined) node.format = { name: value, holds };
}

function readItems(reader: SchemaReader, node: SchemaNode, value: Value): void {
  if (Array.isArray(value)) node.itemList = (value as readonly Value[]).map((member) => reader.read(member));
  else if (isObject(value) || typeof value === 'boolean') node.items = reader.read(value);
  else refuse('Invalid type. Expected: Valid Schema/Array Of Schemas, given: items');
}

const one =
  (name: 'contains' | 'propertyNames' | 'not' | 'if' | 'then' | 'else'): KeywordReader =>
  (reader, node, value) => {
    node[name] = reader.read(value);
  };
const several =
  (name: 'allOf' | 'anyOf' | 'oneOf'): KeywordReader =>
  (reader, node, value) => {
    node[name] = schemaList(reader, value, name);
  };
const rest =
  (name: 'additionalProperties' | 'additionalItems'): KeywordReader =>
  (reader, node, value) => {
    node[name] = typeof value === 'boolean' ? value : reader.read(object(value, name));
  };

/** Keywords of draft-07, and of draft 4 where they differ. */
const READERS: Readonly<Record<string, KeywordReader>> = Object.freeze({
  type: readTypes,
  properties: (reader, node, value, name) => {
    node.properties = schemaMap(reader, value, name);
  },
  patternProperties: (reader, node, value, name) => {
    const members = [...schemaMap(reader, value, name)];
    node.patternProperties = members.map(([source, member]) => [pattern(source), member] as const);
  },
  additionalProperties: rest('additionalProperties'),
  additionalItems: rest('additionalItems'),
  required: (_reader, node, value, name) => {
    node.required = texts(value, name);
  },
  dependencies: readDependencies,
  definitions: (reader, _node, value, name) => {
    schemaMap(reader, value, name);
  },
  items: readItems,
  uniqueItems: (_reader, node, value) => {
    node.uniqueItems = typeof value === 'boolean' ? value : refuse('uniqueItems must be of a boolean');
  },
  pattern: (_reader, node, value) => {
    if (typeof value !== 'string') refuse('pattern must be of a string');
    node.pattern = {
      source: value,
      compiled: compiledPattern(value) ?? refuse('pattern must be a valid regex'),
    };
  },
  format: readFormat,
  const: (_reader, node, value) => {
    node.const = value;
  },
  enum: (_reader, node, value, name) => {
    node.enum = array(value, name);
  },
  contains: one('contains'),
  propertyNames: one('propertyNames'),
  not: one('not'),
  if: one('if'),
  // biome-ignore lint/suspicious/noThenProperty: the keyword's name; nobody waits for this table
  then: one('then'),
  else: one('else'),
  allOf: several('allOf'),
  anyOf: several('anyOf'),
  oneOf: several('oneOf'),
  ...Object.fromEntries(LIMITS.map((name) => [name, readLimit])),
  ...Object.fromEntries(BOUNDS.map((name) => [name, readBound])),
});

/** Reads a schema of draft-07; a fault is thrown. Remote documents are never fetched. */
export function compileSchema(schema: Value): SchemaNode {
  if (!isObject(schema) && typeof schema !== 'boolean') refuse('schema is invalid');
  return new SchemaReader(schema).read(schema);
}
