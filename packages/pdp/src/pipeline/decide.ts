import {
  acceptsDecideCall,
  type DecideCall,
  type Decision,
  type JsonObject,
  newDecisionId,
  type ReasonCode,
  validateDecideCall,
} from '@writ/decision';
import { sealFields } from '@writ/ledger';
import { rootSessionKey } from '@writ/state';
import { admit } from './admit.ts';
import { type Attempt, frameOf, type Prepared, unrecorded } from './attempt.ts';
import type { CallerIdentity } from './caller.ts';
import { commit } from './commit-decision.ts';
import type { Core } from './core.ts';
import { denial } from './draft-decision.ts';
import { subjectOf } from './gather.ts';
import { judge } from './judge.ts';
import { readOverride } from './override-token.ts';
import { prepare } from './prepare-decision.ts';

/** What makes one way of asking differ from another. */
export interface DecideOptions {
  readonly judge?: typeof judge;
  /** What the caller says of things that Writ works out itself. */
  readonly claimed?: JsonObject;
}

/**
 * Decides one call: reads it strictly, resolves and gathers, asks policies, commits once, answers. What allows is
 * answered only after it is durable; every fault is an answer that denies.
 */
export async function decide(
  core: Core,
  caller: CallerIdentity,
  given: unknown,
  options: DecideOptions = {},
): Promise<Decision> {
  const startedNs = process.hrtime.bigint();
  const admitted = admit(given, validateDecideCall, acceptsDecideCall);
  if (!admitted.ok) return refuseMalformed(core, caller, admitted.code, admitted.message, startedNs);
  const deadlineAt = performance.now() + core.limits.decisionMs;
  const brought = await withOverride(core, caller, admitted.call);
  const attempt: Attempt = { core, caller, ...brought, startedNs, deadlineAt, judge, ...options };
  try {
    return await ordered(attempt);
  } catch {
    // Nothing here is expected to throw; whatever does must not fail open, and says nothing about itself.
    return unrecorded(denial('internal_error', undefined, frameOf(attempt, undefined)));
  }
}

/** A call that brings an override token names the approval that the token is for; an unreadable one is told later. */
async function withOverride(
  core: Core,
  caller: CallerIdentity,
  call: DecideCall,
): Promise<Pick<Attempt, 'call' | 'override'>> {
  if (call.override_token === undefined) return { call };
  const override = await readOverride(core, call.override_token, caller.pointId);
  if (!override.ok) return { call, override };
  if (call.approval_id !== undefined && call.approval_id !== override.approvalId)
    return { call, override: { ok: false, code: 'override_invalid' } };
  return { call: { ...call, approval_id: override.approvalId }, override };
}

/** Decisions that read the same session run one after another; those that read nothing of it do not wait. */
async function ordered(attempt: Attempt): Promise<Decision> {
  const { core, call } = attempt;
  const set = core.source.current();
  const reads = set === undefined ? [] : core.factsOf(set).needs(call.request).facts;
  if (reads.length === 0) return untilCommitted(attempt);
  return core.queue.run(rootSessionKey(subjectOf(call.request)), () => untilCommitted(attempt));
}

async function untilCommitted(attempt: Attempt): Promise<Decision> {
  const { core } = attempt;
  for (;;) {
    const hold = core.source.hold();
    try {
      const prepared = await prepare(attempt, hold?.set);
      const result = await commit(attempt, prepared);
      if (result.kind !== 'conflict') return result.decision;
      if (performance.now() >= attempt.deadlineAt) return await conflicted(attempt, prepared);
    } finally {
      hold?.release();
    }
  }
}

async function conflicted(attempt: Attempt, prepared: Prepared): Promise<Decision> {
  const { gathered: _stale, ...rest } = prepared;
  const draft = denial(
    'state_conflict',
    undefined,
    frameOf(attempt, prepared.facts, prepared.draft.decision_id),
  );
  const result = await commit(attempt, { ...rest, draft });
  return result.kind === 'conflict' ? unrecorded(draft) : result.decision;
}

/** What cannot be read asks nothing: refused before policy, recorded as such. */
async function refuseMalformed(
  core: Core,
  caller: CallerIdentity,
  code: ReasonCode,
  message: string,
  startedNs: bigint,
): Promise<Decision> {
  const decisionId = newDecisionId(core.clock.nowMs(), core.randomBytes);
  const refused = denial(code, message, { decisionId, mode: 'enforce', policies: undefined, startedNs });
  const entry = {
    kind: 'malformed',
    decision_id: decisionId,
    outcome: 'deny',
    effect: 'refuse',
    codes: [code],
  } as const;
  try {
    const sealed = sealFields({ point: caller.pointId, message }, core.salts);
    await core.store.call('pdp.note', { core: entry, sealed, trust: core.trust });
    return refused;
  } catch {
    return unrecorded(refused);
  }
}
