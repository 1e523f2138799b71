import type { RateRule } from '@writ/bundle';
import {
  type ApprovalRule,
  type DecideCall,
  type Decision,
  type DecisionRequest,
  type JsonObject,
  newDecisionId,
} from '@writ/decision';
import type { NondeterministicCache } from '@writ/rego';
import type { ApprovalState, Gathered, StateSubject } from '@writ/state';
import { type CallerIdentity, modeFor } from './caller.ts';
import type { Core } from './core.ts';
import type { DraftFrame } from './draft-decision.ts';
import type { Judgement, judge } from './judge.ts';
import type { OverrideRead } from './override-token.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { ProvenStepUp } from './prove-step-up.ts';
import { hashArgs } from './resolve-request.ts';

/** One call on its way through the pipeline. */
export interface Attempt {
  readonly core: Core;
  readonly caller: CallerIdentity;
  readonly call: DecideCall;
  readonly startedNs: bigint;
  readonly deadlineAt: number;
  /** How the opinions come about; by default all entrypoints that apply are asked. */
  readonly judge: typeof judge;
  readonly claimed?: JsonObject;
  /** The override token that the call brought, read. */
  readonly override?: OverrideRead;
}

/** A standing permission that answers an escalation, and what policies say with it. */
export interface Standing {
  readonly key: string;
  readonly id: string;
  readonly amount?: number;
  readonly judgement: Judgement;
}

/** A request about which policies were asked, or a denial that needed no asking. */
export interface Prepared {
  readonly draft: Decision;
  readonly request: DecisionRequest;
  readonly subject: StateSubject;
  readonly counted: boolean;
  readonly labels: readonly string[];
  /** Rates that the call has to keep to. */
  readonly rates?: readonly RateRule[];
  readonly facts?: PolicyFacts;
  readonly gathered?: Gathered;
  readonly paths?: readonly string[];
  readonly judgement?: Judgement;
  /** What builtins that draw or ask answered. */
  readonly nondeterministic?: NondeterministicCache;
  readonly approval?: ApprovalState;
  /** What the person behind the session has proved, where policies asked for it. */
  readonly stepUp?: ProvenStepUp;
  /** The standing permission that the call is to be taken from. */
  readonly standing?: Standing;
  /** Who would have to be asked, where a person has to judge: undefined where policy says so only of somebody. */
  readonly rules?: readonly ApprovalRule[];
}

/** What a draft of this attempt is named and counted by. */
export function frameOf(attempt: Attempt, facts: PolicyFacts | undefined, decisionId?: string): DraftFrame {
  const { core, caller, call, startedNs } = attempt;
  return {
    decisionId: decisionId ?? newDecisionId(core.clock.nowMs(), core.randomBytes),
    mode: modeFor(caller, call.request),
    policies: facts,
    startedNs,
  };
}

/** Hash of what may be forwarded. */
export function forwardedHashOf(judgement: Judgement, request: DecisionRequest): string {
  const forwarded = judgement.forwardedArgs;
  if (forwarded === undefined || forwarded === request.action.args)
    return request.action.arg_hash ?? hashArgs({});
  return hashArgs(forwarded);
}

/** A denial that is not on record says so: nobody may look for it there. */
export function unrecorded(decision: Decision): Decision {
  const [first, ...others] = decision.reasons;
  if (first === undefined) return decision;
  const message = `${first.message ?? first.code} (this answer is not on record)`;
  return { ...decision, reasons: [{ ...first, message }, ...others] };
}
