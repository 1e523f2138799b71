export {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
  type Identification,
  type IdentityProvider,
} from './identity/authenticator.ts';
export type { Caller } from './identity/caller.ts';
export type { ClaimMapping } from './identity/claims.ts';
export { type Credentials, credentialsOf, type PeerCertificate } from './identity/credentials.ts';
export { DELEGATION_DEPTH_MAX, type DelegationOptions } from './identity/delegation.ts';
export { type OAuthProviderOptions, oauthProvider } from './identity/oauth/oauth-provider.ts';
export {
  type ResourceMetadataOptions,
  resourceMetadata,
  resourceMetadataPaths,
  resourceMetadataUrl,
} from './identity/oauth/resource-metadata.ts';
export { IDENTITY_CODES, type IdentityCode, type IdentityRefusal, type Judged } from './identity/refusals.ts';
export { createKey, hashToken, KEY_PREFIX, type StaticKey, staticKeys } from './identity/static-keys.ts';
export { TOKEN_ALGORITHMS } from './identity/verify-token.ts';
export { createListener, type ListenerOptions } from './listener/create-listener.ts';
export { createInFlight, type InFlight } from './listener/in-flight.ts';
export { type RoutesOptions, routeRequests } from './listener/route-requests.ts';
export { type FileKeyPairOptions, fileKeyPair, type KeyPairSource } from './listener/tls-material.ts';
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
