import type { StoreRecovery } from './contract.ts';
import type { StoreError } from './store-error.ts';

/** The way from a handle to the files: its own worker, or the socket of another process that owns them. */
export interface Backend {
  readonly role: 'owner' | 'client';
  readonly recovery: StoreRecovery | undefined;
  /** Sends `count` calls as one text (`joinCalls`). Answers come as `replies`, never in the same turn. */
  send(text: string, count: number): void;
  /** Answers what was sent, then lets go of files and socket. */
  close(): Promise<void>;
}

export interface BackendEvents {
  replies(text: string): void;
  /** The owner is about to close: nothing more may be sent to it. What was sent will still be answered. */
  closing(): void;
  /** The way is gone; what was sent and not answered may be durable or not. Told once, not after `close`. */
  lost(error: StoreError): void;
}
