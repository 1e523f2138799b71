import type { Attributes, TraceContext } from './tracer.ts';

/** One thing that happened. */
export interface LogRecord {
  readonly severity: 'info' | 'warn' | 'error';
  /** Names the kind of event: `writ.decision`. */
  readonly event: string;
  /** One line for people; no arguments, no results, nobody's name. */
  readonly message: string;
  readonly attributes?: Attributes;
  /** The span in which it happened. */
  readonly trace?: TraceContext | undefined;
}

/** Where records go. */
export interface Log {
  write(record: LogRecord): void;
  /** Sends what waits. */
  close(): Promise<void>;
}

/** No records at all. */
export const NO_LOG: Log = { write: () => {}, close: async () => {} };
