export { createInFlight, type InFlight } from './listener/in-flight.ts';
export { type RoutesOptions, routeRequests } from './listener/route-requests.ts';
export { APPROVAL_META_KEY, SESSION_META_KEY } from './mcp/ask-decision.ts';
export type { CatalogueTool } from './mcp/catalogue.ts';
export {
  createMcpGateway,
  type McpGateway,
  type McpGatewayOptions,
} from './mcp/create-mcp-gateway.ts';
export type { DefinitionChange } from './mcp/definition-diff.ts';
export { definitionFindings, type Finding } from './mcp/findings.ts';
export { DECISION_META_KEY } from './mcp/refusal.ts';
export type { RefusalForm, RefusalOptions } from './mcp/refuse.ts';
export {
  type PinReview,
  type PinState,
  type ReviewedTool,
  type ReviewOptions,
  reviewPins,
} from './mcp/review-pins.ts';
export type { StdioSession } from './mcp/serve-connection.ts';
export type { UpstreamConfig } from './mcp/upstream-config.ts';
