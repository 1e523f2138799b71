import type { EntrypointKind, Json, JsonObject } from '@writ/decision';
import type { EngineAnswer, EngineRule } from '../engine.ts';
import type { CedarPolicy } from './cedar-messages.ts';

/** Annotations of a policy that say something to whoever is refused. */
const MESSAGES = ['reason', 'message'] as const;

/**
 * What the policies that decided say, in the shapes of an entrypoint's answer: forbids are refusals, permits grant, on
 * a condition where they name one, and where nothing decided there is no answer. `violations` counts forbids alone.
 */
export function cedarAnswer(
  path: string,
  kind: EntrypointKind,
  determining: readonly CedarPolicy[],
  rulesEvaluated: number,
): EngineAnswer {
  const rules = determining.map((policy) => ruleOf(path, policy));
  const forbids = determining.filter(({ effect }) => effect === 'forbid');
  if (kind === 'violations') return { kind: 'value', value: forbids.map(reasonOf), rules, rulesEvaluated };
  if (determining.length === 0) return { kind: 'undefined', rules, rulesEvaluated };
  // Cedar names forbids or permits, never both: one forbid is enough to deny.
  const value: Json = forbids.length > 0 ? forbids.map(refusalOf) : determining.map(grantOf);
  return { kind: 'value', value, rules, rulesEvaluated };
}

function reasonOf({ id, annotations }: CedarPolicy): JsonObject {
  const message = MESSAGES.map((name) => annotations[name]).find((text) => text !== undefined);
  const { remediation } = annotations;
  return {
    code: annotations['code'] ?? id,
    ...(message === undefined ? {} : { message }),
    ...(remediation === undefined ? {} : { remediation }),
  };
}

function refusalOf(policy: CedarPolicy): JsonObject {
  return { allow: false, reasons: [reasonOf(policy)] };
}

function grantOf(policy: CedarPolicy): JsonObject {
  const { outcome } = policy.annotations;
  return outcome === undefined ? { allow: true } : { outcome, reasons: [reasonOf(policy)] };
}

/** Below the entrypoint, as rules of a package are. */
function ruleOf(path: string, { id, file, row }: CedarPolicy): EngineRule {
  return { path: `data.${path.replaceAll('/', '.')}.${id}`, file, row };
}
