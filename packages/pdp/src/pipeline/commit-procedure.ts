import type { Decision } from '@writ/decision';
import { closeLedger, ledgerBatchKeys } from '@writ/ledger';
import {
  ASKS_MAX,
  bindStepUp,
  changedFacts,
  checkIdempotency,
  circuitOpen,
  countAsk,
  createApproval,
  factKeys,
  isProven,
  knownSubject,
  leadsGroup,
  mayTakeStanding,
  openDecision,
  provenSteps,
  readApproval,
  readSession,
  recordCall,
  rememberAnswer,
  takeRates,
  takeStanding,
  tellChannels,
  useApproval,
} from '@writ/state';
import type { Procedure, Transaction } from '@writ/store';
import { appendEntries, type Settled } from './commit-entries.ts';
import { commitKeys, definitionsOf } from './commit-keys.ts';
import { admit, stoppedBy } from './commit-order.ts';
import { briefOf, type CommitRequest, type CommitResult } from './commit-request.ts';
import { withRemaining } from './rate-limits.ts';
import { askAgain, withReason } from './settle-decision.ts';
import { mayRecall } from './state-memory.ts';

/**
 * The one commit of a decision: compares the state that policies were told, applies halts, uses up or asks for an
 * approval, reserves budgets, counts the call and appends the entry. The entry is built here because each of these
 * may change the outcome. Runs in the store's worker; pure.
 */
const commitProcedure: Procedure<CommitRequest, CommitResult> = {
  name: 'pdp.commit',
  keys: (request) => commitKeys(withKnownSubject(request)),
  run: (transaction, request) => commit(transaction, withKnownSubject(request)),
  afterBatch: closeLedger,
  batchKeys: ledgerBatchKeys,
};

export default commitProcedure;

/** Requests come as text, each with a subject of its own; keys are worked out once for equal ones. */
function withKnownSubject(request: CommitRequest): CommitRequest {
  const subject = knownSubject(request.subject);
  return subject === request.subject ? request : { ...request, subject };
}

function commit(transaction: Transaction, request: CommitRequest): CommitResult {
  const { idempotencyCell, callDigest, gathered } = request;
  const stopped = stoppedBy(transaction, request);
  if (stopped !== undefined) return conclude(transaction, request, changed(stopped(draftOf(request))), false);
  const earlier =
    idempotencyCell === undefined ? undefined : checkIdempotency(transaction, idempotencyCell, callDigest);
  if (earlier?.kind === 'repeat') return { kind: 'repeat', decision: earlier.answer as unknown as Decision };
  if (gathered !== undefined) {
    const facts = changedFacts(transaction, gathered, request.subject, definitionsOf(request));
    if (facts.length > 0) return { kind: 'conflict', facts };
  }
  // What a standing permission had left may be gone: then the call is prepared anew, and people are asked.
  const { standing } = request;
  if (standing !== undefined && !mayTakeStanding(transaction, standing.key, standing.amount))
    return { kind: 'conflict', facts: ['standing'] };
  // Somebody was asked about an equal call meanwhile: then this one is prepared anew, and joins that question.
  const { ask: asking } = request;
  if (asking !== undefined && transaction.get(asking.pendingCell) !== asking.pendingId)
    return { kind: 'conflict', facts: ['approval'] };
  // What was proven may have run out, or be another session's by now. Last, for it binds the proof.
  if (request.stepUp !== undefined && !provesStepUp(transaction, request.subject, request.stepUp))
    return { kind: 'conflict', facts: ['step_up'] };
  const settled = earlier?.kind === 'mismatch' ? mismatched(request) : settle(transaction, request);
  return conclude(transaction, request, settled, earlier?.kind === 'first');
}

/** Binds what the call proves to its session, and asks whether that has all that the decision rests on. */
function provesStepUp(
  transaction: Transaction,
  subject: CommitRequest['subject'],
  { methods, bind }: NonNullable<CommitRequest['stepUp']>,
): boolean {
  if (bind !== undefined && !bindStepUp(transaction, subject, bind)) return false;
  return isProven(
    methods,
    provenSteps((key) => transaction.get(key), subject, transaction.nowMs),
  );
}

/** Writes what was settled, and the entry that says so. */
function conclude(
  transaction: Transaction,
  request: CommitRequest,
  settled: Settled,
  remember: boolean,
): CommitResult {
  write(transaction, request, settled, remember);
  return {
    kind: 'decided',
    ...appendEntries(transaction, request, settled),
    ...(settled.changed === undefined ? {} : { changed: settled.changed }),
    ...(request.gathered === undefined ? {} : { cells: cellsLeft(transaction, request, request.gathered) }),
  };
}

/** What the next decision about the same state may start from. */
function cellsLeft(
  transaction: Transaction,
  request: CommitRequest,
  { facts }: NonNullable<CommitRequest['gathered']>,
): readonly (readonly [key: string, text: string | null])[] {
  if (!mayRecall(facts)) return [];
  const keys = factKeys(facts, request.subject, definitionsOf(request));
  return keys.map((key) => [key, transaction.get(key) ?? null]);
}

function draftOf(request: CommitRequest): Decision {
  return JSON.parse(request.draft);
}

function mismatched(request: CommitRequest): Settled {
  const decision = withReason(draftOf(request), {
    code: 'idempotency_mismatch',
    message: 'the idempotency key was used for another call',
  });
  return changed(decision);
}

