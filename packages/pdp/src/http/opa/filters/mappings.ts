import type { Json, JsonObject } from '@writ/decision';

/** Names of tables and columns, where they are not those of the policy: `{fruits: {$self: "f", name: "n"}}`. */
export type Mappings = { readonly [table: string]: Json } | undefined;

/** Mappings that are not as they must be; the message is OPA's. */
export class MappingsError extends Error {}

/** The mappings of one dialect, else of its target, else those for all. */
export function mappingsFor(mappings: Mappings, target: string, dialect: string): Mappings {
  if (mappings === undefined) return undefined;
  for (const [name, what] of [
    [dialect, 'dialect'],
    [target, 'target'],
  ] as const) {
    const own = Object.hasOwn(mappings, name) ? mappings[name] : undefined;
    if (own === undefined || own === null) continue;
    if (!isObject(own)) throw new MappingsError(`mappings: invalid mappings for ${what} ${name}`);
    return checked(own);
  }
  return checked(mappings);
}

function checked(mappings: NonNullable<Mappings>): Mappings {
  for (const [table, columns] of Object.entries(mappings).sort()) {
    if (!isObject(columns)) continue;
    for (const [column, name] of Object.entries(columns).sort()) {
      if (typeof name === 'string') continue;
      if (isObject(name) && column !== '$self' && column !== '$table') continue;
      throw new MappingsError(`mappings: invalid mappings: ${table}.${column}: expected string`);
    }
  }
  return mappings;
}

/** Fields that are columns by themselves, without a table: those that a mapping gives one by `$table`. */
export function shortsOf(mappings: Mappings): ReadonlySet<string> {
  const inner = Object.values(mappings ?? {}).filter(isObject);
  return new Set(
    inner.flatMap((each) =>
      Object.entries(each).flatMap(([name, value]) => (isObject(value) && '$table' in value ? [name] : [])),
    ),
  );
}

/** `TABLE.COLUMN` of the steps below `input`. */
export function columnOf(steps: readonly string[], mappings: Mappings): string {
  if (mappings === undefined) return steps.join('.');
  let [table = '', ...rest] = steps.join('.').split('.');
  let column: string | undefined = rest.length === 0 ? undefined : rest.join('.');
  const short = textAt(mappings, table, '$table');
  if (short !== undefined) [table, column] = [short, table];
  const name = column === undefined ? undefined : (textAt(mappings, table, column) ?? column);
  const self = textAt(mappings, table, '$self') ?? table;
  return name === undefined ? self : `${self}.${name}`;
}

function textAt(mappings: NonNullable<Mappings>, table: string, name: string): string | undefined {
  const columns = Object.hasOwn(mappings, table) ? mappings[table] : undefined;
  if (!isObject(columns) || !Object.hasOwn(columns, name)) return undefined;
  const found = columns[name];
  return typeof found === 'string' ? found : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
