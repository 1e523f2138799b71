import type { ObjectValue, Value } from '../value/index.ts';
import { fromJson, isObject, objectEntries, quote, RegoSet, toJson, valueText } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { TemplateFault } from './template/nodes.ts';
import { parseTemplate } from './template/parse.ts';
import { runTemplate } from './template/run.ts';

function render(_context: BuiltinContext, source: string, data: ObjectValue): BuiltinOutcome {
  try {
    const unreadable = findUnreadable(data);
    if (unreadable !== undefined) return fault(unreadable);
    const nodes = parseTemplate(source);
    const output = runTemplate(nodes, fromJson(toJson(data)) ?? null);
    return output.replaceAll('<no value>', '<undefined>');
  } catch (caught) {
    if (caught instanceof TemplateFault) return fault(caught.message);
    throw caught;
  }
}

/** OPA reads the variables as JSON from their text in Rego, which has escapes, sets and keys that JSON does not have. */
function findUnreadable(value: Value): string | undefined {
  if (typeof value === 'string') return findEscape(value);
  if (Array.isArray(value)) return firstFound(value as readonly Value[], findUnreadable);
  if (value instanceof RegoSet) {
    if (value.size === 0) return "invalid character 's' looking for beginning of value";
    const mark = value.size === 1 ? '}' : ',';
    return findInKey(value.sorted()[0]!) ?? `invalid character '${mark}' after object key`;
  }
  if (!isObject(value)) return undefined;
  return firstFound([...objectEntries(value)], ([key, member]) => findInKey(key) ?? findUnreadable(member));
}

function findInKey(key: Value): string | undefined {
  if (typeof key === 'string') return findEscape(key);
  return `invalid character '${valueText(key)[0]}' looking for beginning of object key string`;
}

function findEscape(text: string): string | undefined {
  for (const [, mark] of quote(text).matchAll(/\\(.)/gu)) {
    if (/[avxU]/.test(mark!)) return `invalid character '${mark}' in string escape code`;
  }
  return undefined;
}

function firstFound<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Templates of Go's `text/template`, without nested templates and formatting. Source: OPA's `topdown/template.go`. */
export const RENDER_TEMPLATE: Family = { 'strings.render_template': render };
