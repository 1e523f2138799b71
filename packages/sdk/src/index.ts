export { type AuthorizeOptions, authorize } from './authorize.ts';
export { checkDecision } from './check-decision.ts';
export { deniedDecision } from './denied-decision.ts';
export {
  ApprovalPending,
  type PendingCall,
  PolicyViolation,
  ResultWithheld,
  RunHalted,
  SDK_ERROR_CODES,
  type SdkErrorCode,
} from './errors.ts';
export {
  appeal,
  type GuardedTool,
  type GuardedTools,
  guard,
  resume,
  type Tool,
  type ToolFunction,
  type ToolObject,
} from './guard.ts';
export type { GuardOptions } from './guard-options.ts';
export { type ConnectOptions, connect } from './http-client.ts';
export { keepReceipts, type Receipt } from './keep-receipts.ts';
export { refusalText, withheldText } from './refusal-text.ts';
