import type { Json } from '@writ/decision';

/** What JSON cannot be as Cedar; the request is refused then. */
export class NotCedarError extends Error {}

/** An entity that Writ names itself: never made of what a caller sent. */
export class EntityReference {
  readonly type: string;
  readonly id: string;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }
}

export type Convertible =
  | Json
  | EntityReference
  | undefined
  | readonly Convertible[]
  | { readonly [name: string]: Convertible };

/** Members that Cedar reads as something else than a record: whoever could write them could name any entity. */
const ESCAPES: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr']);

const LONG_MAX = Number.MAX_SAFE_INTEGER;
/** Cedar's decimals have four places and fit into 64 bits. */
const DECIMAL_PLACES = 4;
const DECIMAL_MAX = 900_000_000_000_000;

/**
 * A value as Cedar's JSON: `null` is absent, integers are longs, other numbers decimals, and a number that is neither
 * stays as its text, which no comparison of numbers takes. Throws {@link NotCedarError}.
 */
export function toCedar(value: Convertible): Json | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return numberToCedar(value);
  if (typeof value !== 'object') return value;
  if (value instanceof EntityReference) return { __entity: { type: value.type, id: value.id } };
  if (Array.isArray(value)) return (value as readonly Convertible[]).flatMap((item) => toCedar(item) ?? []);
  return recordToCedar(value as { readonly [name: string]: Convertible }, toCedar);
}

/** A record, each member by `convert`; what that leaves out is absent. */
export function recordToCedar(
  value: { readonly [name: string]: Convertible },
  convert: (member: Convertible, name: string) => Json | undefined,
): { [name: string]: Json } {
  const record: { [name: string]: Json } = {};
  for (const [name, member] of Object.entries(value)) {
    if (ESCAPES.has(name))
      throw new NotCedarError(`a member is called \`${name}\`, which Cedar reads as something else`);
    const converted = convert(member, name);
    if (converted !== undefined) record[name] = converted;
  }
  return record;
}

function numberToCedar(value: number): Json {
  if (Number.isInteger(value)) return Math.abs(value) <= LONG_MAX ? value : String(value);
  const text = decimalText(value);
  return text === undefined ? String(value) : { __extn: { fn: 'decimal', arg: text } };
}

/** `12.5` or `3.0`; undefined where four places do not hold it. */
export function decimalText(value: number): string | undefined {
  const text = String(value);
  if (Math.abs(value) > DECIMAL_MAX || !/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  const [, places = ''] = text.split('.');
  if (places.length > DECIMAL_PLACES) return undefined;
  return places === '' ? `${text}.0` : text;
}
