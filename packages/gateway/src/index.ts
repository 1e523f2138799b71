export {
  type BearerCaller,
  bearerCallers,
  type Caller,
  type CallerResolver,
  type Credentials,
  hashToken,
} from './identity/caller.ts';
export { APPROVAL_META_KEY, SESSION_META_KEY } from './mcp/ask-decision.ts';
export type { CatalogueTool } from './mcp/catalogue.ts';
export {
  createMcpGateway,
  type McpGateway,
  type McpGatewayOptions,
  type StdioSession,
} from './mcp/create-mcp-gateway.ts';
export { DECISION_META_KEY } from './mcp/refusal.ts';
export type { RefusalForm, RefusalOptions } from './mcp/refuse.ts';
export type { UpstreamConfig } from './mcp/upstream.ts';
