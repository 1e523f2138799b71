import type { Transaction } from '@writ/store';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';
import { readSession, sessionKey } from './session.ts';
import type { StateSubject } from './subject.ts';
import { type BudgetWindow, windowStartMs } from './window.ts';

export const BUDGET_UNITS = ['requests', 'tokens', 'cost'] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];
export const BUDGET_HOLDERS = ['session', 'principal', 'actor', 'actor_class', 'tenant', 'tool'] as const;
export type BudgetHolder = (typeof BUDGET_HOLDERS)[number];

/** A limit on what one holder may use in one window. */
export interface BudgetDefinition {
  readonly name: string;
  /**
   * Who shares it. `actor` means this actor for whichever principal, `actor_class` all actors of its class (those without
   * one together), `tool` all callers of the tool.
   */
  readonly per: BudgetHolder;
  readonly unit: BudgetUnit;
  /** At most this much in a window; up to 9e9, six decimals count. */
  readonly limit: number;
  /** Absent: the session for `per: session`, else for ever. */
  readonly window?: BudgetWindow;
  /** IANA name of the zone in whose calendar the window stands; UTC where it is absent. */
  readonly time_zone?: string;
}

/** Use is kept in millionths, so that sums of decimals are exact. */
interface BudgetState extends Versioned {
  readonly version: number;
  readonly window_start_ms: number;
  readonly used_millionths: number;
}

/** An amount that counts as spent until the call is settled or refunded. */
export interface Reservation {
  readonly key: string;
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly millionths: number;
  readonly window_start_ms: number;
}

export interface BudgetRequest {
  readonly definition: BudgetDefinition;
  /** In the unit of the budget; 0 where it is not known before the call: then the budget must not be used up. */
  readonly amount: number;
}

/** Why a reservation was refused: the first budget in order that has not enough left. */
export interface BudgetExhausted {
  readonly name: string;
  readonly unit: BudgetUnit;
  readonly used: number;
  readonly limit: number;
  readonly requested: number;
}

export type ReserveResult =
  | { readonly ok: true; readonly reservations: readonly Reservation[] }
  | { readonly ok: false; readonly exhausted: BudgetExhausted };

const MILLION = 1_000_000;

/** The cell of a budget for its holder. */
export function budgetKey(definition: BudgetDefinition, subject: StateSubject): string {
  const holder = HOLDERS[definition.per](subject);
  return cellKey('budget', subject.tenant, definition.name, definition.per, ...holder);
}

/** Whose use counts together, as parts of a key. */
export function holderOf(per: BudgetHolder, subject: StateSubject): readonly (string | undefined)[] {
  return HOLDERS[per](subject);
}

const HOLDERS: Readonly<Record<BudgetHolder, (subject: StateSubject) => readonly (string | undefined)[]>> = {
  session: ({ principal, actor, session_id }) => [principal, actor, session_id],
  principal: ({ principal }) => [principal],
  actor: ({ actor }) => [actor],
  actor_class: ({ actor_class }) => [actor_class],
  tenant: () => [],
  tool: ({ tool }) => [tool],
};

/** The cells that reserving of these budgets reads and writes. */
export function budgetKeys(
  definitions: readonly BudgetDefinition[],
  subject: StateSubject,
): readonly string[] {
  const needsSession = definitions.some((definition) => definition.per === 'session');
  const keys = definitions.map((definition) => budgetKey(definition, subject));
  return [...new Set(needsSession ? [...keys, sessionKey(subject)] : keys)];
}

/** What is used of a budget in the window of `nowMs`. */
export function budgetUse(
  read: CellReader,
  definition: BudgetDefinition,
  subject: StateSubject,
  nowMs: number,
): { readonly used: number; readonly limit: number } {
  const start = startOf(read, definition, subject, nowMs);
  return { used: usedSince(read, budgetKey(definition, subject), start) / MILLION, limit: definition.limit };
}

/**
 * Reserves all amounts or none. Call before `recordCall` in the same transaction. An amount that is negative or not
 * finite throws; one that is larger than what is left is refused.
 */
