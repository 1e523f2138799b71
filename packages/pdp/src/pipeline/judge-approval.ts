import type { ApprovalRule, DecisionRequest, Json, JsonObject } from '@writ/decision';
import { type ApprovalState, listAway, mayVote, type Voter } from '@writ/state';
import type { ApprovalStepResult } from './approval-procedure.ts';
import { askApprovers } from './approval-rules.ts';
import { stepApproval } from './approvals.ts';
import { type Approver, coversTenant, OPERATOR_GROUP } from './approver.ts';
import { approvalNamed } from './call-cells.ts';
import type { Core } from './core.ts';
import { newTokenId } from './override-token.ts';
import { newStandingId } from './standing-desk.ts';

/** Why a verdict does not count. */
export type VerdictRefusal =
  | 'approver_not_permitted'
  | 'self_approval'
  | 'policy_error'
  | 'policy_engine_unavailable';

export type JudgeResult =
  | ApprovalStepResult
  | { readonly ok: false; readonly code: VerdictRefusal; readonly message: string };

/** Attempts at one verdict while others move the same approval. */
const ATTEMPTS_MAX = 50;

/**
 * A person's verdict, judged by the policies of the moment: never by whoever the call is for, and a yes only of
 * somebody whom every rule lets. Who is away is represented by the delegate that was named. Rejects with the store's error.
 */
export async function judgeApproval(
  core: Core,
  id: string,
  step: 'approved' | 'denied',
  person: Approver,
  comment: string | undefined,
): Promise<JudgeResult> {
  for (let attempt = 0; ; attempt++) {
    const state = await approvalNamed(core.store, id, core.clock.nowMs());
    if (state === undefined || !coversTenant(person, state.binding.tenant))
      return { ok: false, code: 'approval_unknown' };
    const { id: by, channel = 'api' } = person;
    const said = comment === undefined ? {} : { comment };
    if (state.status !== 'pending' || (step === 'denied' && person.groups.includes(OPERATOR_GROUP))) {
      return stepApproval(core, { id, step, by, ...said, verdict: { channel } });
    }
    const permitted = await permission(core, state, person, step);
    if (!permitted.ok) return permitted;
    const { holder, rules, lapsed, digest } = permitted;
    const verdict = {
      holder: holder.id,
      groups: holder.groups,
      channel,
      version: state.version,
      rules,
      lapsed,
      useMs: core.limits.overrideMs,
      tokenId: newTokenId(core),
      under: digest,
    };
    const standing = state.asked_standing === undefined ? {} : standingOfStep(core, state);
    const result = await stepApproval(core, { id, step, by, ...said, verdict, ...standing });
    if (result.ok || result.code !== 'approval_moved' || attempt >= ATTEMPTS_MAX) return result;
  }
}

/** Only a question that showed the terms of a standing permission makes one. */
function standingOfStep(core: Core, { binding }: ApprovalState) {
  const { tenant } = binding;
  return { standingId: newStandingId(core), ...(tenant === undefined ? {} : { tenant }) };
}

type Permission =
  | {
      readonly ok: true;
      readonly holder: Voter;
      readonly rules: readonly ApprovalRule[];
      readonly lapsed: readonly string[];
      readonly digest: string;
    }
  | { readonly ok: false; readonly code: VerdictRefusal; readonly message: string };

async function permission(
  core: Core,
  state: ApprovalState,
  person: Approver,
  step: 'approved' | 'denied',
): Promise<Permission> {
  const own = step === 'approved' && isOfTheCall(state, person);
  if (own) return { ok: false, code: 'self_approval', message: 'nobody approves a call of their own' };
  const hold = core.source.hold();
  if (hold === undefined)
    return { ok: false, code: 'policy_engine_unavailable', message: 'no policies are active' };
  try {
    const ask = (voter: Voter) => permitted(core, hold.set, state, voter, person.id);
    const candidates: Voter[] = [person, ...(await represented(core, state, person))];
    let refused: Extract<Permission, { ok: false }> | undefined;
    for (const holder of candidates) {
      if (state.votes?.some((vote) => vote.holder === holder.id) === true && holder !== person) continue;
      const answer = await ask(holder);
      if (!answer.ok) {
        refused ??= answer;
        continue;
      }
      const lapsed = await lapsedVotes(state, ask);
      return { ok: true, holder, rules: answer.rules, lapsed, digest: hold.set.digest };
    }
    return (
      refused ?? { ok: false, code: 'approver_not_permitted', message: 'policy does not name this person' }
    );
  } finally {
    hold.release();
  }
}

