import {
  type DecisionRequest,
  type Json,
  type ListAnswer,
  type ListCall,
  newDecisionId,
  validateListCall,
} from '@writ/decision';
import { type EntryCore, sealFields } from '@writ/ledger';
import type { PolicySet } from '../layers/policy-set.ts';
import { admit } from './admit.ts';
import { type CallerIdentity, modeFor, refusedClaim } from './caller.ts';
import type { Core } from './core.ts';
import { decisionFields } from './decision-entry.ts';
import { gather, subjectOf, withGathered } from './gather.ts';
import { judge } from './judge.ts';
import { refusedRelease } from './refused-release.ts';
import { resolveRequest } from './resolve-request.ts';

/** Which items may be shown: those that something could allow. One decision, one entry; any fault shows nothing. */
export async function list(core: Core, caller: CallerIdentity, given: unknown): Promise<ListAnswer> {
  const decisionId = newDecisionId(core.clock.nowMs(), core.randomBytes);
  const admitted = admit(given, validateListCall);
  if (!admitted.ok) {
    const entry: EntryCore = {
      kind: 'malformed',
      decision_id: decisionId,
      phase: 'list',
      codes: [admitted.code],
    };
    const sealed = sealFields({ point: caller.pointId, message: admitted.message }, core.salts);
    await core.store.call('pdp.note', { core: entry, sealed, trust: core.trust }).catch(() => undefined);
    return { decision_id: decisionId, visible: [] };
  }
  const { call } = admitted;
  const nothing: ListAnswer = { decision_id: decisionId, visible: call.items.map(() => false) };
  const claim = refusedClaim(caller, call.request);
  const hold = core.source.hold();
  try {
    const judged =
      claim !== undefined || hold === undefined ? nothing.visible : await visibleItems(core, hold.set, call);
    const observed = claim === undefined && modeFor(caller, call.request) === 'observe';
    const answer: ListAnswer = {
      decision_id: decisionId,
      visible: observed ? judged.map(() => true) : judged,
    };
    await recordList(core, caller, call, answer, judged, claim);
    return answer;
  } catch {
    return nothing;
  } finally {
    hold?.release();
  }
}

async function visibleItems(core: Core, set: PolicySet, call: ListCall): Promise<readonly boolean[]> {
  const facts = core.factsOf(set);
  const nowMs = core.clock.nowMs();
  if (refusedRelease(set.releases, call) !== undefined) return call.items.map(() => false);
  const requests = call.items.map((item) => itemRequest(core, set, call.request, item));
  const needed = [
    ...new Set(requests.flatMap((request) => (request === undefined ? [] : facts.needs(request).facts))),
  ];
  const gathered = await gather(core.store, needed, subjectOf(call.request), facts.budgets, nowMs);
  const deadlineAt = performance.now() + core.limits.decisionMs;
  const visible: boolean[] = [];
  for (const request of requests) {
    if (request === undefined) {
      visible.push(false);
      continue;
    }
    const told = withGathered(request, gathered, new Date(nowMs).toISOString());
    const deadlineMs = Math.max(0, deadlineAt - performance.now());
    const { combined } = await judge(told, { policies: set, nowMs, deadlineMs });
    visible.push(combined.outcome !== 'deny');
  }
  return visible;
}

/** The question about one item; undefined where the registry and the item do not fit together. */
function itemRequest(
  core: Core,
  set: PolicySet,
  request: DecisionRequest,
  item: ListCall['items'][number],
): DecisionRequest | undefined {
  const { args: _args, ...action } = request.action;
  const asked: DecisionRequest = { ...request, action: { ...action, ...item, phase: 'list' } };
  const resolved = resolveRequest(asked, set.registry, core.environment);
  return resolved.ok ? resolved.request : undefined;
}

async function recordList(
  core: Core,
  caller: CallerIdentity,
  call: ListCall,
  answer: ListAnswer,
  judged: readonly boolean[],
  claim: string | undefined,
): Promise<void> {
  const shown = judged.some((each) => each);
  const entry: EntryCore = {
    kind: 'decision',
    decision_id: answer.decision_id,
    action_type: call.request.action.type,
    phase: 'list',
    outcome: shown ? 'allow' : 'deny',
    effect: answer.visible.some((each) => each) ? 'proceed' : 'refuse',
    ...(claim === undefined ? {} : { codes: ['assertion_not_permitted'] }),
  };
  const { decision_id, visible } = answer;
  const draft = { decision_id, reasons: [], obligations: [], metadata: {} };
  const items = call.items.map((item, index) => ({
    ...item,
    visible: visible[index] ?? false,
    judged: judged[index] ?? false,
  }));
  const fields = decisionFields(draft, call.request, { pointId: caller.pointId, sessionKey: '' });
  const { reasons: _reasons, session: _session, ...kept } = fields;
  const note = { items, ...(claim === undefined ? {} : { refused: claim }) } as unknown as Json;
  await core.store.call('pdp.note', {
    core: entry,
    sealed: sealFields({ ...kept, note }, core.salts),
    trust: core.trust,
  });
}
