import type { StoreRecovery } from './contract.ts';

/**
 * What passes between a handle, the owner and its worker. Calls and replies travel as JSON text that the owner does
 * not open: a client's text goes to the worker as it came, and the worker's answer back. A procedure whose name
 * begins with `$` is a reading of the store itself.
 */

/** `[id, procedure, deadline in ms of the machine's monotonic clock, request]`; as text see `callText`. */
export type WireCall = readonly [id: number, procedure: string, deadlineMs: number, request?: unknown];

/** `[id, 1, result]` when durable, `[id, 0, code, message]` when not. */
export type WireReply =
  | readonly [id: number, ok: 1, result?: unknown]
  | readonly [id: number, ok: 0, code: string, message: string];

/** Calls of one handle; `source` is 0 for the owner's own, else the number of the client. */
export interface CallsMessage {
  readonly kind: 'calls';
  readonly source: number;
  readonly text: string;
  readonly count: number;
}

export type ToWorker = CallsMessage | { readonly kind: 'close' };

export interface RepliesMessage {
  readonly source: number;
  /** Undefined where the calls were unreadable. */
  readonly text: string | undefined;
  readonly count: number;
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly recovery: StoreRecovery }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'replies'; readonly replies: readonly RepliesMessage[] }
  | { readonly kind: 'closed' };

export interface WorkerSettings {
  readonly directory: string;
  readonly procedures: readonly string[];
  readonly sizeBytesMax: number;
}

/** The machine's monotonic clock, ms: the same for all threads and processes, so a deadline can travel. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}