type Asked =
  | { readonly ok: true; readonly rules: readonly ApprovalRule[] }
  | Extract<Permission, { ok: false }>;

async function permitted(
  core: Core,
  set: Parameters<typeof askApprovers>[0],
  state: ApprovalState,
  voter: Voter,
  by: string,
): Promise<Asked> {
  const nowMs = core.clock.nowMs();
  const ageMs = nowMs - state.created_ms;
  const question = {
    request: requestOf(state),
    approval: approvalInput(state, ageMs),
    approver: {
      id: voter.id,
      groups: voter.groups,
      ...(by === voter.id ? {} : { delegate: by }),
    } as JsonObject,
  };
  const answer = await askApprovers(set, question, nowMs, core.limits.decisionMs);
  if (!answer.ok) return answer;
  if (mayVote(answer.rules, voter, ageMs)) return answer;
  return {
    ok: false,
    code: 'approver_not_permitted',
    message: `policy does not name \`${voter.id}\` for this call`,
  };
}

/** Holders of earlier votes who may not vote any more. */
async function lapsedVotes(
  state: ApprovalState,
  ask: (voter: Voter) => Promise<Asked>,
): Promise<readonly string[]> {
  const votes = state.votes ?? [];
  const standing = await Promise.all(votes.map(({ holder, groups }) => ask({ id: holder, groups })));
  return votes.flatMap(({ holder }, index) => (standing[index]?.ok === true ? [] : [holder]));
}

/** Those who are away, named this person their delegate, and are not of the call themselves. */
async function represented(core: Core, state: ApprovalState, person: Approver): Promise<readonly Voter[]> {
  const away = await listAway(core.store, core.clock.nowMs(), person.id);
  return away
    .map(({ id, groups }) => core.approvers.get(id) ?? { id, groups })
    .filter((holder) => !isOfTheCall(state, holder) && coversTenant(holder, state.binding.tenant));
}

/** Whether a person is the principal, the actor, or in the chain between them, under any id. */
function isOfTheCall({ binding, details }: ApprovalState, { id, also = [] }: Approver): boolean {
  const { delegation = [], principal } = (details?.request ?? {}) as unknown as Partial<DecisionRequest>;
  const attributes = principal?.attributes;
  const names = ['email', 'login', 'sub'].map((name) => attributes?.[name]);
  const of = new Set<Json | undefined>([
    binding.principal,
    binding.actor,
    ...delegation.map((each) => each.id),
    ...names,
  ]);
  return [id, ...also].some((name) => of.has(name));
}

/** The request as it was asked, with the arguments as people see them. */
function requestOf({ details, action, binding }: ApprovalState): DecisionRequest {
  const { tenant, principal, actor } = binding;
  const base = (details?.request ?? {
    principal: { id: principal, ...(tenant === undefined ? {} : { tenant }) },
    actor: { id: actor },
    action: { type: action.type, phase: 'call' },
  }) as unknown as DecisionRequest;
  return { ...base, action: { ...base.action, ...action } };
}

function approvalInput(state: ApprovalState, ageMs: number): JsonObject {
  return {
    id: state.id,
    created_at: new Date(state.created_ms).toISOString(),
    age_seconds: Math.floor(ageMs / 1000),
    codes: state.reasons.map(({ code }) => code),
    kind: state.appeal === undefined ? 'escalation' : 'appeal',
    votes: (state.votes ?? []).map(({ by, holder, groups }) => ({ by, holder, groups })),
  };
}
