import type {
  Actor,
  DecisionContext,
  DecisionPoint,
  DecisionRequest,
  Environment,
  Principal,
} from '@writ/decision';

/** Who calls the tools, and what is done with refusals. */
export interface GuardOptions {
  /** In process or by `connect()`. */
  readonly point: DecisionPoint;
  readonly principal: Principal;
  readonly actor: Actor;
  readonly delegation?: NonNullable<DecisionRequest['delegation']>;
  /** The session's id: counters and budgets belong to it. */
  readonly session?: string;
  readonly context?: DecisionContext;
  readonly environment?: Environment;
  /** Name of the server or toolset that the tools belong to, as policies know it. */
  readonly server?: string;
  /** `return` (default): the refusal comes back as the tool's result. `throw`: `PolicyViolation`. */
  readonly onDeny?: 'return' | 'throw';
  /**
   * What becomes of a call that a person has to approve. `return`: a text in place of the result, `throw`:
   * `ApprovalPending`, `wait`: the call resolves once a person has decided (the promise waits, no worker does). By
   * default as `onDeny`.
   */
  readonly onEscalate?: 'return' | 'throw' | 'wait';
  /** How long `onEscalate: 'wait'` waits; 15 minutes by default. */
  readonly approvalTimeoutMs?: number;
  /** Ends waiting for approvals. */
  readonly signal?: AbortSignal;
}
