import { REASON_TABLE } from '@writ/decision';
import type { RefusedLoad } from '../pipeline/service.ts';
import { HttpError } from './error-body.ts';
import type { RefusalRecord } from './refusal-record.ts';

/** Requests that are served at once; one more is refused. */
export const IN_FLIGHT_MAX = 2_048;
/** Places above that for the operator: whoever has to stop something must get through. */
const OPERATOR_PLACES = 64;
/** What is waited for before asking again, s. */
const RETRY_SECONDS = 1;
/** Callers whose rate is remembered; with more, the one that asked longest ago is forgotten. */
const CALLERS_MAX = 10_000;

/** Bounds of the load that one process takes. */
export interface LoadLimits {
  /** Requests served at once, over all callers. Default 2,048. */
  readonly inFlightMax?: number;
  /** Requests of one credential in a second, on average; absent: no limit. As many may come at once. */
  readonly perCallerPerSecond?: number;
}

/** Since the process started. */
export interface LoadReading {
  readonly inFlight: number;
  readonly shed: { readonly [code in 'overloaded' | 'rate_limited']: number };
}

const REFUSALS: Readonly<
  Record<RefusedLoad['why'], readonly [code: 'overloaded' | 'rate_limited', message: string]>
> = {
  closing: ['overloaded', 'the decision point is closing'],
  'too many at once': ['overloaded', REASON_TABLE.overloaded.sentence],
  'too many of one credential': ['rate_limited', 'this credential asks more often than it may'],
};

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Takes requests up to a bound and refuses what is beyond, before anything of it is read: what waits nowhere cannot be
 * allowed late, and costs nothing. A refusal has a code and is no decision; clients deny by it.
 */
export class LoadGuard {
  readonly #limits: LoadLimits;
  readonly #nowMs: () => number;
  readonly #refused: RefusalRecord | undefined;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shed = { overloaded: 0, rate_limited: 0 };
  #inFlight = 0;
  #closing = false;

  constructor(
    limits: LoadLimits = {},
    nowMs: () => number = () => performance.now(),
    refused?: RefusalRecord,
  ) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#refused = refused;
  }

  /** Counts a request in, or throws what refuses it. Give it back by `leave`, however it ends. */
  enter(caller: string, isOperator: boolean): void {
    const max = (this.#limits.inFlightMax ?? IN_FLIGHT_MAX) + (isOperator ? OPERATOR_PLACES : 0);
    if (this.#closing) throw this.#refusal('closing', caller);
    if (this.#inFlight >= max) throw this.#refusal('too many at once', caller);
    if (!isOperator && !this.#take(caller)) throw this.#refusal('too many of one credential', caller);
    this.#inFlight += 1;
  }

  /** One function for all requests, so that none is made for each. */
  readonly leave = (): void => {
    this.#inFlight -= 1;
  };

  /** From now on nothing is taken; what is being served goes on. */
  close(): void {
    this.#closing = true;
  }

  read(): LoadReading {
    return { inFlight: this.#inFlight, shed: { ...this.#shed } };
  }

  /** A token bucket of one second for each caller. */
  #take(caller: string): boolean {
    const rate = this.#limits.perCallerPerSecond;
    if (rate === undefined) return true;
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(caller) ?? { tokens: rate, atMs: nowMs };
    const tokens = Math.min(rate, known.tokens + ((nowMs - known.atMs) / 1000) * rate);
    const isAllowed = tokens >= 1;
    // Set anew, so that the first in the map is the one that asked longest ago.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > CALLERS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return isAllowed;
  }

  #refusal(why: RefusedLoad['why'], caller: string): HttpError {
    const [code, message] = REFUSALS[why];
    this.#shed[code] += 1;
    this.#refused?.note(code, why, caller);
    const status = code === 'overloaded' ? 503 : 429;
    return new HttpError(status, code, message, { retry_after: RETRY_SECONDS });
  }
}
