import type { Approval, DecisionRequest } from '@writ/decision';
import { type ApprovalVote, groupOf, groupsAsked, groupsLater, votesNeeded } from './approval-rule.ts';
import { escalationTimes } from './approval-schedule.ts';
import type { ApprovalState } from './approval-state.ts';

/** The approval as the contract shows it. */
export function toApproval(state: ApprovalState): Approval {
  const { id, status, decision_id, binding, action, reasons, decided_by, decided_ms, comment, appeal } =
    state;
  return {
    id,
    status,
    created_at: new Date(state.created_ms).toISOString(),
    expires_at: new Date(state.expires_ms).toISOString(),
    decision_id,
    principal: { id: binding.principal, ...(binding.tenant === undefined ? {} : { tenant: binding.tenant }) },
    actor: { id: binding.actor },
    action,
    ...detailsShown(state),
    arg_hash: binding.arg_hash,
    forwarded_hash: binding.forwarded_hash,
    ...(binding.tool_digest === undefined ? {} : { tool_digest: binding.tool_digest }),
    reasons,
    ...(decided_by === undefined ? {} : { decided_by }),
    ...(decided_ms === undefined ? {} : { decided_at: new Date(decided_ms).toISOString() }),
    ...(comment === undefined ? {} : { comment }),
    ...(appeal === undefined ? {} : { appeal }),
    ...peopleShown(state),
  };
}

function detailsShown({ details }: ApprovalState): Partial<Approval> {
  if (details === undefined) return {};
  const { masked, session, if_approved } = details;
  const { delegation } = details.request as unknown as Partial<DecisionRequest>;
  return {
    ...(masked === undefined || masked.length === 0 ? {} : { masked }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(session === undefined ? {} : { session }),
    ...(if_approved === undefined ? {} : { if_approved }),
  };
}

function peopleShown({
  rules,
  votes,
  stage = 0,
  asked_standing: standing,
}: ApprovalState): Partial<Approval> {
  if (rules === undefined) return {};
  // Those whom the steps up to now ask, whether or not a rule without groups lets anybody else judge too.
  const ageMs = escalationTimes(rules)[stage - 1] ?? 0;
  const asked = rules.flatMap((rule) => [
    ...(groupsAsked(rule, 0) ?? []),
    ...(rule.approvers ?? []),
    ...groupsLater(rule, ageMs),
  ]);
  const group = groupOf(rules);
  return {
    ...(standing === undefined ? {} : { standing }),
    ...(group === undefined ? {} : { group }),
    needed: votesNeeded(rules),
    ...(votes === undefined || votes.length === 0 ? {} : { votes: votes.map(voteShown) }),
    ...(asked.length === 0 ? {} : { asked: [...new Set(asked)] }),
  };
}

function voteShown({ by, holder, at_ms, channel, comment }: ApprovalVote) {
  return {
    by,
    ...(holder === by ? {} : { on_behalf_of: holder }),
    at: new Date(at_ms).toISOString(),
    channel,
    ...(comment === undefined ? {} : { comment }),
  };
}
