import type { Transaction } from '@writ/store';
import { type CellReader, readCell, type Versioned, writeCell } from './cell.ts';
import { cellKey } from './cell-key.ts';
import type { StateSubject } from './subject.ts';

/** Who no longer counts: an agent, or a principal. Without a tenant: in every tenant. */
export interface RevocationTarget {
  readonly kind: 'actor' | 'principal';
  readonly id: string;
  readonly tenant?: string;
}

/** The tombstone of an agent or principal. */
export interface Revocation extends Versioned {
  readonly target: RevocationTarget;
  readonly by: string;
  readonly reason: string;
  readonly since_ms: number;
}

/** Where in a call somebody stands who was revoked. */
export interface RevokedParty {
  readonly code: 'actor_revoked' | 'principal_revoked' | 'parent_revoked';
  readonly revocation: Revocation;
}

/** The cell of a tombstone. */
export function revocationKey({ kind, id, tenant }: RevocationTarget): string {
  return cellKey('revoked', kind, tenant, id);
}

interface Party extends RevocationTarget {
  readonly code: RevokedParty['code'];
}

/** Everybody whose right a call rests on: who acts, on whose authority, and every agent that delegated. */
function partiesOf({ actor, principal }: StateSubject, chain: readonly string[]): readonly Party[] {
  const parents = chain.filter((id) => id !== actor);
  return [
    { code: 'actor_revoked', kind: 'actor', id: actor },
    { code: 'principal_revoked', kind: 'principal', id: principal },
    ...parents.flatMap((id): Party[] => [
      { code: 'parent_revoked', kind: 'actor', id },
      { code: 'parent_revoked', kind: 'principal', id },
    ]),
  ];
}

type PartyCells = readonly (readonly [Party, string])[];

interface Parties {
  readonly chain: readonly string[];
  readonly cells: PartyCells;
  readonly keys: readonly string[];
}

const known = new WeakMap<StateSubject, Parties>();

/** One commit asks twice: which cells it may read, and what they hold. */
function partiesIn(subject: StateSubject, chain: readonly string[]): Parties {
  const before = known.get(subject);
  if (before !== undefined && before.chain === chain) return before;
  const cells = newCellsOf(subject, chain);
  const parties = { chain, cells, keys: cells.map(([, key]) => key) };
  known.set(subject, parties);
  return parties;
}

function newCellsOf(subject: StateSubject, chain: readonly string[]): PartyCells {
  const { tenant } = subject;
  return partiesOf(subject, chain).flatMap((party) => {
    const { kind, id } = party;
    const everywhere = [party, revocationKey({ kind, id })] as const;
    return tenant === undefined
      ? [everywhere]
      : [everywhere, [party, revocationKey({ kind, id, tenant })] as const];
  });
}

/**
 * Every cell that could hold a tombstone of somebody in this call; to be read in each commit. `chain` are the ids of its
 * delegation.
 */
export function revocationKeys(subject: StateSubject, chain: readonly string[]): readonly string[] {
  return partiesIn(subject, chain).keys;
}

/** The first party of a call that was revoked: the acting agent before its principal, these before who delegated. */
export function revokedParty(
  read: CellReader,
  subject: StateSubject,
  chain: readonly string[],
): RevokedParty | undefined {
  for (const [{ code }, key] of partiesIn(subject, chain).cells) {
    const revocation = readCell<Revocation>(read, key);
    if (revocation !== undefined) return { code, revocation };
  }
  return undefined;
}

/** Sets a tombstone, which holds from the next commit on; one that is there already stays as it is. */
export function revoke(
  transaction: Transaction,
  target: RevocationTarget,
  by: string,
  reason: string,
): Revocation {
  const key = revocationKey(target);
  const before = readCell<Revocation>((each) => transaction.get(each), key);
  if (before !== undefined) return before;
  const revocation: Revocation = { v: 1, target, by, reason, since_ms: transaction.nowMs };
  writeCell(transaction, key, revocation);
  return revocation;
}

/** Takes a tombstone away that was set by mistake; gives what it was. */
export function restore(transaction: Transaction, target: RevocationTarget): Revocation | undefined {
  const key = revocationKey(target);
  const before = readCell<Revocation>((each) => transaction.get(each), key);
  transaction.remove(key);
  return before;
}
