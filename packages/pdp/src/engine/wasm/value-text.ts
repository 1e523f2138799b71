import {
  fromJson,
  makeObject,
  objectEntries,
  RegoNumber,
  type RegoObject,
  RegoSet,
  type Value,
  valueText,
} from '@writ/rego';

/**
 * Values as OPA's Wasm modules write and read them (`opa_value_dump`, `opa_value_parse`): JSON, with sets (`{1, 2}`,
 * `set()`) and keys of every type. Plain JSON would turn sets into arrays on their way to a builtin.
 */
export function writeValue(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object' || value instanceof RegoNumber) return valueText(value);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(writeValue).join(',')}]`;
  if (value instanceof RegoSet)
    return value.size === 0 ? 'set()' : `{${value.sorted().map(writeValue).join(',')}}`;
  const pairs = objectEntries(value as RegoObject);
  return `{${pairs.map(([key, member]) => `${writeValue(key)}:${writeValue(member)}`).join(',')}}`;
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const WORD = /-?\d[\d.eE+-]*|null|true|false|set\(\)/y;

/** Reads what a module wrote; undefined where it is not in that form. */
export function readValue(text: string): Value | undefined {
  const reader = { text, at: 0 };
  try {
    const value = readOne(reader);
    take(reader, SPACE);
    return reader.at === text.length ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Reader {
  readonly text: string;
  at: number;
}

function take(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

function takes(reader: Reader, sign: string): boolean {
  take(reader, SPACE);
  if (reader.text[reader.at] !== sign) return false;
  reader.at += 1;
  return true;
}

function readOne(reader: Reader): Value {
  if (takes(reader, '[')) return readItems(reader, ']', () => readOne(reader));
  if (takes(reader, '{')) return readBraces(reader);
  const scalar = take(reader, STRING) ?? take(reader, WORD);
  if (scalar === 'set()') return RegoSet.from([]);
  const value = scalar === undefined ? undefined : fromJson(scalar);
  if (value === undefined) throw new SyntaxError('not a value');
  return value;
}

/** A set, or an object: its first member tells. */
function readBraces(reader: Reader): Value {
  const members = readItems(reader, '}', () => {
    const key = readOne(reader);
    return takes(reader, ':') ? ([key, readOne(reader)] as const) : ([key] as const);
  });
  const pairs = members.filter((member) => member.length === 2);
  if (pairs.length === members.length) return makeObject(pairs);
  if (pairs.length > 0) throw new SyntaxError('a set with pairs');
  return RegoSet.from(members.map(([key]) => key));
}

function readItems<Item>(reader: Reader, end: string, readItem: () => Item): Item[] {
  const items: Item[] = [];
  if (takes(reader, end)) return items;
  for (;;) {
    items.push(readItem());
    if (takes(reader, end)) return items;
    if (!takes(reader, ',')) throw new SyntaxError('`,` is missing');
  }
}
