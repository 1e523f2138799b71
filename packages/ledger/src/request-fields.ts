import type { Json, JsonObject } from '@writ/decision';
import { isJsonObject, type LedgerEntry } from './entry.ts';

/**
 * What was asked, as far as an entry holds it, in the form of a request; fields that are not there are left out.
 * `more` says more of the action.
 */
export function requestFields({ core, fields }: LedgerEntry, more: JsonObject = {}): JsonObject {
  return withoutAbsent({
    principal: withoutAbsent({
      id: fields.principal,
      tenant: fields.tenant,
      ...claims(fields.principal_claims),
    }),
    actor: withoutAbsent({ id: fields.actor, ...claims(fields.actor_claims) }),
    delegation: fields.delegation,
    action: withoutAbsent({
      type: core.action_type,
      phase: core.phase,
      tool: fields.tool,
      server: fields.server,
      capability: fields.capability,
      operation: fields.operation,
      args: fields.args,
      ...more,
      resources: fields.resources,
      data_classes_referenced: fields.data_classes,
      destination: fields.destination,
      model: fields.model,
      estimated_cost: fields.cost,
      ...claims(fields.action_claims),
    }),
    context: fields.context,
    environment: fields.environment,
  });
}

function claims(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Members that are there. */
export function withoutAbsent(members: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}
