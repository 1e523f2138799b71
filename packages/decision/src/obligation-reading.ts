import { type Json, type JsonObject, OBLIGATION_TYPES, type ObligationType } from './contract.ts';
import type { ObligationDraft } from './opinion.ts';
import { parsePointer } from './pointer.ts';
import { patternsFault } from './redact-patterns.ts';

export type ObligationsRead =
  | { readonly ok: true; readonly obligations: readonly ObligationDraft[] }
  | { readonly ok: false; readonly message: string };

/** Names under which a profile shows the arguments: shorthand pointers may start with one of them. */
const ARGUMENT_PREFIXES = ['/action/args/', '/args/', '/arguments/', '/params/'];
const RESULT_PREFIX = '/result/';

/**
 * The obligations of one answer: `obligations` (objects with `type`, or bare types), the shorthand `redact` (a list
 * of pointers) and `metadata.halt`. One that is not known, or a redaction that names nothing, fails the whole answer:
 * a duty that cannot be carried out must deny.
 */
export function readObligations(document: JsonObject): ObligationsRead {
  const obligations: ObligationDraft[] = [];
  if (Object.hasOwn(document, 'obligations') && document['obligations'] !== null) {
    const listed = document['obligations'] as Json;
    if (!Array.isArray(listed)) return { ok: false, message: '`obligations` is not a list' };
    for (const item of listed as readonly Json[]) {
      const read = readObligation(item);
      if (typeof read === 'string') return { ok: false, message: read };
      obligations.push(...read);
    }
  }
  if (Object.hasOwn(document, 'redact') && document['redact'] !== null) {
    const read = readRedactShorthand(document['redact'] as Json);
    if (typeof read === 'string') return { ok: false, message: read };
    obligations.push(...read);
  }
  if (asksToHalt(document)) obligations.push({ type: 'halt', properties: {} });
  return { ok: true, obligations };
}

function asksToHalt(document: JsonObject): boolean {
  const metadata = Object.hasOwn(document, 'metadata') ? document['metadata'] : undefined;
  return isObject(metadata) && Object.hasOwn(metadata, 'halt') && metadata['halt'] === true;
}

function readObligation(item: Json): readonly ObligationDraft[] | string {
  const document: JsonObject | undefined =
    typeof item === 'string' ? { type: item } : isObject(item) ? item : undefined;
  if (document === undefined) return 'an obligation is an object with `type`';
  const type = document['type'];
  if (!isObligationType(type))
    return `unknown obligation ${typeof type === 'string' ? `\`${type}\`` : 'without a type'}`;
  const { type: _type, id, properties, ...inline } = document;
  if (properties !== undefined && !isObject(properties))
    return '`properties` of an obligation is not an object';
  const all: JsonObject = { ...inline, ...properties };
  const named = typeof id === 'string' && id !== '' ? { id } : {};
  if (type !== 'redact') return [{ ...named, type, properties: all }];
  const redact = checkRedact(all);
  return typeof redact === 'string' ? redact : [{ ...named, type, properties: redact }];
}

/**
 * `{pointers?, patterns?, replacement?, target?}`: places in the arguments, or in the result where `target` says so, and what
 * is replaced wherever it stands in a text there.
 */
function checkRedact(properties: JsonObject): JsonObject | string {
  const { pointers = [], patterns } = properties;
  const fault = patternsFault(patterns, properties['replacement']);
  if (fault !== undefined) return fault;
  if (!Array.isArray(pointers) || (pointers.length === 0 && patterns === undefined))
    return 'a redaction names neither pointers nor patterns';
  for (const pointer of pointers as readonly Json[]) {
    if (typeof pointer !== 'string' || (parsePointer(pointer)?.length ?? 0) === 0) {
      return 'a redaction holds what is no pointer (RFC 6901) to a part';
    }
  }
  const target = properties['target'];
  if (target !== undefined && target !== 'args' && target !== 'result')
    return 'a redaction has an unknown target';
  return {
    ...(pointers.length === 0 ? {} : { pointers: [...new Set(pointers as readonly string[])].sort() }),
    ...(patterns === undefined ? {} : { patterns: [...new Set(patterns as readonly string[])].sort() }),
    ...(properties['replacement'] === undefined ? {} : { replacement: properties['replacement'] }),
    ...(target === 'result' ? { target } : {}),
  };
}

/**
 * `redact: ["/args/ssn", "/result/structured/ssn", "ssn"]`. A pointer that starts with the arguments' own name is
 * taken both with and without it: an argument might itself be called `args`, and covering too much is the safe side.
 */
function readRedactShorthand(value: Json): readonly ObligationDraft[] | string {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value as Json];
  if (list.length === 0) return '`redact` names nothing';
  const inArguments = new Set<string>();
  const inResult = new Set<string>();
  for (const item of list) {
    if (typeof item !== 'string' || item === '') return '`redact` holds what is no pointer';
    const pointer = item.startsWith('/') ? item : `/${item.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if ((parsePointer(pointer)?.length ?? 0) === 0) return '`redact` holds what is no pointer (RFC 6901)';
    if (pointer.startsWith(RESULT_PREFIX)) inResult.add(pointer.slice(RESULT_PREFIX.length - 1));
    // A result's pointer too may mean an argument of that name.
    inArguments.add(pointer);
    for (const prefix of ARGUMENT_PREFIXES) {
      if (pointer.startsWith(prefix)) inArguments.add(pointer.slice(prefix.length - 1));
    }
  }
  const drafts: ObligationDraft[] = [];
  const onlyResult = list.every((item) => typeof item === 'string' && item.startsWith(RESULT_PREFIX));
  if (!onlyResult) drafts.push({ type: 'redact', properties: { pointers: [...inArguments].sort() } });
  if (inResult.size > 0)
    drafts.push({ type: 'redact', properties: { pointers: [...inResult].sort(), target: 'result' } });
  return drafts;
}

function isObligationType(value: Json | undefined): value is ObligationType {
  return (OBLIGATION_TYPES as readonly (Json | undefined)[]).includes(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
