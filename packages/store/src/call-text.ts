import { REQUEST_LENGTH_MAX } from './limits.ts';
import { StoreError } from './store-error.ts';
import type { WireCall } from './wire.ts';

/**
 * Calls as text: one line of JSON, then the long texts of all requests as they are. Most of what a request carries is
 * text that its procedure only passes on; escaping it into JSON and out again costs more than the procedure itself.
 */
export interface CallText {
  /** The call as JSON, without its long texts. */
  readonly head: string;
  /** The long texts, one after the other. */
  readonly texts: string;
}

/** Texts at the top of a request from this length on travel beside the JSON. */
const LONG_TEXT = 128;

/** Names and lengths of the texts beside the JSON, in order: `["draft", 1200, "detail", 900]`. */
type TextTable = readonly (string | number)[];

/** Puts one call into text; throws `store_procedure_failed` where the request has no form as JSON or is too long. */
export function callText(id: number, procedure: string, deadlineMs: number, request: unknown): CallText {
  const table: (string | number)[] = [];
  let texts = '';
  let rest = request;
  if (typeof request === 'object' && request !== null && !('toJSON' in request) && !Array.isArray(request)) {
    // Without a prototype, so that a member may have any name.
    const short: Record<string, unknown> = Object.create(null);
    for (const [name, value] of Object.entries(request)) {
      if (!isLongText(name, value)) short[name] = value;
      else {
        table.push(name, value.length);
        texts += value;
      }
    }
    if (table.length > 0) rest = short;
  }
  const body = jsonOf(rest);
  if ((body?.length ?? 0) + texts.length > REQUEST_LENGTH_MAX) {
    throw new StoreError('store_procedure_failed', `a request has at most ${REQUEST_LENGTH_MAX} characters`);
  }
  const call = `[${id},${JSON.stringify(procedure)},${deadlineMs}`;
  const beside = table.length === 0 ? '' : `,${JSON.stringify(table)}`;
  return { head: body === undefined ? `${call}]` : `${call},${body}${beside}]`, texts };
}

/** Calls that travel together. */
export function joinCalls(calls: readonly CallText[]): string {
  let heads = '';
  let texts = '';
  for (const call of calls) {
    heads += heads === '' ? call.head : `,${call.head}`;
    texts += call.texts;
  }
  return `[${heads}]\n${texts}`;
}

/** A client's text, or undefined where it is none of ours: that client is then cut off, and nobody else suffers. */
export function callsIn(text: string): readonly WireCall[] | undefined {
  // JSON that was written without white space has no line break; a text without any is all JSON.
  const end = text.indexOf('\n');
  try {
    const calls: unknown = JSON.parse(end === -1 ? text : text.slice(0, end));
    if (!Array.isArray(calls)) return undefined;
    let position = end === -1 ? text.length : end + 1;
    for (const call of calls as readonly unknown[]) {
      if (!isCall(call)) return undefined;
      const [, , , request, table] = call;
      const next = table === undefined ? position : putBack(request, table, text, position);
      if (next === undefined) return undefined;
      position = next;
    }
    return position === text.length ? calls : undefined;
  } catch {
    return undefined;
  }
}

/** Gives a request its long texts again; the position after them, or undefined where they are not there. */
function putBack(request: unknown, table: unknown, text: string, from: number): number | undefined {
  if (typeof request !== 'object' || request === null || !Array.isArray(table)) return undefined;
  let position = from;
  for (let index = 0; index < table.length; index += 2) {
    const [name, length] = (table as TextTable).slice(index, index + 2);
    if (typeof name !== 'string' || name === '__proto__') return undefined;
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) return undefined;
    if (position + length > text.length) return undefined;
    (request as Record<string, unknown>)[name] = text.slice(position, position + length);
    position += length;
  }
  return position;
}

function isLongText(name: string, value: unknown): value is string {
  // A lone surrogate would not survive the socket's UTF-8; JSON escapes it.
  return (
    typeof value === 'string' && value.length >= LONG_TEXT && name !== '__proto__' && value.isWellFormed()
  );
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new StoreError('store_procedure_failed', 'the request has no form as JSON', { cause });
  }
}

function isCall(value: unknown): value is WireCall & readonly [number, string, number, unknown?, unknown?] {
  if (!Array.isArray(value)) return false;
  const [id, procedure, deadlineMs] = value;
  return typeof id === 'number' && typeof procedure === 'string' && typeof deadlineMs === 'number';
}
