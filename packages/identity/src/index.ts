export {
  type Authenticator,
  type AuthenticatorOptions,
  createAuthenticator,
  type Identification,
  type IdentityProvider,
} from './authenticator.ts';
export type { Caller } from './caller.ts';
export type { ClaimMapping } from './claims.ts';
export { type Credentials, credentialsOf, type PeerCertificate } from './credentials.ts';
export { checkMessageClaims, DELEGATION_DEPTH_MAX, type DelegationOptions } from './delegation.ts';
export { createListener, type ListenerOptions } from './listener/create-listener.ts';
export { type FileKeyPairOptions, fileKeyPair, type KeyPairSource } from './listener/tls-material.ts';
export { type OAuthProviderOptions, oauthProvider } from './oauth/oauth-provider.ts';
export {
  type ResourceMetadataOptions,
  resourceMetadata,
  resourceMetadataPaths,
  resourceMetadataUrl,
} from './oauth/resource-metadata.ts';
export { IDENTITY_CODES, type IdentityCode, type IdentityRefusal, type Judged } from './refusals.ts';
export { createKey, hashToken, KEY_PREFIX, type StaticKey, staticKeys } from './static-keys.ts';
export { TOKEN_ALGORITHMS } from './verify-token.ts';
