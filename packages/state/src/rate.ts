import type { Transaction } from '@writ/store';
import { type BudgetHolder, holderOf } from './budget.ts';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { shardedKey } from './cell-key.ts';
import type { StateSubject } from './subject.ts';

/** How far back a rate looks. */
export const RATE_WINDOW_MS = 60_000;
/** Use is kept by the second: what falls out of the window falls out a second at a time. */
const STEP_MS = 1_000;

/** At most so many requests and tokens in any minute. */
export interface RateDefinition {
  readonly name: string;
  /** Who shares it; the tenant is part of it in any case. */
  readonly per: BudgetHolder;
  readonly requests_per_minute?: number;
  readonly tokens_per_minute?: number;
}

/** A call's part of a rate: one request, and the tokens that it holds until it is known what it used. */
export interface RateRequest {
  readonly definition: RateDefinition;
  readonly tokens: number;
}

/** Use by second, oldest first: `[start of the second, requests, tokens]`. */
type Step = readonly [startMs: number, requests: number, tokens: number];

interface RateState extends Versioned {
  readonly steps: readonly Step[];
  /** From then on it counts for nothing. */
  readonly expires_ms: number;
}

/** What a call took of a rate, to be settled when it is known what it used. */
export interface RateReservation {
  readonly key: string;
  readonly step_ms: number;
  readonly tokens: number;
}

/** Why a call has to wait: the first rate in order that has no room. */
export interface RateLimited {
  readonly name: string;
  readonly unit: 'requests' | 'tokens';
  readonly used: number;
  readonly limit: number;
  readonly requested: number;
  /** From then on there is room, if nobody else takes it; absent where there never will be. */
  readonly retry_ms?: number;
}

export type RateResult =
  | {
      readonly ok: true;
      /** Requests left of the rate that has least left; absent where none counts requests. */
      readonly remaining?: number;
    }
  | { readonly ok: false; readonly limited: RateLimited };

/** The cell of a rate for its holder. */
export function rateKey({ name, per }: RateDefinition, subject: StateSubject): string {
  return shardedKey('rate', subject.tenant, name, per, ...holderOf(per, subject));
}

/** The cells that these rates read and write. */
export function rateKeys(rates: readonly RateRequest[], subject: StateSubject): readonly string[] {
  return [...new Set(rates.map(({ definition }) => rateKey(definition, subject)))];
}

/**
 * Is there room in every rate. Writes nothing: what else a commit checks may still refuse the call. Seconds count as a
 * whole while any part of them lies in the minute that ends now, so that no stretch of a minute ever holds more.
 */
export function checkRates(
  transaction: Transaction,
  subject: StateSubject,
  rates: readonly RateRequest[],
): RateResult {
  let remaining: number | undefined;
  for (const { definition, tokens } of rates) {
    const steps = stepsWithin(readerOf(transaction), rateKey(definition, subject), transaction.nowMs);
    const { name, requests_per_minute, tokens_per_minute } = definition;
    const found =
      tooMany(steps, { name, unit: 'requests', limit: requests_per_minute, requested: 1 }) ??
      tooMany(steps, { name, unit: 'tokens', limit: tokens_per_minute, requested: tokens });
    if (found !== undefined) return { ok: false, limited: found };
    if (requests_per_minute === undefined) continue;
    remaining = Math.min(remaining ?? Number.POSITIVE_INFINITY, requests_per_minute - sumOf(steps, 1) - 1);
  }
  return { ok: true, ...(remaining === undefined ? {} : { remaining }) };
}

/** Takes a request, and the tokens that it holds, from every rate. Call after `checkRates` in the same transaction. */
export function takeRates(
  transaction: Transaction,
  subject: StateSubject,
  rates: readonly RateRequest[],
): readonly RateReservation[] {
  const step_ms = startOf(transaction.nowMs);
  return rates.map(({ definition, tokens }) => {
    const key = rateKey(definition, subject);
    add(transaction, key, step_ms, 1, tokens);
    return { key, step_ms, tokens };
  });
}

/**
 * Puts the tokens that a call really used in place of those that it held. More than was held counts from now: it was
 * spent by now at the latest.
 */
export function settleRates(
  transaction: Transaction,
  reservations: readonly RateReservation[],
  tokens: number | undefined,
): void {
  if (tokens === undefined) return;
  for (const { key, step_ms, tokens: held } of reservations) {
    if (tokens <= held) add(transaction, key, step_ms, 0, tokens - held);
    else add(transaction, key, startOf(transaction.nowMs), 0, tokens - held);
  }
}

/** Gives request and tokens back: only where it is certain that nothing was sent. */
export function refundRates(transaction: Transaction, reservations: readonly RateReservation[]): void {
  for (const { key, step_ms, tokens } of reservations) add(transaction, key, step_ms, -1, -tokens);
}

function tooMany(
  steps: readonly Step[],
  asked: Pick<RateLimited, 'name' | 'unit' | 'requested'> & { readonly limit: number | undefined },
): RateLimited | undefined {
  const { limit, requested } = asked;
  if (limit === undefined) return undefined;
  const place = asked.unit === 'requests' ? 1 : 2;
  const used = sumOf(steps, place);
  // What is not known before the call may be anything: then the limit must not be used up.
  const isFull = requested === 0 ? used >= limit : used + requested > limit;
  if (!isFull) return undefined;
  const needed = requested === 0 ? used - limit + 1 : used + requested - limit;
  const retry = requested > limit ? undefined : freeAt(steps, place, needed);
  return { ...asked, limit, used, ...(retry === undefined ? {} : { retry_ms: retry }) };
}

/** When so much of the use has fallen out of the window. */
function freeAt(steps: readonly Step[], place: 1 | 2, needed: number): number | undefined {
  let freed = 0;
  for (const step of steps) {
    freed += step[place];
    if (freed >= needed) return step[0] + STEP_MS + RATE_WINDOW_MS;
  }
  return undefined;
}

function startOf(nowMs: number): number {
  return nowMs - (nowMs % STEP_MS);
}

function sumOf(steps: readonly Step[], place: 1 | 2): number {
  return steps.reduce((sum, step) => sum + step[place], 0);
}

/** The seconds that still count. Those after now count too: the clock may have stood later before. */
function stepsWithin(read: CellReader, key: string, nowMs: number): readonly Step[] {
  const state = readCell<RateState>(read, key);
  return (state?.steps ?? []).filter(([startMs]) => startMs + STEP_MS + RATE_WINDOW_MS > nowMs);
}

/** Adds to one second; to one that has fallen out of the window nothing is given back. */
function add(transaction: Transaction, key: string, stepMs: number, requests: number, tokens: number): void {
  const steps = stepsWithin(readerOf(transaction), key, transaction.nowMs);
  const before = steps.find(([startMs]) => startMs === stepMs);
  if (before === undefined && (requests < 0 || tokens < 0)) return;
  const next: Step = [
    stepMs,
    Math.max(0, (before?.[1] ?? 0) + requests),
    Math.max(0, (before?.[2] ?? 0) + tokens),
  ];
  const all = [...steps.filter((step) => step !== before), next].sort((left, right) => left[0] - right[0]);
  const last = all.at(-1)?.[0] ?? stepMs;
  writeCell<RateState>(transaction, key, {
    v: 1,
    steps: all,
    expires_ms: last + STEP_MS + RATE_WINDOW_MS,
  });
}
