import {
  type ActionResult,
  type CompleteCall,
  type Decision,
  type Json,
  type JsonObject,
  STRICT_JSON_CODES,
} from '@writ/decision';
import type { BoundedPoint } from './bounded-point.ts';
import type { Aside, LogEntry } from './flight.ts';

/** What may go back to the client of an answer that a server gave. */
export type Judged =
  | { readonly kind: 'released'; readonly result: ActionResult; readonly asides: readonly Aside[] }
  | { readonly kind: 'withheld'; readonly code: string };

/**
 * Puts a server's answer on record and asks the output policy about it, before any of it is released. What the server
 * told meanwhile, logs and texts of progress, is content too: it stands behind the result's own, as text.
 */
export async function judgeAnswer(
  point: BoundedPoint,
  decision: Decision,
  result: ActionResult,
  asides: readonly Aside[] = [],
): Promise<Judged> {
  const closing: CompleteCall = {
    decision_id: decision.decision_id,
    status: result.is_error === true ? 'failed' : 'succeeded',
  };
  const completion = await point.complete({ ...closing, result: withAsides(result, asides) });
  if (completion.effect === 'proceed') {
    const released = completion.result ?? withAsides(result, asides);
    return { kind: 'released', ...withoutAsides(released, result, asides) };
  }
  const code = completion.reasons[0]?.code ?? 'result_withheld';
  // A result that can't be read strictly is never judged, so never released; that there was one is still on record.
  if (isUnreadable(code)) await point.complete(closing);
  return { kind: 'withheld', code };
}

function withAsides(result: ActionResult, asides: readonly Aside[]): ActionResult {
  if (asides.length === 0) return result;
  const own = Array.isArray(result.content) ? (result.content as readonly Json[]) : [];
  return { ...result, content: [...own, ...asides.map(blockOf)] };
}

function withoutAsides(
  released: ActionResult,
  given: ActionResult,
  asides: readonly Aside[],
): { result: ActionResult; asides: readonly Aside[] } {
  const content = Array.isArray(released.content) ? (released.content as readonly Json[]) : [];
  if (asides.length === 0 || content.length < asides.length) return { result: released, asides: [] };
  const { content: _whole, ...rest } = released;
  const own = content.slice(0, -asides.length);
  return {
    result: given.content === undefined ? rest : { ...rest, content: own },
    asides: content.slice(-asides.length).flatMap(asideOf),
  };
}

function blockOf(aside: Aside): JsonObject {
  if (aside.kind === 'progress') return { type: 'text', text: aside.text, progress: true };
  const { level, logger, data } = aside;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return { type: 'text', text, log: { level, ...(logger === undefined ? {} : { logger }) } };
}

/** A redacted text stays a text. */
function asideOf(block: Json): Aside[] {
  const { text, log, progress } = (block ?? {}) as {
    readonly text?: Json;
    readonly log?: Pick<LogEntry, 'level' | 'logger'>;
    readonly progress?: Json;
  };
  if (text === undefined) return [];
  if (progress === true) return typeof text === 'string' ? [{ kind: 'progress', text }] : [];
  return log?.level === undefined ? [] : [{ kind: 'log', ...log, data: text }];
}

function isUnreadable(code: string): boolean {
  return (STRICT_JSON_CODES as readonly string[]).includes(code);
}
