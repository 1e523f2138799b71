export type { CallbackReceiver } from './access-request/callbacks.ts';
export { callbackSender } from './channels/callback-sender.ts';
export type {
  AlertNotice,
  ChannelAlert,
  ChannelAnswer,
  ChannelNotice,
  ChannelSender,
} from './channels/sender.ts';
export type { SignedReceiver } from './channels/signed-post.ts';
export { type SlackOptions, slackSender } from './channels/slack-sender.ts';
export { type Alerts, type AlertsOptions, startAlerts } from './channels/start-alerts.ts';
export { type ChannelsOptions, startChannels } from './channels/start-channels.ts';
export { teamsSender } from './channels/teams-sender.ts';
export { type WebhookOptions, webhookSender } from './channels/webhook-sender.ts';
export { webhookSecret } from './channels/webhook-signature.ts';
export { createCedarEngine } from './engine/cedar/cedar-engine.ts';
export {
  type CrosscheckOptions,
  createCrosscheckEngine,
  type Disagreement,
} from './engine/crosscheck-engine.ts';
export { createEmbeddedEngines, type EmbeddedEnginesOptions } from './engine/embedded-engines.ts';
export type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineDiagnostic,
  EngineEntrypoint,
  EngineQuestion,
  EngineRule,
  LoadedPolicies,
  LoadResult,
  ReadPaths,
} from './engine/engine.ts';
export { createEngines, type EnginesOptions } from './engine/engines.ts';
export {
  createManagedOpaEngine,
  createRemoteOpaEngine,
  type ManagedOpaEngine,
  type RemoteOpaOptions,
} from './engine/opa-engine.ts';
export type { OpaProcessOptions } from './engine/opa-process.ts';
export { createRegoEngine, type RegoEngineOptions } from './engine/rego-engine.ts';
export { createWasmEngine, type WasmEngineOptions } from './engine/wasm/wasm-engine.ts';
export type { BundleEvent } from './http/bundle-history.ts';
export type { HistoryView, KeptView } from './http/bundle-routes.ts';
export {
  createHttpApi,
  type HttpApi,
  type HttpApiOptions,
  type ListenOptions,
  type ListenResult,
} from './http/create-http-api.ts';
export type { ApproverCredential } from './http/credentials.ts';
export {
  type Credentials,
  createToken,
  operatorProof,
  type PointCredential,
  readOperatorToken,
  tokenDigest,
} from './http/credentials.ts';
export type { PolicyView, PolicyViewBundle } from './http/http-api.ts';
export type { LoadLimits } from './http/load-guard.ts';
export { openapiDocument } from './http/openapi/document.ts';
export {
  type PointCredentialsRead,
  parsePointCredentials,
  readPointCredentials,
} from './http/point-credentials.ts';
export type { SlackInteractions } from './http/slack-interactions.ts';
export type { UnixSocketOptions } from './http/unix-sockets.ts';
export { activationFacts } from './layers/activation-facts.ts';
export type { BundleState } from './layers/bundle-state.ts';
export { type Consultation, type ConsultOptions, consult } from './layers/consult.ts';
export {
  type BundleView,
  describeLayers,
  type EntrypointView,
  type LayersOptions,
  type LayersView,
  type OverrideView,
  type ReviewView,
} from './layers/layers-view.ts';
export { liveLayers } from './layers/live-layers.ts';
export { type LoadFailure, renderLoadFailure } from './layers/load-failure.ts';
export {
  type ActivationTerms,
  loadFirst,
  loadPolicies,
  type PolicyLoad,
  type SettledLoad,
} from './layers/load-policies.ts';
export {
  DEFAULT_OVERRIDE_TERMS,
  type ListedOverride,
  listOverrides,
  type OverrideList,
  type OverrideTerms,
  overrideWarnings,
} from './layers/overrides.ts';
export { type ActiveEntrypoint, createPolicySet, type PolicySet } from './layers/policy-set.ts';
export { createPolicySource, type PolicyHold, type PolicySource } from './layers/policy-source.ts';
export {
  createPolicyWrites,
  type PolicyWrites,
  type PolicyWritesOptions,
  WRITTEN_BUNDLE,
  type WriteOutcome,
  writtenSource,
} from './layers/policy-writes.ts';
export { type Reloaded, type ReloadReport, reloadPolicies, watchPolicies } from './layers/reload-policies.ts';
export { remotesOf, staleReason } from './layers/settle-remotes.ts';
export type {
  ApprovalDesk,
  ApprovalFilter,
  ApprovalVerdict,
} from './pipeline/approval-service.ts';
export { type Approver, OPERATOR_GROUP } from './pipeline/approver.ts';
export { type Assessment, type AssessOptions, assess } from './pipeline/assess.ts';
export { BUDGET_LIMIT_MAX, type BudgetsRead, readBudgets } from './pipeline/budgets.ts';
export {
  type BundleDesk,
  type BundleDeskOptions,
  createBundleDesk,
  type RollbackCode,
  type RollbackOutcome,
} from './pipeline/bundle-desk.ts';
export { type CallerClaims, type CallerIdentity, modeFor, refusedClaim } from './pipeline/caller.ts';
export { type Clock, DEFAULT_LIMITS, type PipelineLimits, type ToolCatalogue } from './pipeline/core.ts';
export { createDecisionPoint, type DecisionPointOptions } from './pipeline/create-decision-point.ts';
export type { PendingLine } from './pipeline/pending-line.ts';
export { DECISION_PROCEDURES } from './pipeline/procedures.ts';
export { type Replayed, type ReplayedVerdict, replayDecision } from './pipeline/replay.ts';
export { TURN_CODE } from './pipeline/report.ts';
export type { SearchAnswer, SearchKind, SearchQuestion, SearchResult } from './pipeline/search.ts';
export type {
  ActivationNote,
  ActOutcome,
  Administration,
  BudgetState,
  DecisionService,
  ExplainedOpinion,
  ExplainedOverride,
  Explanation,
  HaltTarget,
  PointHandle,
  RawDecision,
  RawQuestion,
  RollbackRecord,
  SessionFacts,
} from './pipeline/service.ts';