export function reserveBudgets(
  transaction: Transaction,
  subject: StateSubject,
  requests: readonly BudgetRequest[],
): ReserveResult {
  const read = readerOf(transaction);
  const taken = new Map<string, number>();
  const reservations: Reservation[] = [];
  for (const { definition, amount } of requests) {
    const key = budgetKey(definition, subject);
    const start = startOf(read, definition, subject, transaction.nowMs);
    const used = usedSince(read, key, start) + (taken.get(key) ?? 0);
    const wanted = millionthsOf(amount);
    const limit = millionthsOf(definition.limit);
    if (used + wanted > limit || (wanted === 0 && used >= limit)) {
      const { name, unit } = definition;
      const exhausted = { name, unit, used: used / MILLION, limit: definition.limit, requested: amount };
      return { ok: false, exhausted };
    }
    taken.set(key, (taken.get(key) ?? 0) + wanted);
    reservations.push({
      key,
      name: definition.name,
      unit: definition.unit,
      millionths: wanted,
      window_start_ms: start,
    });
  }
  for (const reservation of reservations) change(transaction, reservation, reservation.millionths);
  return { ok: true, reservations };
}

/** What a finished call really used; what is absent is not known and stays as reserved. */
export interface ActualUse {
  readonly tokens?: number;
  readonly cost?: number;
}

/**
 * Puts the actual use in place of the reserved amounts. More than was reserved is added even beyond the limit: it was
 * spent. Less is given back, unless the window has ended meanwhile.
 */
export function settleReservations(
  transaction: Transaction,
  reservations: readonly Reservation[],
  actual: ActualUse,
): void {
  for (const reservation of reservations) {
    const used = ACTUAL[reservation.unit](actual);
    if (used !== undefined) change(transaction, reservation, millionthsOf(used) - reservation.millionths);
  }
}

const ACTUAL: Readonly<Record<BudgetUnit, (actual: ActualUse) => number | undefined>> = {
  requests: () => undefined,
  tokens: (actual) => actual.tokens,
  cost: (actual) => actual.cost,
};

/** Gives the reserved amounts back: only where it is certain that nothing was sent. */
export function refundReservations(transaction: Transaction, reservations: readonly Reservation[]): void {
  for (const reservation of reservations) change(transaction, reservation, -reservation.millionths);
}

/** Adds to the use of the reservation's window. A later window owes the earlier one nothing back, but bears its excess. */
function change(transaction: Transaction, reservation: Reservation, millionths: number): void {
  const state = readCell<BudgetState>(readerOf(transaction), reservation.key);
  const current = Math.max(state?.window_start_ms ?? 0, reservation.window_start_ms);
  if (current !== reservation.window_start_ms && millionths <= 0) return;
  const before = state?.window_start_ms === current ? state.used_millionths : 0;
  writeCell<BudgetState>(transaction, reservation.key, {
    v: 1,
    version: (state?.version ?? 0) + 1,
    window_start_ms: current,
    used_millionths: Math.max(0, before + millionths),
  });
}

function startOf(
  read: CellReader,
  definition: BudgetDefinition,
  subject: StateSubject,
  nowMs: number,
): number {
  if (definition.window !== undefined) return windowStartMs(definition.window, nowMs, definition.time_zone);
  if (definition.per !== 'session') return 0;
  return readSession(read, subject, nowMs)?.started_ms ?? nowMs;
}

function usedSince(read: CellReader, key: string, startMs: number): number {
  const state = readCell<BudgetState>(read, key);
  // A window that began later than ours: the clock stepped back before it was clamped. Its use counts.
  return state !== undefined && state.window_start_ms >= startMs ? state.used_millionths : 0;
}

function millionthsOf(amount: number): number {
  const millionths = Math.round(amount * MILLION);
  if (!Number.isSafeInteger(millionths) || millionths < 0)
    throw new RangeError(`${amount} is no amount of a budget`);
  return millionths;
}
