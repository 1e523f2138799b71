import { canonicalJson } from './canonical-json.ts';
import type { Json, JsonObject } from './contract.ts';
import type { OpinionReason } from './opinion.ts';

/** The code of a reason that is free text. */
export const OBJECTION = 'objection';

const CODE = /^[A-Za-z][A-Za-z0-9_]*(?:[.:/-][A-Za-z0-9_]+)*$/;
const CODE_LENGTH_MAX = 128;
const MESSAGE_LENGTH_MAX = 2000;

/** Is this text a machine-readable code, as opposed to a sentence. */
export function isReasonCode(text: string): boolean {
  return text.length <= CODE_LENGTH_MAX && CODE.test(text);
}

/**
 * One reason from what a policy wrote: a code, a sentence (code `objection`), or an object with `code | reason | id`,
 * `message | msg | description` and `remediation`. Undefined for what says nothing.
 */
export function readReason(value: Json): OpinionReason | undefined {
  if (typeof value === 'string') {
    if (value === '') return undefined;
    return isReasonCode(value) ? { code: value } : { code: OBJECTION, message: bounded(value) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return readReasonObject(value as JsonObject);
}

function readReasonObject(value: JsonObject): OpinionReason | undefined {
  const named = textAt(value, ['code', 'reason', 'deny_reason', 'id']);
  const message = textAt(value, ['message', 'msg', 'description', 'title']);
  const remediation = textAt(value, ['remediation']);
  if (named === undefined && message === undefined) return undefined;
  const code = named !== undefined && isReasonCode(named) ? named : OBJECTION;
  const text = message ?? (code === OBJECTION ? named : undefined);
  return {
    code,
    ...(text === undefined ? {} : { message: bounded(text) }),
    ...(remediation === undefined ? {} : { remediation: bounded(remediation) }),
  };
}

function textAt(value: JsonObject, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof text === 'string' && text !== '') return text;
  }
  return undefined;
}

/**
 * All reasons of an answer, from `reason`, `reasons` and `deny_reason`, each a text, an object or a set of these.
 * What cannot be read as a reason is kept as the text of its JSON: a reason is never lost for its shape.
 */
export function readReasons(document: JsonObject): readonly OpinionReason[] {
  const reasons: OpinionReason[] = [];
  for (const name of ['reason', 'reasons', 'deny_reason']) {
    if (!Object.hasOwn(document, name)) continue;
    const value = document[name] as Json;
    const members = Array.isArray(value) ? (value as readonly Json[]) : [value];
    for (const member of members) {
      if (member === null || member === '') continue;
      reasons.push(readReason(member) ?? { code: OBJECTION, message: bounded(canonicalJson(member)) });
    }
  }
  const message = textAt(document, ['message', 'msg']);
  if (message !== undefined) {
    const first = reasons[0];
    if (first === undefined) reasons.push({ code: OBJECTION, message: bounded(message) });
    else if (first.message === undefined) reasons[0] = { ...first, message: bounded(message) };
  }
  const remediation = textAt(document, ['remediation']);
  if (remediation === undefined) return reasons;
  return reasons.map((reason) =>
    reason.remediation === undefined ? { ...reason, remediation: bounded(remediation) } : reason,
  );
}

/**
 * Control characters (line feeds and tabs aside), direction marks, line separators and tags: people would not see in a
 * terminal or a chat what a model reads, or see something else.
 */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u{e0000}-\u{e007f}]/gu;

function bounded(text: string): string {
  const cut = text.length <= MESSAGE_LENGTH_MAX ? text : `${text.slice(0, MESSAGE_LENGTH_MAX)}…`;
  return cut.toWellFormed().replace(UNSEEN, '\u{fffd}');
}
