import type { DecisionRequest } from '@writ/decision';

/**
 * Who asks: an enforcement point, known by its credential, never by what it says. A list that is absent means "any";
 * a pattern is exact or ends in `*` (`acme-*`, `*`).
 */
export interface CallerIdentity {
  /** Id of the enforcement point that the credential names. */
  readonly pointId: string;
  readonly mayAssert: CallerClaims;
  /** `observe`: effects proceed whatever policies and budgets say, and both verdict and effect are on record. */
  readonly mode: 'enforce' | 'observe';
  /** Limits `observe` to these actors and tenants; everything else is enforced. */
  readonly observeOnly?: { readonly actors?: readonly string[]; readonly tenants?: readonly string[] };
}

/** What an enforcement point may say about others. */
export interface CallerClaims {
  readonly tenants?: readonly string[];
  readonly principals?: readonly string[];
  readonly actors?: readonly string[];
}

export function matchesPattern(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

function matchesAny(patterns: readonly string[] | undefined, value: string): boolean {
  return patterns === undefined || patterns.some((pattern) => matchesPattern(pattern, value));
}

/**
 * Which claim of a request goes beyond the caller's credential, in one sentence; undefined where all are covered.
 * A request without a tenant is covered only by a credential that is not limited to tenants.
 */
export function refusedClaim(caller: CallerIdentity, request: DecisionRequest): string | undefined {
  return refusedPrincipal(caller, request.principal) ?? refusedActor(caller, request.actor);
}

/** The same about a principal and its tenant alone. */
export function refusedPrincipal(
  caller: CallerIdentity,
  { id, tenant }: DecisionRequest['principal'],
): string | undefined {
  const { tenants, principals } = caller.mayAssert;
  if (tenants !== undefined && tenant === undefined) {
    return 'the credential is limited to tenants and the request names none';
  }
  if (tenant !== undefined && !matchesAny(tenants, tenant)) {
    return `the credential may not assert tenant \`${tenant}\``;
  }
  return matchesAny(principals, id) ? undefined : `the credential may not assert principal \`${id}\``;
}

/** The same about an actor alone. */
export function refusedActor(caller: CallerIdentity, { id }: DecisionRequest['actor']): string | undefined {
  return matchesAny(caller.mayAssert.actors, id)
    ? undefined
    : `the credential may not assert actor \`${id}\``;
}

/** The mode that holds for this request: `observe` only where the credential says so for its actor and tenant. */
export function modeFor(caller: CallerIdentity, request: DecisionRequest): 'enforce' | 'observe' {
  if (caller.mode !== 'observe') return 'enforce';
  const only = caller.observeOnly;
  if (only === undefined) return 'observe';
  const tenant = request.principal.tenant;
  const tenantCovered =
    only.tenants === undefined || (tenant !== undefined && matchesAny(only.tenants, tenant));
  return tenantCovered && matchesAny(only.actors, request.actor.id) ? 'observe' : 'enforce';
}
