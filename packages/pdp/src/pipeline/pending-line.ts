import type { PendingSummary } from '@writ/state';

/** One line of the list of what waits: what the state keeps beside each approval, with times as people read them. */
export interface PendingLine extends Omit<PendingSummary, 'v' | 'expires_ms' | 'created_ms' | 'upkeep_ms'> {
  readonly id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly age_seconds: number;
}
