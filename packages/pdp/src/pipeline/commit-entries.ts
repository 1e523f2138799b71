import type { Decision, Json, Reason } from '@writ/decision';
import {
  derivedSalts,
  type EntryCore,
  leafHash,
  openDraft,
  type PersonalFields,
  recordDraft,
  recordEntry,
  resealFields,
  sealFields,
} from '@writ/ledger';
import type { RateReservation, Reservation } from '@writ/state';
import type { Transaction } from '@writ/store';
import type { CommitRequest, CommitResult } from './commit-request.ts';

/** What the transaction found and did. */
export interface Settled {
  /** The decision where it is no longer the draft. */
  readonly changed?: Decision;
  readonly reservations: readonly Reservation[];
  readonly rates?: readonly RateReservation[];
  /** Steps of an approval, each an entry of its own. */
  readonly approvalEvents: readonly { readonly event: string; readonly id: string }[];
}

/** Where the entry of a decision stands; its hash where it has no place in the log yet. */
export type AppendedEntry = Pick<Extract<CommitResult, { kind: 'decided' }>, 'index' | 'leaf'>;

/** Appends the entry of a decision, and one for each step of an approval; tells of the first. */
export function appendEntries(
  transaction: Transaction,
  request: CommitRequest,
  settled: Settled,
): AppendedEntry {
  const { saltSeed, trust, brief } = request;
  let bytes: Uint8Array | undefined;
  const told = (leaf: Uint8Array): void => {
    bytes = leaf;
  };
  const index =
    settled.changed === undefined
      ? recordDraft(transaction, request, trust, told)
      : recordChanged(transaction, request, settled.changed, told);
  for (const { event, id } of settled.approvalEvents) {
    const step: EntryCore = { kind: 'approval', event, approval_id: id, decision_id: brief.decision_id };
    const fields = sealFields(approvalFields(request, event), derivedSalts(`${saltSeed} ${event}`));
    recordEntry(transaction, step, fields, trust);
  }
  // Entries that have their place need no promise of it.
  if (index >= 0 || bytes === undefined) return { index };
  return { index, leaf: Buffer.from(leafHash(bytes)).toString('base64') };
}

function recordChanged(
  transaction: Transaction,
  request: CommitRequest,
  decision: Decision,
  told: (leaf: Uint8Array) => void,
): number {
  const { core, sealed } = openDraft(request);
  // What the policy of the log kept out does not come back by another outcome.
  const keptOut = core.dropped === true || core.masked?.some((name) => FOUND_NAMES.has(name)) === true;
  const found = keptOut
    ? sealed
    : resealFields(sealed, foundFields(decision), derivedSalts(request.saltSeed));
  return recordEntry(transaction, withOutcome(core, decision), found, request.trust, told);
}

function withOutcome(core: EntryCore, decision: Decision): EntryCore {
  return {
    ...core,
    outcome: decision.outcome,
    effect: decision.effect,
    codes: [...new Set(decision.reasons.map((reason: Reason) => reason.code))],
    ...(decision.approval === undefined ? {} : { approval_id: decision.approval.id }),
  };
}

const FOUND_NAMES: ReadonlySet<string> = new Set(['reasons', 'obligations']);

function foundFields(decision: Decision): PersonalFields {
  return {
    reasons: decision.reasons as unknown as Json,
    ...(decision.obligations.length === 0 ? {} : { obligations: decision.obligations as unknown as Json }),
  };
}

function askedNote(asked: CommitRequest['ask']): PersonalFields {
  const { position, appeal } = asked ?? {};
  if (position === undefined && appeal === undefined) return {};
  return {
    approval: {
      ...(position === undefined ? {} : { queue_position: position }),
      ...(appeal === undefined ? {} : { appeal }),
    },
  };
}

function approvalFields({ subject, tool, ask: asked, use }: CommitRequest, event: string): PersonalFields {
  return {
    ...(event === 'requested' ? askedNote(asked) : {}),
    // By which token it was brought, where it was.
    ...(event === 'used' && use?.tokenId !== undefined
      ? { token: { id: use.tokenId, type: 'override' } }
      : {}),
    principal: subject.principal,
    actor: subject.actor,
    ...(subject.tenant === undefined ? {} : { tenant: subject.tenant }),
    ...(tool === undefined ? {} : { tool }),
  };
}
