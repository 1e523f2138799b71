/** Identical denials of one call after which the circuit opens. */
export const DENIALS_BEFORE_OPEN = 5;
/** How long it stays open after the last counted denial; then one call is evaluated again. */
export const CIRCUIT_OPEN_MS = 60_000;
/** Denied calls remembered in a session; the one denied longest ago goes first. */
export const DENIED_CALLS_MAX = 16;

/** How often one call (by the digest of what it asks) was denied for one reason without anything else between. */
export interface DeniedCall {
  readonly call: string;
  readonly code: string;
  readonly count: number;
  readonly last_ms: number;
}

/** Whether the call was denied so often and so lately that it is refused unasked (`circuit_open`). */
export function circuitOpen(denied: readonly DeniedCall[], call: string, nowMs: number): boolean {
  const record = denied.find((each) => each.call === call);
  return (
    record !== undefined && record.count >= DENIALS_BEFORE_OPEN && nowMs - record.last_ms < CIRCUIT_OPEN_MS
  );
}

/**
 * The record after an evaluated call. A grant forgets the call; a denial for another reason starts a new count. What
 * was refused by the open circuit itself is not to be counted: it would never close.
 */
export function countDenial(
  denied: readonly DeniedCall[],
  call: string,
  code: string | undefined,
  nowMs: number,
): readonly DeniedCall[] {
  const before = denied.find((each) => each.call === call);
  const others = denied.filter((each) => each.call !== call);
  if (code === undefined) return others;
  const count = before?.code === code ? before.count + 1 : 1;
  return [...others, { call, code, count, last_ms: nowMs }].slice(-DENIED_CALLS_MAX);
}
