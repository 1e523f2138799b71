import type { Outcome } from './batch.ts';
import type { StoreError } from './store-error.ts';

/** The reply to one call, as JSON text. */
export function replyText(id: number, outcome: Outcome): string {
  if (!outcome.ok) return refusal(id, outcome.error);
  return outcome.result === undefined ? `[${id},1]` : `[${id},1,${outcome.result}]`;
}

function refusal(id: number, error: StoreError): string {
  return JSON.stringify([id, 0, error.code, error.message]);
}
