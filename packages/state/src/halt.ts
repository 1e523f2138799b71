import type { Transaction } from '@writ/store';
import { type CellReader, readCell, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';
import { oncePerSubject, type StateSubject } from './subject.ts';

/** What a halt stops. An actor without a tenant is stopped in every tenant. */
export type HaltTarget =
  | { readonly scope: 'all' }
  | { readonly scope: 'tenant'; readonly tenant: string }
  | { readonly scope: 'actor'; readonly actor: string; readonly tenant?: string }
  | { readonly scope: 'session'; readonly subject: StateSubject };

/** A halt in force. */
export interface Halt extends Versioned {
  readonly target: HaltTarget;
  readonly by: string;
  readonly reason: string;
  readonly since_ms: number;
}

export const HALT_PREFIX = 'halt/';

/** The cell of a halt. */
export function haltKey(target: HaltTarget): string {
  switch (target.scope) {
    case 'all':
      return cellKey('halt', 'all');
    case 'tenant':
      return cellKey('halt', 'tenant', target.tenant);
    case 'actor':
      return cellKey('halt', 'actor', target.tenant, target.actor);
    case 'session':
      return sessionHaltKey(target.subject);
  }
}

function sessionHaltKey({ tenant, principal, actor, session_id }: StateSubject): string {
  return cellKey('halt', 'session', tenant, principal, actor, session_id);
}

/** Every cell that could hold a halt for this subject; to be read in each commit. */
export const haltKeys: (subject: StateSubject) => readonly string[] = oncePerSubject((subject) => {
  const { tenant, actor } = subject;
  return [
    haltKey({ scope: 'all' }),
    ...(tenant === undefined
      ? []
      : [haltKey({ scope: 'tenant', tenant }), haltKey({ scope: 'actor', actor, tenant })]),
    haltKey({ scope: 'actor', actor }),
    haltKey({ scope: 'session', subject }),
  ];
});

/** The widest halt in force for this subject. */
export function activeHalt(read: CellReader, subject: StateSubject): Halt | undefined {
  for (const key of haltKeys(subject)) {
    const halt = readCell<Halt>(read, key);
    if (halt !== undefined) return halt;
  }
  return undefined;
}

/** Stops the target from the next commit on; a halt that is already there stays as it is. */
export function setHalt(transaction: Transaction, target: HaltTarget, by: string, reason: string): Halt {
  const key = haltKey(target);
  const before = readCell<Halt>((each) => transaction.get(each), key);
  if (before !== undefined) return before;
  const halt: Halt = { v: 1, target, by, reason, since_ms: transaction.nowMs };
  writeCell(transaction, key, halt);
  return halt;
}

/** Lifts a halt; gives what was lifted. */
export function liftHalt(transaction: Transaction, target: HaltTarget): Halt | undefined {
  const key = haltKey(target);
  const before = readCell<Halt>((each) => transaction.get(each), key);
  transaction.remove(key);
  return before;
}

/** Reads a halt as `Store.scan(HALT_PREFIX)` gives it. */
export function parseHalt(text: string): Halt | undefined {
  return readCell<Halt>(() => text, HALT_PREFIX);
}
