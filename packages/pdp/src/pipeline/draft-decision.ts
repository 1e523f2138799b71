import {
  type Decision,
  type DecisionMetadata,
  type DecisionRequest,
  permits,
  REASON_TABLE,
  type Reason,
  type ReasonCode,
} from '@writ/decision';
import { effectOf } from './effect.ts';
import type { Judgement } from './judge.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { hashArgs } from './resolve-request.ts';

/** What a draft is named and where it comes from. */
export interface DraftFrame {
  readonly decisionId: string;
  readonly mode: 'enforce' | 'observe';
  readonly policies: PolicyFacts | undefined;
  readonly startedNs: bigint;
}

/** A decision as policies leave it: what the commit finds may still change it. */
export function draftDecision(judgement: Judgement, request: DecisionRequest, frame: DraftFrame): Decision {
  const { combined } = judgement;
  const effect = effectOf(combined.outcome, combined.reasons, frame.mode);
  const args = request.action.args;
  // Observed traffic goes through as it came: a redaction is an opinion of policies, too.
  const forwarded = frame.mode === 'observe' ? args : judgement.forwardedArgs;
  const hashes =
    args === undefined || forwarded === undefined
      ? {}
      : { arg_hash: request.action.arg_hash ?? hashArgs(args), forwarded_hash: hashOf(forwarded, request) };
  return {
    decision_id: frame.decisionId,
    outcome: combined.outcome,
    allow: permits(combined.outcome),
    effect,
    ...(effect === 'proceed' && forwarded !== undefined ? { forwarded_args: forwarded } : {}),
    reason: combined.reasons[0]?.code ?? 'internal_error',
    reasons: combined.reasons,
    ...(combined.remediation === undefined ? {} : { remediation: combined.remediation }),
    ...(combined.policy === undefined ? {} : { policy: combined.policy }),
    obligations: combined.obligations,
    ...stepUpOf(judgement),
    ...hashes,
    metadata: { ...metadataOf(frame), ...judgementMetadata(judgement), ...combined.advice },
  };
}

function hashOf(forwarded: NonNullable<Decision['forwarded_args']>, request: DecisionRequest): string {
  const same = forwarded === request.action.args && request.action.arg_hash !== undefined;
  return same ? (request.action.arg_hash as string) : hashArgs(forwarded);
}

function stepUpOf({ combined: { outcome, step_up } }: Judgement): Pick<Decision, 'step_up'> {
  return outcome === 'step_up' ? { step_up: step_up ?? { method: 'step_up' } } : {};
}

function metadataOf(frame: DraftFrame): DecisionMetadata {
  const active = frame.policies;
  return {
    ...(active === undefined
      ? {}
      : {
          policy_version: active.version,
          bundle_digest: active.digest,
          bundles: active.bundles,
          engine: active.engine,
        }),
    mode: frame.mode,
    latency_ns: Number(process.hrtime.bigint() - frame.startedNs),
  };
}

function judgementMetadata(judgement: Judgement): DecisionMetadata {
  return {
    matched_rules: [...new Set(judgement.rules.map((rule) => rule.path))],
    rules_evaluated: judgement.rulesEvaluated,
    evaluation_ns: judgement.evaluationNs,
  };
}

/** A denial that no policy gave: nothing was asked, or nothing could be. */
export function denial(code: ReasonCode, message: string | undefined, frame: DraftFrame): Decision {
  const reason: Reason = { code, message: message ?? REASON_TABLE[code].sentence, outcome: 'deny' };
  return {
    decision_id: frame.decisionId,
    outcome: 'deny',
    allow: false,
    effect: 'refuse',
    reason: code,
    reasons: [reason],
    obligations: [],
    metadata: metadataOf(frame),
  };
}
