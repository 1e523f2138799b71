import type { Json, JsonObject } from '@writ/decision';

/** One thing that a mask does to an event; paths begin with `/input`, `/result` or `/nd_builtin_cache`. */
export type MaskRule =
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'upsert'; readonly path: string; readonly value: Json };

/** Parts of an event that may be masked. */
const MASKABLE = ['input', 'result', 'nd_builtin_cache'];

/** Reads what `data.system.log.mask` answers: paths, or objects with `op`, `path` and `value`; undefined where it is else. */
export function readMasks(answer: Json): readonly MaskRule[] | undefined {
  if (!Array.isArray(answer)) return undefined;
  const rules = (answer as readonly Json[]).map(readMask);
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

/** Whether a path names a part of an event that may be masked. */
export function isMaskPath(path: string): boolean {
  const [first, part = ''] = path.split('/');
  return first === '' && MASKABLE.includes(part);
}

function readMask(item: Json): MaskRule | undefined {
  if (typeof item === 'string') return isMaskPath(item) ? { op: 'remove', path: item } : undefined;
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const { op, path, value } = item as JsonObject;
  if (typeof path !== 'string' || !isMaskPath(path)) return undefined;
  if (op === 'remove') return { op, path };
  return op === 'upsert' && value !== undefined ? { op, path, value } : undefined;
}

/** The event with these rules applied in order; what a path does not find is left alone. */
export function applyMasks(event: JsonObject, rules: readonly MaskRule[]): JsonObject {
  return rules.reduce((masked, rule) => replaceAt(masked, partsOf(rule.path), rule) as JsonObject, event);
}

/** Parts of a path are escaped as in URLs, as OPA has it. */
function partsOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

function replaceAt(value: Json, parts: readonly string[], rule: MaskRule): Json {
  const [part, ...rest] = parts;
  if (part === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return replaceInArray(value as readonly Json[], part, rest, rule);
  const object = value as JsonObject;
  const present = Object.hasOwn(object, part) ? object[part] : undefined;
  if (rest.length === 0) {
    if (rule.op === 'upsert') return { ...object, [part]: rule.value };
    const { [part]: _removed, ...kept } = object;
    return kept;
  }
  // What is put at a path that is not there yet makes the way to it.
  const below = present ?? (rule.op === 'upsert' ? {} : undefined);
  return below === undefined ? object : { ...object, [part]: replaceAt(below, rest, rule) };
}

function replaceInArray(items: readonly Json[], part: string, rest: readonly string[], rule: MaskRule): Json {
  const index = Number(part);
  const item = items[index];
  if (!/^(0|[1-9]\d*)$/.test(part) || item === undefined) return items as Json;
  if (rest.length > 0) return items.with(index, replaceAt(item, rest, rule)) as Json;
  return (rule.op === 'upsert' ? items.with(index, rule.value) : items.toSpliced(index, 1)) as Json;
}