/** Applies what only the transaction can know, in order of what goes before what. */
function settle(transaction: Transaction, request: CommitRequest): Settled {
  const broken = breakCircuit(transaction, request);
  if (broken !== undefined) return changed(broken);
  if (request.brief.outcome === 'escalate' && request.ask !== undefined)
    return ask(transaction, request, request.ask);
  if (request.brief.effect !== 'proceed') return NOTHING_MOVED;
  return proceed(transaction, request);
}

/** A denial that was given too often in a row says so first; observed agents never saw their denials. */
function breakCircuit(transaction: Transaction, request: CommitRequest): Decision | undefined {
  const { brief, subject, callDigest, counted } = request;
  if (!counted || brief.outcome !== 'deny' || brief.effect === 'proceed') return undefined;
  const session = readSession((key) => transaction.get(key), subject, transaction.nowMs);
  if (session === undefined || !circuitOpen(session.denied, callDigest, transaction.nowMs)) return undefined;
  const stopped = withReason(draftOf(request), {
    code: 'circuit_open',
    message: 'the same call was refused too often in a row: stop asking',
  });
  return {
    ...stopped,
    obligations: [...stopped.obligations, { id: 'circuit-open', type: 'halt', properties: {} }],
  };
}

function ask(
  transaction: Transaction,
  request: CommitRequest,
  draft: NonNullable<CommitRequest['ask']>,
): Settled {
  const { id, lifeMs, binding, action, reasons, details, rules, appeal } = draft;
  const { pendingCell, pendingId, channels, position } = draft;
  if (pendingId !== undefined) {
    const before = readApproval((key) => transaction.get(key), pendingId, transaction.nowMs);
    // An approved one is named too: the point then asks again with its id, which uses it up (ADR 4).
    if (before?.status === 'pending' || before?.status === 'approved') {
      return changed(askAgain(draftOf(request), before, channels, transaction.nowMs, position));
    }
  }
  if (!countAsk(transaction, request.subject)) {
    const message = `at most ${ASKS_MAX} approvals an hour may be asked for: wait until people have answered`;
    return changed(withReason(draftOf(request), { code: 'budget_exhausted', message }));
  }
  const asked = createApproval(transaction, {
    id,
    decision_id: request.brief.decision_id,
    expires_ms: transaction.nowMs + lifeMs,
    binding,
    action,
    reasons,
    ...(details === undefined ? {} : { details }),
    ...(rules === undefined ? {} : { rules }),
    ...(appeal === undefined ? {} : { appeal }),
  });
  transaction.put(pendingCell, id);
  // People get one message for a group; the list shows all that it holds.
  const { group } = draft;
  if (group === undefined || leadsGroup(transaction, group.key, id, group.known))
    tellChannels(transaction, id, channels, { event: 'requested', step: 'requested' });
  return {
    changed: askAgain(draftOf(request), asked, channels, transaction.nowMs, position),
    reservations: [],
    approvalEvents: [{ event: 'requested', id }],
  };
}

/** Uses up the approval and reserves; either may turn the effect into a refusal, and then neither happens. */
function proceed(transaction: Transaction, request: CommitRequest): Settled {
  const { brief, use, subject } = request;
  const admitted = admit(transaction, request);
  if (!admitted.ok) return changed(admitted.refused(draftOf(request)));
  const { reservations, remaining } = admitted;
  const rates = request.counted ? takeRates(transaction, subject, request.rates) : [];
  const told = remaining === undefined ? {} : { changed: withRemaining(draftOf(request), remaining) };
  const moved = { reservations, rates, ...told };
  const { standing } = request;
  if (standing !== undefined) {
    takeStanding(transaction, standing.key, standing.amount);
    return { ...moved, approvalEvents: [{ event: 'standing_used', id: standing.id }] };
  }
  if (use === undefined) return { ...moved, approvalEvents: [] };
  const used = useApproval(transaction, use.id, use.binding, brief.decision_id, use.tokenId);
  if (!used.ok) throw new Error(`the approval was usable and is not any more: ${used.code}`);
  tellChannels(transaction, use.id, use.channels, { event: 'used', step: 'used' });
  return { ...moved, approvalEvents: [{ event: 'used', id: use.id }] };
}

const NOTHING_MOVED: Settled = { reservations: [], approvalEvents: [] };

/** Another decision, beside which nothing is reserved and no approval moves. */
function changed(decision: Decision): Settled {
  return { ...NOTHING_MOVED, changed: decision };
}

function write(transaction: Transaction, request: CommitRequest, settled: Settled, remember: boolean): void {
  const { subject, callDigest, tool, labels } = request;
  const brief = settled.changed === undefined ? request.brief : briefOf(settled.changed);
  const proceeds = brief.effect === 'proceed';
  if (request.counted) {
    const circuit = brief.reason !== 'circuit_open' && !brief.observed;
    recordCall(transaction, subject, {
      proceeds,
      labels,
      ...(tool === undefined ? {} : { tool }),
      denied: brief.outcome === 'deny',
      ...(circuit ? { call: callDigest } : {}),
      ...(circuit && brief.outcome === 'deny' ? { denied_for: brief.reason } : {}),
    });
  }
  if (proceeds) {
    openDecision(transaction, {
      decision_id: brief.decision_id,
      subject,
      reservations: settled.reservations,
      ...(settled.rates === undefined ? {} : { rates: settled.rates }),
      note: request.note,
    });
  }
  if (remember && request.idempotencyCell !== undefined && !brief.passing) {
    rememberAnswer(transaction, request.idempotencyCell, {
      decision_id: brief.decision_id,
      call: callDigest,
      answerText: settled.changed === undefined ? request.draft : JSON.stringify(settled.changed),
    });
  }
}
