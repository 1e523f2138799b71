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
  return [
    ...new Set([
      ...haltKeys(request.subject),
      ...revocationKeys(request.subject, request.chain ?? NOBODY),
      ...sessionKeys(request.subject),
      ...budgetKeys(definitionsOf(request), request.subject),
      ...rateKeys(request.rates, request.subject),
      ...factKeys(request.gathered?.facts ?? [], request.subject, definitionsOf(request)),
      ...(request.idempotencyCell === undefined ? [] : [request.idempotencyCell]),
      ...(request.standing === undefined ? [] : [request.standing.key]),
      ...stepUpKeys(request),
      ...(request.use === undefined
        ? []
        : [...approvalKeys(request.use.id), ...outboxKeys(request.use.id, request.use.channels, 'used')]),
      ...(request.ask === undefined
        ? []
        : [
            request.ask.pendingCell,
            asksKey(request.subject),
            ...approvalKeys(request.ask.id),
            ...outboxKeys(request.ask.id, request.ask.channels, 'requested'),
          ]),
      ...(request.ask?.pendingId === undefined ? [] : approvalKeys(request.ask.pendingId)),
      ...groupKeys(request.ask?.group),
      openDecisionKey(request.brief.decision_id),
    ]),
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
