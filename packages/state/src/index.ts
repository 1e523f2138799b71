export {
  APPROVAL_FAULTS,
  APPROVAL_KEEP_MS,
  type ApprovalFault,
  type ApprovalResult,
  ASKS_MAX,
  approvalKey,
  approvalKeys,
  askedKey,
  asksKey,
  CLOCK_TOLERANCE_MS,
  cancelApproval,
  checkApproval,
  countAsk,
  createApproval,
  decideApproval,
  readApproval,
  revokeApproval,
  useApproval,
  type Verdict,
} from './approval.ts';
export { type ApprovalBinding, type BindingFault, bindingFault } from './approval-binding.ts';
export { groupKey, leadsGroup } from './approval-group.ts';
export {
  PENDING_PREFIX,
  type PendingSummary,
  pendingApprovalId,
  readPending,
} from './approval-pending.ts';
export {
  type ApprovalVote,
  groupOf,
  groupsAsked,
  mayVote,
  type Voter,
  votesNeeded,
  votesSuffice,
} from './approval-rule.ts';
export type { ApprovalDetails, ApprovalState } from './approval-state.ts';
export { type UpkeepEvent, upkeepApproval, upkeepDue } from './approval-upkeep.ts';
export { toApproval } from './approval-view.ts';
export { type Away, awayKey, listAway, setAway } from './away.ts';
export {
  type ActualUse,
  BUDGET_HOLDERS,
  BUDGET_UNITS,
  type BudgetDefinition,
  type BudgetExhausted,
  type BudgetHolder,
  type BudgetRequest,
  type BudgetUnit,
  budgetKey,
  budgetKeys,
  budgetUse,
  type Reservation,
  type ReserveResult,
  refundReservations,
  reserveBudgets,
  settleReservations,
} from './budget.ts';
export type { CellReader } from './cell.ts';
export { cellKey } from './cell-key.ts';
export {
  CIRCUIT_OPEN_MS,
  circuitOpen,
  countDenial,
  DENIALS_BEFORE_OPEN,
  type DeniedCall,
} from './circuit.ts';
export { counterKey, hitCounter, type RateAnswer, type RateLimit } from './counter.ts';
export {
  CONTEXT_FACTS,
  type ContextFact,
  changedFacts,
  type Expectation,
  factKeys,
  factsRead,
  type Gathered,
  gatherFacts,
} from './gather.ts';
export {
  activeHalt,
  HALT_PREFIX,
  type Halt,
  type HaltTarget,
  haltKey,
  haltKeys,
  liftHalt,
  parseHalt,
  setHalt,
} from './halt.ts';
export {
  checkIdempotency,
  IDEMPOTENCY_MS,
  type IdempotencyAnswer,
  idempotencyKey,
  rememberAnswer,
} from './idempotency.ts';
export {
  type CloseResult,
  completeDecision,
  completionKeys,
  LEASE_MS,
  type OpenDecision,
  openDecision,
  openDecisionKey,
  readOpenDecision,
} from './open-decision.ts';
export {
  claimNotice,
  dueNotices,
  memoKey,
  type OutboxNotice,
  outboxKeys,
  readMemo,
  settleNotice,
  tellChannels,
  writeMemo,
} from './outbox.ts';
export { STATE_PROCEDURES } from './procedures.ts';
export {
  checkRates,
  RATE_WINDOW_MS,
  type RateDefinition,
  type RateLimited,
  type RateRequest,
  type RateReservation,
  type RateResult,
  rateKey,
  rateKeys,
  refundRates,
  settleRates,
  takeRates,
} from './rate.ts';
export {
  type Revocation,
  type RevocationTarget,
  type RevokedParty,
  restore,
  revocationKey,
  revocationKeys,
  revoke,
  revokedParty,
} from './revocation.ts';
export {
  type CallFacts,
  LABELS_MAX,
  NAMED_SESSION_IDLE_MS,
  PRIOR_TOOLS_MAX,
  readRootSession,
  readSession,
  recordCall,
  reportToSession,
  rootSessionKey,
  SESSION_IDLE_MS,
  type SessionReport,
  type SessionState,
  sessionKey,
  sessionKeys,
} from './session.ts';
export {
  allStanding,
  createStanding,
  hasLeft,
  mayTakeStanding,
  readStanding,
  revokeStanding,
  type StandingState,
  standingFrom,
  standingKey,
  standingOf,
  standingStatus,
  takeStanding,
  toStanding,
} from './standing.ts';
export { coversCall, type StandingCall } from './standing-match.ts';
export {
  bindStepUp,
  isProven,
  mayProve,
  type ProvenStep,
  provenSteps,
  type StepUpProof,
  stepUpKey,
  stepUpProofKey,
} from './step-up.ts';
export { knownSubject, type StateSubject } from './subject.ts';
export {
  SWEEP_INTERVAL_MS,
  type SweepPlaces,
  type SweepRequest,
  type SweptStore,
  startSweeper,
  sweepStep,
} from './sweep.ts';
export { PENDING_KEEP_MS } from './swept-kinds.ts';
export { isTimeZone } from './time-zone.ts';
export { BUDGET_WINDOWS, type BudgetWindow, windowStartMs } from './window.ts';
