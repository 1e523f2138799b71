import {
  type ActionResult,
  type CompleteCall,
  type Decision,
  type Json,
  type JsonObject,
  STRICT_JSON_CODES,
} from '@writ/decision';
import type { BoundedPoint } from './bounded-point.ts';
import type { LogEntry } from './flight.ts';

/** What may go back to the client of an answer that a server gave. */
export type Judged =
  | { readonly kind: 'released'; readonly result: ActionResult; readonly logs: readonly LogEntry[] }
  | { readonly kind: 'withheld'; readonly code: string };

/**
 * Puts a server's answer on record and asks the output policy about it, before any of it is released. What the server
 * logged meanwhile is content too: it stands behind the result's own, as text.
 */
export async function judgeAnswer(
  point: BoundedPoint,
  decision: Decision,
  result: ActionResult,
  logs: readonly LogEntry[] = [],
): Promise<Judged> {
  const closing: CompleteCall = {
    decision_id: decision.decision_id,
    status: result.is_error === true ? 'failed' : 'succeeded',
  };
  const completion = await point.complete({ ...closing, result: withLogs(result, logs) });
  if (completion.effect === 'proceed') {
    return { kind: 'released', ...withoutLogs(completion.result ?? withLogs(result, logs), result, logs) };
  }
  const code = completion.reasons[0]?.code ?? 'result_withheld';
  // A result that can't be read strictly is never judged, so never released; that there was one is still on record.
  if (isUnreadable(code)) await point.complete(closing);
  return { kind: 'withheld', code };
}

function withLogs(result: ActionResult, logs: readonly LogEntry[]): ActionResult {
  if (logs.length === 0) return result;
  const own = Array.isArray(result.content) ? (result.content as readonly Json[]) : [];
  return { ...result, content: [...own, ...logs.map(blockOf)] };
}

function withoutLogs(
  released: ActionResult,
  given: ActionResult,
  logs: readonly LogEntry[],
): { result: ActionResult; logs: readonly LogEntry[] } {
  const content = Array.isArray(released.content) ? (released.content as readonly Json[]) : [];
  if (logs.length === 0 || content.length < logs.length) return { result: released, logs: [] };
  const { content: _whole, ...rest } = released;
  const own = content.slice(0, -logs.length);
  return {
    result: given.content === undefined ? rest : { ...rest, content: own },
    logs: content.slice(-logs.length).flatMap(entryOf),
  };
}

function blockOf({ level, logger, data }: LogEntry): JsonObject {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return { type: 'text', text, log: { level, ...(logger === undefined ? {} : { logger }) } };
}

/** A redacted text stays a text. */
function entryOf(block: Json): LogEntry[] {
  const { text, log } = (block ?? {}) as { readonly text?: Json; readonly log?: Omit<LogEntry, 'data'> };
  return text === undefined || log?.level === undefined ? [] : [{ ...log, data: text }];
}

function isUnreadable(code: string): boolean {
  return (STRICT_JSON_CODES as readonly string[]).includes(code);
}
