import type { JsonObject } from '@writ/decision';
import { TOKEN_ALGORITHMS } from '../verify-token.ts';

/** What the metadata of the gateway as a protected resource says (RFC 9728 section 2). */
export interface ResourceMetadataOptions {
  /** URL of the gateway as clients know it. */
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly scopes?: readonly string[];
  readonly dpopRequired?: boolean;
  readonly name?: string;
}

/** The metadata document. */
export function resourceMetadata(options: ResourceMetadataOptions): JsonObject {
  const { resource, issuers, scopes, dpopRequired, name } = options;
  return {
    resource,
    authorization_servers: [...issuers],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: [...TOKEN_ALGORITHMS],
    ...(dpopRequired === true ? { dpop_bound_access_tokens_required: true } : {}),
    ...(scopes === undefined || scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    ...(name === undefined ? {} : { resource_name: name }),
  };
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Where the metadata of a resource stands (RFC 9728 section 3.1: before the path). */
export function resourceMetadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
}

/** Paths at which clients look for it: that of the resource, and the root, which some ask first. */
export function resourceMetadataPaths(resource: string): readonly string[] {
  return [...new Set([new URL(resourceMetadataUrl(resource)).pathname, WELL_KNOWN])];
}
