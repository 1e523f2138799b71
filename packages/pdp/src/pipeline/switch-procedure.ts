import type { Json } from '@writ/decision';
import {
  closeLedger,
  derivedSalts,
  ledgerBatchKeys,
  recordEntry,
  sealFields,
  type Trust,
} from '@writ/ledger';
import type { Procedure, Transaction } from '@writ/store';

/** Something that an operator sets or takes away, with who did and why. */
export interface SwitchRequest<Target, Event extends string> {
  readonly target: Target;
  readonly event: Event;
  readonly by: string;
  readonly reason: string;
  readonly saltSeed: string;
  readonly trust: Trust;
}

/** What is switched, and how that stands on record. */
interface Switch<Target, Event extends string> {
  readonly name: string;
  /** The event that sets it; any other takes it away. */
  readonly on: Event;
  readonly key: (target: Target) => string;
  readonly set: (transaction: Transaction, target: Target, by: string, reason: string) => unknown;
  readonly lift: (transaction: Transaction, target: Target) => unknown;
  readonly entry: (event: Event) => Parameters<typeof recordEntry>[1];
}

/** Switches it and puts that on record in the same transaction; every later commit sees it. */
export function switchProcedure<Target, Event extends string>({
  name,
  on,
  key,
  set,
  lift,
  entry,
}: Switch<Target, Event>): Procedure<SwitchRequest<Target, Event>, { readonly changed: boolean }> {
  return {
    name,
    keys: ({ target }) => [key(target)],
    run: (transaction, { target, event, by, reason, saltSeed, trust }) => {
      const before = transaction.get(key(target));
      if (event === on) set(transaction, target, by, reason);
      else lift(transaction, target);
      const note = { target: target as unknown as Json, by, reason };
      recordEntry(transaction, entry(event), sealFields({ note }, derivedSalts(saltSeed)), trust);
      return { changed: (before === undefined) === (event === on) };
    },
    afterBatch: closeLedger,
    batchKeys: ledgerBatchKeys,
  };
}
