export { acceptsDecideCall } from './accepts-decide-call.ts';
export { type ReadAnswerOptions, readAnswer } from './answer.ts';
export type { AnswerForm } from './answer-member.ts';
export { intersectCapabilities } from './answer-special.ts';
export {
  APPROVAL_STATUSES,
  type ApprovalRule,
  type ApprovalStatus,
  type ApprovalVoteShown,
  type PendingApproval,
  type RecentDecision,
} from './approval-contract.ts';
export { type ApproversAnswer, readApprovers } from './approval-rule.ts';
export { hashJson, hashToolDefinition, type Sha256Hex } from './arg-hash.ts';
export { canonicalJson } from './canonical-json.ts';
export { CanonicalWriter } from './canonical-writer.ts';
export { ACCESS_REQUEST, type AppliedLift, type Combined, type CombineOptions, combine } from './combine.ts';
export {
  ACTION_TYPES,
  type Action,
  type ActionResult,
  type ActionType,
  type Actor,
  type Approval,
  type ApprovalConsequence,
  type CompleteCall,
  type Completion,
  type DecideCall,
  type Decision,
  type DecisionContext,
  type DecisionMetadata,
  type DecisionPoint,
  type DecisionRequest,
  type Destination,
  ENTRYPOINT_KINDS,
  type EntrypointKind,
  type Environment,
  type Json,
  type JsonObject,
  LAYERS,
  type Layer,
  type ListAnswer,
  type ListCall,
  OBLIGATION_TYPES,
  type Obligation,
  type ObligationType,
  OUTCOMES,
  type Outcome,
  PHASES,
  type Phase,
  type Principal,
  type Reason,
  type ReportCall,
  type Resource,
} from './contract.ts';
export { isExactNumber } from './exact-number.ts';
export { isApprovalId, isDecisionId, newApprovalId, newDecisionId, type RandomBytes, uuidV7 } from './ids.ts';
export { nearestName } from './nearest-name.ts';
export {
  type ConsultedOpinion,
  faultOpinion,
  type IdentityFacts,
  type Lift,
  type ObligationDraft,
  type Opinion,
  type OpinionPart,
  type OpinionReason,
  type PolicyAdvice,
  type StepUp,
} from './opinion.ts';
export {
  HUMAN_APPROVAL_METHOD,
  isOutcome,
  OUTCOME_NAMES,
  outcomeNamed,
  permits,
  STRICTNESS,
  stricter,
  strictest,
} from './outcome.ts';
export { isOverridable } from './override.ts';
export { arrayIndex, formatPointer, parsePointer } from './pointer.ts';
export { type FromInput, PROFILE_NAMES, type Profile, type ProfileName } from './profiles/profile.ts';
export { parentAgentId } from './profiles/reading.ts';
export { dataAnswer, PROFILES, profileNamed } from './profiles/table.ts';
export { publishedSchemas } from './published-schemas.ts';
export {
  httpStatusOf,
  isReasonCodeOfWrit,
  jsonRpcCodeOf,
  type ProtocolEra,
  REASON_CATEGORIES,
  REASON_CODES,
  REASON_TABLE,
  type ReasonCategory,
  type ReasonCode,
} from './reason-codes.ts';
export { reasonIdentity } from './reason-identity.ts';
export { firstUnknownObligation, REDACTED, type Redaction, redactArguments, redactResult } from './redact.ts';
export {
  STANDING_SECONDS_MAX,
  STANDING_USES_MAX,
  type StandingGrant,
  type StandingPermission,
  standingGrantProblem,
  standingTermsProblem,
} from './standing.ts';
export type { ArgumentCondition, StandingTerms } from './standing-terms.ts';
export {
  readStrict,
  readStrictBytes,
  STRICT_JSON_CODES,
  STRICT_JSON_DEPTH_MAX,
  STRICT_JSON_SIZE_BYTES_MAX,
  type StrictJsonCode,
  type StrictJsonLimits,
  type StrictJsonProblem,
  type StrictJsonResult,
} from './strict-json.ts';
export { checkStrictValue, type StrictValueProblem, type StrictValueResult } from './strict-value.ts';
export {
  describeProblems,
  type Validation,
  type ValidationProblem,
  validateApproval,
  validateCompleteCall,
  validateCompletion,
  validateDecideCall,
  validateDecision,
  validateListAnswer,
  validateListCall,
  validateReportCall,
  validateRequest,
} from './validate.ts';
export { denyReasonFrom, WritError, writReason } from './writ-error.ts';
