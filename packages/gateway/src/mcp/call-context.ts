import type { InFlight } from '../listener/in-flight.ts';
import type { CallTelemetry } from './call-telemetry.ts';
import type { Catalogue } from './catalogue.ts';
import type { HeldCalls } from './held-calls.ts';
import type { Leases } from './leases.ts';
import type { RefusalOptions } from './refuse.ts';
import type { RoundsContext } from './rounds.ts';
import type { TaskStore } from './task-store.ts';

/** What requests are decided and forwarded with. */
export interface CallContext extends RoundsContext {
  readonly catalogue: Catalogue;
  readonly refusals: RefusalOptions;
  /** Connections for requests that a server of the older era may ask something about. */
  readonly leases: Leases;
  readonly held: HeldCalls;
  /** Requests of clients that are being decided and forwarded. */
  readonly inFlight: InFlight;
  readonly telemetry: CallTelemetry;
  /** Calls that go on behind their requests. */
  readonly tasks: TaskStore;
  /** Resolves with what an approval came to; undefined where nobody can tell. */
  decided(approvalId: string, signal: AbortSignal): Promise<string | undefined>;
}
