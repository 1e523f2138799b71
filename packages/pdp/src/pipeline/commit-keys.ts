import {
  approvalKeys,
  asksKey,
  budgetKeys,
  factKeys,
  haltKeys,
  openDecisionKey,
  outboxKeys,
  rateKeys,
  revocationKeys,
  sessionKeys,
  stepUpKey,
  stepUpProofKey,
} from '@writ/state';
import type { ApprovalDraft, CommitRequest } from './commit-request.ts';

/** The chain of a call that nobody delegated. */
export const NOBODY: readonly string[] = [];

/** Every cell that the commit of this request may read or write. */
export function commitKeys(request: CommitRequest): readonly string[] {
  const { subject, ask, use } = request;
  const definitions = definitionsOf(request);
  const keys = [openDecisionKey(request.brief.decision_id)];
  const add = (more: readonly string[]): void => void keys.push(...more);
  add(haltKeys(subject));
  add(revocationKeys(subject, request.chain ?? NOBODY));
  add(sessionKeys(subject));
  if (definitions.length > 0) add(budgetKeys(definitions, subject));
  if (request.rates.length > 0) add(rateKeys(request.rates, subject));
  if (request.gathered !== undefined) add(factKeys(request.gathered.facts, subject, definitions));
  if (request.idempotencyCell !== undefined) keys.push(request.idempotencyCell);
  if (request.standing !== undefined) keys.push(request.standing.key);
  add(stepUpKeys(request));
  if (use !== undefined) {
    add(approvalKeys(use.id));
    add(outboxKeys(use.id, use.channels, 'used'));
  }
  if (ask !== undefined) add(askKeys(ask, subject));
  return keys;
}

function askKeys(ask: ApprovalDraft, subject: CommitRequest['subject']): readonly string[] {
  return [
    ask.pendingCell,
    asksKey(subject),
    ...approvalKeys(ask.id),
    ...outboxKeys(ask.id, ask.channels, 'requested'),
    ...(ask.pendingId === undefined ? [] : approvalKeys(ask.pendingId)),
    ...groupKeys(ask.group),
  ];
}

function stepUpKeys({ stepUp, subject }: CommitRequest): readonly string[] {
  if (stepUp === undefined) return [];
  const proof = stepUp.bind?.proof;
  return [stepUpKey(subject), ...(proof === undefined ? [] : [stepUpProofKey(subject.tenant, proof)])];
}

function groupKeys(group: ApprovalDraft['group']): readonly string[] {
  if (group === undefined) return [];
  return [group.key, ...(group.known === undefined ? [] : approvalKeys(group.known))];
}

/** The budgets that a request names. */
export function definitionsOf(request: CommitRequest) {
  return request.budgets.map(({ definition }) => definition);
}
