/**
 * The contract of a decision: what an enforcement point asks and what it is told. Wire names are snake_case JSON;
 * the same document is the `input` of policies (profile `writ/v1`). What is unknown is absent, never 0 or "".
 */

import type {
  ApprovalStatus,
  ApprovalVoteShown,
  PendingApproval,
  RecentDecision,
} from './approval-contract.ts';
import type { Json, JsonObject } from './json-type.ts';
import type { StandingTerms } from './standing-terms.ts';
import type { StepUpAsked, StepUpGiven } from './step-up-contract.ts';

export type { Json, JsonObject };

export const OUTCOMES = ['allow', 'sanitize', 'escalate', 'step_up', 'deny'] as const;
/** Ordered by strictness, least strict first. */
export type Outcome = (typeof OUTCOMES)[number];

export const ACTION_TYPES = [
  'tool_call',
  'resource_read',
  'resource_subscribe',
  'prompt_get',
  'completion',
  'sampling',
  'elicitation',
  'task',
  'model_inference',
  'http_request',
  'agent_spawn',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

export const PHASES = ['list', 'call', 'result'] as const;
export type Phase = (typeof PHASES)[number];

export const LAYERS = ['identity', 'resource', 'workflow', 'compliance', 'override'] as const;
export type Layer = (typeof LAYERS)[number];

export const ENTRYPOINT_KINDS = [
  'grant',
  'guard',
  'violations',
  'capabilities',
  'overrides',
  'visible',
  'approvers',
] as const;
export type EntrypointKind = (typeof ENTRYPOINT_KINDS)[number];

/** On whose authority. */
export interface Principal {
  readonly id: string;
  readonly kind?: 'user' | 'service' | 'agent';
  readonly tenant?: string;
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  readonly data_classifications_authorized?: readonly string[];
  readonly attributes?: JsonObject;
}

/** The agent that acts now. `capabilities` is set by the identity layer and ignored from callers. */
export interface Actor {
  /** A plain id, a SPIFFE id or a DID. */
  readonly id: string;
  readonly class?: string;
  readonly scope?: string;
  readonly owner_team?: string;
  /** Which release of the agent this is, as its credential or its enforcement point says. */
  readonly version?: string;
  readonly attested?: boolean;
  readonly capabilities?: readonly string[];
}

export interface Resource {
  readonly type: string;
  readonly id: string;
  readonly tenant?: string;
  readonly classes?: readonly string[];
  readonly attributes?: JsonObject;
}

export interface Destination {
  readonly scheme?: string;
  readonly host: string;
  readonly port?: number;
}

export interface Action {
  readonly type: ActionType;
  readonly phase: Phase;
  readonly tool?: string;
  readonly server?: string;
  readonly capability?: string;
  readonly operation?: string;
  readonly args?: JsonObject;
  /** `sha256:<hex>` of the RFC 8785 form of `args` as they would be forwarded. Computed by the decision point. */
  readonly arg_hash?: string;
  readonly resources?: readonly Resource[];
  readonly data_classes_referenced?: readonly string[];
  /** Where the tool will send, taken from its arguments. */
  readonly destination?: Destination;
  readonly upstream?: { readonly host: string; readonly port?: number };
  readonly provider?: string;
  readonly model?: string;
  readonly region?: string;
  /** In the currency's unit that policies use; a decimal. */
  readonly estimated_cost?: number;
  /** The number among the arguments that limits are about, by the capability registry; never below 0. */
  readonly amount?: number;
  /**
   * What the call is under its capability: the protocol's word (`tools/call`) and a name (`mcp/web_search`). Set by the
   * decision point and ignored from callers.
   */
  readonly authorization?: { readonly action: string; readonly resource: string };
}

/** Present in phase `result`. */
export interface ActionResult {
  readonly content?: Json;
  readonly structured?: Json;
  readonly is_error?: boolean;
}

/** Counters and labels are the decision point's own; what a caller claims for them is ignored. */
export interface DecisionContext {
  readonly session_id?: string;
  readonly conversation_id?: string;
  readonly task_id?: string;
  readonly turn_count?: number;
  readonly cumulative_tokens?: number;
  readonly session_age_seconds?: number;
  /** Earlier calls of the session, denied ones too, this one not. */
  readonly request_count?: number;
  readonly calls_in_row?: number;
  readonly prior_tools?: readonly string[];
  readonly labels?: readonly string[];
  /** 0 to 1. */
  readonly risk_score?: number;
  readonly budgets?: { readonly [name: string]: { readonly used: number; readonly limit: number } };
  readonly approval?: {
    readonly id: string;
    readonly approved_by: string;
    readonly codes: readonly string[];
  };
  readonly step_up_verified?: boolean;
  /**
   * A proof of who the person is that the enforcement point checked. Where a step-up is asked for, it is bound to the
   * session, and holds there until it is too old; `proof` names it, so that it counts in one session only.
   */
  readonly step_up?: StepUpGiven;
  readonly trace_id?: string;
}

export interface Environment {
  readonly region?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly is_production?: boolean;
}

/** One question; also the `input` of policies under profile `writ/v1`. */
export interface DecisionRequest {
  readonly principal: Principal;
  readonly actor: Actor;
  /** From the first delegator to the actor. */
  readonly delegation?: readonly { readonly id: string; readonly kind?: string }[];
  readonly action: Action;
  readonly result?: ActionResult;
  readonly context?: DecisionContext;
  readonly environment?: Environment;
}

/** One reason. Its identity is (bundle, rule, code, digest of the message). */
export interface Reason {
  /** Machine-readable, `snake_case`; free text has code `objection`. */
  readonly code: string;
  readonly layer?: Layer;
  readonly bundle?: string;
  /** Path of the rule that decided, e.g. `data.agent.tools.decision`. */
  readonly rule?: string;
  /** Source of that rule: file within the bundle and row from 1. */
  readonly file?: string;
  readonly row?: number;
  readonly message?: string;
  readonly remediation?: string;
  /** The opinion that this reason belongs to. */
  readonly outcome?: Outcome;
}

export const OBLIGATION_TYPES = ['redact', 'rate_limit', 'audit', 'notify', 'halt'] as const;
export type ObligationType = (typeof OBLIGATION_TYPES)[number];
/** A duty of the enforcement point; one that it does not understand means deny. */
export interface Obligation {
  readonly id: string;
  readonly type: ObligationType;
  /**
   * `redact`: `{pointers?: string[] (RFC 6901 into args), patterns?: string[] (RE2, in any text), replacement?: Json}`, one
   * of both at least.
   */
  readonly properties: JsonObject;
}

export interface DecisionMetadata {
  readonly policy_version?: string;
  /** `sha256:<hex>` over all active bundles. */
  readonly bundle_digest?: string;
  readonly bundles?: { readonly [name: string]: { readonly revision: string; readonly digest: string } };
  readonly matched_rules?: readonly string[];
  readonly rules_evaluated?: number;
  readonly rate_limit_remaining?: number;
  /** Seconds after which a call that a rate limit refused may be asked again. */
  readonly retry_after?: number;
  readonly audit_required?: boolean;
  /** Where to appeal; `access_request`: by asking again with `appeal`, and a person decides. */
  readonly appeal_path?: string;
  readonly alternatives?: readonly Json[];
  readonly engine?: string;
  readonly mode?: 'enforce' | 'observe';
  readonly evaluation_ns?: number;
  readonly latency_ns?: number;
  /** Signed by the node of a cluster: that the entry is durable and gets its place in the log (C2SP signed-note). */
  readonly receipt?: string;
}

export interface Decision {
  /** `dec-<UUID version 7>`. */
  readonly decision_id: string;
  readonly outcome: Outcome;
  /** True only for `allow` and `sanitize`. */
  readonly allow: boolean;
  /** What the enforcement point does. Differs from the outcome only in observe mode. */
  readonly effect: 'proceed' | 'refuse';
  /** What may be forwarded, exactly: present whenever `effect` is `proceed` and the action has arguments. */
  readonly forwarded_args?: JsonObject;
  /** Code of the first reason. */
  readonly reason: string;
  readonly reasons: readonly Reason[];
  readonly remediation?: string;
  /** Bundle or package that decided. */
  readonly policy?: string;
  readonly obligations: readonly Obligation[];
  readonly approval?: PendingApproval;
  readonly step_up?: StepUpAsked;
  readonly arg_hash?: string;
  readonly forwarded_hash?: string;
  readonly metadata: DecisionMetadata;
}

/** A pending call that a person judges. Holds the forwarded form of the arguments, with sensitive fields masked. */
export interface Approval {
  readonly id: string;
  readonly status: ApprovalStatus;
  readonly created_at: string;
  readonly expires_at: string;
  readonly decision_id: string;
  readonly principal: { readonly id: string; readonly tenant?: string };
  readonly actor: { readonly id: string };
  readonly action: {
    readonly type: ActionType;
    readonly tool?: string;
    readonly server?: string;
    readonly args?: JsonObject;
  };
  /** Places in `action.args` (RFC 6901) whose values are not shown. */
  readonly masked?: readonly string[];
  /** From the first delegator to the actor. */
  readonly delegation?: NonNullable<DecisionRequest['delegation']>;
  /** The agent's session as it was when it asked. */
  readonly session?: {
    readonly id?: string;
    readonly risk_score?: number;
    readonly labels?: readonly string[];
  };
  /** What a yes does. */
  readonly if_approved?: ApprovalConsequence;
  /** The latest decisions on this tool by this actor, newest first; shown to people only. */
  readonly recent?: readonly RecentDecision[];
  readonly arg_hash: string;
  readonly forwarded_hash: string;
  readonly tool_digest?: string;
  /** Exactly the escalate reasons that were asked for; an approval lifts these and no other. */
  readonly reasons: readonly Reason[];
  readonly decided_by?: string;
  readonly decided_at?: string;
  readonly comment?: string;
  /** Asked against a denial, in the words of whoever appeals: nobody has checked them. */
  readonly appeal?: { readonly justification?: string };
  /** A yes also makes a standing permission on these terms. */
  readonly standing?: StandingTerms;
  /** Shown together with others that policy names alike. */
  readonly group?: string;
  /** How many people have to say yes. */
  readonly needed?: number;
  readonly votes?: readonly ApprovalVoteShown[];
  /** Who is asked, of those whom policy names: groups and people. */
  readonly asked?: readonly string[];
  /**
   * Present for the enforcement point that may use it: a signed token (JWS) for exactly this call, once, until
   * `expires_at`.
   */
  readonly override_token?: string;
}

/** What happens if a person says yes: the call runs once, in this form. */
export interface ApprovalConsequence {
  readonly destination?: Destination;
  readonly resources?: readonly Resource[];
  readonly data_classes?: readonly string[];
  readonly estimated_cost?: number;
  /** Duties that stay with the call. */
  readonly obligations?: readonly ObligationType[];
  /** From the approval on, the call must be made within this time. */
  readonly valid_seconds: number;
}

/** What an enforcement point sends to be decided. */
export interface DecideCall {
  readonly request: DecisionRequest;
  /** Same key, same arguments: same decision, one reservation. Required for anything with an effect. */
  readonly idempotency_key?: string;
  /**
   * `sha256:<hex>` of the JCS form of the tool's definition as its caller sees it now: name, title, description,
   * inputSchema, outputSchema, annotations, as far as it has them. What `writ mcp pin` prints.
   */
  readonly tool_digest?: string;
  /** An approval to use up for this call. */
  readonly approval_id?: string;
  /** The same by the override token that the approval became. */
  readonly override_token?: string;
  /** Asks people about a call that policy denies and offers to appeal; it does not let the call through. */
  readonly appeal?: { readonly justification?: string };
}

/** What became of an effect that was allowed. */
export interface CompleteCall {
  readonly decision_id: string;
  readonly status: 'succeeded' | 'failed' | 'not_sent' | 'unknown';
  readonly result?: ActionResult;
  readonly usage?: { readonly tokens?: number; readonly cost?: number };
}
export interface Completion {
  /** May the result be released to the agent. */
  readonly effect: 'proceed' | 'refuse';
  readonly outcome: Outcome;
  /** The result to release: as given, or redacted. */
  readonly result?: ActionResult;
  readonly reasons: readonly Reason[];
}

/** Which of these actions could be granted to this caller: for lists of tools, resources and prompts. */
export interface ListCall {
  readonly request: DecisionRequest;
  readonly items: readonly ListItem[];
}
/** What distinguishes one item of a list: a tool, or the resource or prompt that it is. */
export interface ListItem {
  readonly tool?: string;
  readonly server?: string;
  readonly resources?: readonly Resource[];
}
export interface ListAnswer {
  readonly decision_id: string;
  readonly visible: readonly boolean[];
}

/** A fact for the record that asks nothing: a model's refusal, an unreadable message, a list change. */
export interface ReportCall {
  readonly kind: 'model_refusal' | 'malformed' | 'upstream' | 'note';
  readonly request?: Partial<DecisionRequest>;
  readonly code: string;
  readonly message?: string;
  readonly detail?: JsonObject;
}

/**
 * The decision point as every enforcement point sees it: the same in process and over HTTP. Every method resolves
 * to an answer; faults are answers too (deny with a code), so that no caller can fail open by catching.
 */
export interface DecisionPoint {
  decide(call: DecideCall): Promise<Decision>;
  complete(call: CompleteCall): Promise<Completion>;
  list(call: ListCall): Promise<ListAnswer>;
  report(call: ReportCall): Promise<void>;
  readonly approval: {
    get(id: string): Promise<Approval | undefined>;
    /** Resolves when the approval is no longer pending, or after `timeoutMs` with what it is then. */
    wait(
      id: string,
      options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
    ): Promise<Approval | undefined>;
    cancel(id: string): Promise<Approval | undefined>;
  };
  close(): Promise<void>;
}
