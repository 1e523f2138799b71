import type { Approval, Decision, DecisionRequest, JsonObject } from '@writ/decision';
import {
  type ApprovalDetails,
  readRootSession,
  readSession,
  type StateSubject,
  sessionKeys,
} from '@writ/state';
import type { Core } from './core.ts';

/** What a person needs to judge a call, beside the action itself; arguments are left out. */
export async function approvalDetails(
  core: Core,
  draft: Decision,
  request: DecisionRequest,
  subject: StateSubject,
  masked: readonly string[],
): Promise<ApprovalDetails> {
  const { args: _args, ...action } = request.action;
  const told = { ...request, action } as unknown as JsonObject;
  const session = await sessionOf(core, request, subject);
  return {
    request: told,
    ...(masked.length === 0 ? {} : { masked }),
    ...(session === undefined ? {} : { session }),
    if_approved: consequence(core, draft, request),
  };
}

/** The session as it is now, whether policies read it or not. */
async function sessionOf(
  core: Core,
  { context }: DecisionRequest,
  subject: StateSubject,
): Promise<Approval['session']> {
  const cells = new Map(
    await Promise.all(sessionKeys(subject).map(async (key) => [key, await core.store.read(key)] as const)),
  );
  const nowMs = core.clock.nowMs();
  const read = (key: string) => cells.get(key);
  const states = [readSession(read, subject, nowMs), readRootSession(read, subject, nowMs)];
  const risks = [context?.risk_score, ...states.map((state) => state?.risk_score)].filter(
    (risk) => risk !== undefined,
  );
  const labels = [
    ...new Set([...(context?.labels ?? []), ...states.flatMap((state) => state?.labels ?? [])]),
  ];
  const id = context?.session_id;
  const session = {
    ...(id === undefined ? {} : { id }),
    ...(risks.length === 0 ? {} : { risk_score: Math.max(...risks) }),
    ...(labels.length === 0 ? {} : { labels: labels.sort() }),
  };
  return Object.keys(session).length === 0 ? undefined : session;
}

function consequence(
  core: Core,
  draft: Decision,
  { action }: DecisionRequest,
): NonNullable<Approval['if_approved']> {
  const { destination, resources, data_classes_referenced, estimated_cost } = action;
  const obligations = [...new Set(draft.obligations.map(({ type }) => type))];
  return {
    ...(destination === undefined ? {} : { destination }),
    ...(resources === undefined ? {} : { resources }),
    ...(data_classes_referenced === undefined ? {} : { data_classes: data_classes_referenced }),
    ...(estimated_cost === undefined ? {} : { estimated_cost }),
    ...(obligations.length === 0 ? {} : { obligations }),
    valid_seconds: core.limits.overrideMs / 1000,
  };
}
