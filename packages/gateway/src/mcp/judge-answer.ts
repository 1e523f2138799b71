import { type ActionResult, type CompleteCall, type Decision, STRICT_JSON_CODES } from '@writ/decision';
import type { BoundedPoint } from './bounded-point.ts';

/** What may go back to the client of an answer that a server gave. */
export type Judged =
  | { readonly kind: 'released'; readonly result: ActionResult }
  | { readonly kind: 'withheld'; readonly code: string };

/** Puts a server's answer on record and asks the output policy about it, before any of it is released. */
export async function judgeAnswer(
  point: BoundedPoint,
  decision: Decision,
  result: ActionResult,
): Promise<Judged> {
  const closing: CompleteCall = {
    decision_id: decision.decision_id,
    status: result.is_error === true ? 'failed' : 'succeeded',
  };
  const completion = await point.complete({ ...closing, result });
  if (completion.effect === 'proceed') return { kind: 'released', result: completion.result ?? result };
  const code = completion.reasons[0]?.code ?? 'result_withheld';
  // A result that can't be read strictly is never judged, so never released; that there was one is still on record.
  if (isUnreadable(code)) await point.complete(closing);
  return { kind: 'withheld', code };
}

function isUnreadable(code: string): boolean {
  return (STRICT_JSON_CODES as readonly string[]).includes(code);
}
