export { type RoutesOptions, routeRequests } from './listener/route-requests.ts';
export { APPEAL_META_KEY, APPROVAL_META_KEY, SESSION_META_KEY } from './mcp/ask-decision.ts';
export { DECISION_REASONS } from './mcp/call-steps.ts';
export type { GatewayTelemetry } from './mcp/call-telemetry.ts';
export type { CatalogueTool } from './mcp/catalogue.ts';
export { GATEWAY_CHAIN, type GatewayStep } from './mcp/chain.ts';
export {
  type ChangedDefinition,
  createMcpGateway,
  type McpGateway,
  type McpGatewayOptions,
} from './mcp/create-mcp-gateway.ts';
export type { DefinitionChange } from './mcp/definition-diff.ts';
export { definitionFindings, type Finding } from './mcp/findings.ts';
export {
  GATEWAY_LIMITS,
  type GatewayLimit,
  type GatewayLimits,
  type LimitRule,
  largestOf,
  UPSTREAM_LIMITS,
  type UpstreamLimit,
  type UpstreamLimits,
} from './mcp/limits.ts';
export {
  ANSWERED,
  type AnsweredMethod,
  INPUTS,
  type InputRule,
  METHODS,
  type MethodRule,
} from './mcp/methods.ts';
export { PIN_KINDS, type PinKind } from './mcp/pins.ts';
export { DECISION_META_KEY } from './mcp/refusal.ts';
export type { RefusalForm, RefusalOptions } from './mcp/refuse.ts';
export {
  type PinReview,
  type PinState,
  type ReviewedDefinition,
  type ReviewOptions,
  reviewPins,
} from './mcp/review-pins.ts';
export type { StdioSession } from './mcp/serve-connection.ts';
export type { UpstreamConfig } from './mcp/upstream-config.ts';
