import type { Action, DecisionRequest } from '@writ/decision';
import type { When } from './bundle.ts';

/**
 * Is an entrypoint consulted for this request. Every field of `when` that is present must match; what the request
 * does not name (a call without a server) matches no pattern. Names are exact, or end in `*` for any that begins so.
 */
export function applies(
  when: When,
  request: DecisionRequest,
  profileTypes?: readonly Action['type'][],
): boolean {
  const { action, principal } = request;
  const types = when.types ?? profileTypes;
  return (
    when.phases.includes(action.phase) &&
    (types === undefined || types.includes(action.type)) &&
    matches(when.servers, action.server) &&
    matches(when.tools, action.tool) &&
    matches(when.capabilities, action.capability) &&
    matches(when.tenants, principal.tenant)
  );
}

function matches(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && patterns.some((pattern) => matchesName(pattern, name));
}

/** `mcp/*` matches what begins with `mcp/`; a `*` anywhere else is itself. */
export function matchesName(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
