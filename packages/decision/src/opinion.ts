import type { Actor, EntrypointKind, Json, JsonObject, Layer, ObligationType, Outcome } from './contract.ts';

/** A reason as one answer gave it, before it is known where the answer came from. */
export interface OpinionReason {
  readonly code: string;
  readonly message?: string;
  readonly remediation?: string;
}

/** An obligation before it is united with others and numbered. */
export interface ObligationDraft {
  readonly id?: string;
  readonly type: ObligationType;
  readonly properties: JsonObject;
}

export interface StepUp {
  readonly method: string;
  readonly scopes?: readonly string[];
}

/** What a policy's own metadata may set in a decision's; nothing else of it gets there. */
export interface PolicyAdvice {
  readonly rate_limit_remaining?: number;
  readonly audit_required?: boolean;
  readonly appeal_path?: string;
  readonly alternatives?: readonly Json[];
}

/** One member of an answer: a set holds several, everything else one. Judged, lifted and overridden on its own. */
export interface OpinionPart {
  readonly outcome: Outcome;
  readonly reasons: readonly OpinionReason[];
  readonly obligations: readonly ObligationDraft[];
  readonly step_up?: StepUp;
  readonly policy?: string;
  readonly advice?: PolicyAdvice;
  /** The policy's metadata as it gave it, for the record only. */
  readonly metadata?: JsonObject;
}

/** One reason that an override entrypoint asks to lift, with the outcome to put in its place. */
export interface Lift {
  readonly bundle: string;
  readonly code: string;
  readonly outcome: Outcome;
  readonly justification: string;
  readonly approved_by: string;
  /** RFC 3339. */
  readonly expires: string;
  /** When it was approved: a day or an RFC 3339 instant. Says how old it is; decides nothing. */
  readonly approved_at?: string;
  /** Limits the lift to one entrypoint. */
  readonly rule?: string;
  /** Limits the lift to one message; needed where the code is `objection`, which says nothing by itself. */
  readonly message?: string;
  readonly principals?: readonly string[];
  readonly actors?: readonly string[];
  readonly tools?: readonly string[];
}

/** What an identity entrypoint says about a known actor. */
export interface IdentityFacts {
  /** Absent where the policy does not list capabilities; an empty list grants none. */
  readonly capabilities?: readonly string[];
  readonly actor: Pick<Actor, 'class' | 'scope' | 'owner_team' | 'attested'>;
}

/** What one entrypoint's answer means under its kind. */
export type Opinion =
  | {
      readonly kind: 'none';
      /** The answer was undefined, as opposed to an explicit nothing (`false`, `[]`). */
      readonly undefined: boolean;
      /** Why a grant was not given, where the policy says so without objecting. */
      readonly notes: readonly OpinionReason[];
    }
  | { readonly kind: 'verdict'; readonly parts: readonly OpinionPart[] }
  | { readonly kind: 'identity'; readonly facts: IdentityFacts }
  | { readonly kind: 'lifts'; readonly lifts: readonly Lift[] };

/** An opinion with its origin. */
export interface ConsultedOpinion {
  readonly layer: Layer;
  readonly bundle: string;
  /** The entrypoint's path with dots: `data.agent.tools.decision`. */
  readonly rule: string;
  readonly kind: EntrypointKind;
  /** Source of the rule that decided: file within the bundle and row from 1. */
  readonly file?: string;
  readonly row?: number;
  readonly opinion: Opinion;
  /** Of an entrypoint that only observes: recorded and shown, and it changes nothing. */
  readonly observed?: true;
}

/** The opinion of an entrypoint that could not be asked or whose evaluation failed: deny. */
export function faultOpinion(
  code:
    | 'policy_error'
    | 'policy_timeout'
    | 'policy_engine_unavailable'
    | 'policy_engines_disagree'
    | 'policy_unknown_shape',
  message: string,
): Opinion {
  return { kind: 'verdict', parts: [{ outcome: 'deny', reasons: [{ code, message }], obligations: [] }] };
}
