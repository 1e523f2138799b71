import type { Json, JsonObject } from '@writ/decision';
import { isJsonObject, type LedgerEntry } from '../entry.ts';
import { withoutAbsent } from '../request-fields.ts';

/** The release of OCSF whose API Activity these events are. */
export const OCSF_VERSION = '1.6.0';
const CLASS_UID = 6003;
/** Activities of that class. What a policy does not say to be one of the first four is Other. */
const ACTIVITIES = [
  [1, /^(create|insert|add|post|send|write)/i],
  [2, /^(read|get|list|search|fetch|query)/i],
  [3, /^(update|edit|patch|set|put)/i],
  [4, /^(delete|remove|drop|revoke)/i],
] as const;
const OTHER = 99;

/** Verdicts as the profile `security_control` has them: action, disposition, and how severe the event is. */
const VERDICTS: Readonly<Record<string, readonly [action: number, disposition: number, severity: number]>> = {
  allow: [1, 1, 1],
  sanitize: [4, 11, 2],
  escalate: [2, 14, 2],
  step_up: [2, 14, 2],
  deny: [2, 2, 3],
};

/** A decision as OCSF API Activity; undefined for entries that are none. */
export function ocsfEvent(
  { core, fields, time, index }: LedgerEntry,
  origin: string,
  version: string,
): JsonObject | undefined {
  if (core.kind !== 'decision') return undefined;
  const operation = text(fields.operation) ?? text(fields.tool) ?? core.action_type ?? 'unknown';
  const activity = ACTIVITIES.find(([, pattern]) => pattern.test(operation))?.[0] ?? OTHER;
  const [action, disposition, severity] = VERDICTS[core.outcome ?? ''] ?? [0, 0, 1];
  return withoutAbsent({
    class_uid: CLASS_UID,
    category_uid: 6,
    activity_id: activity,
    ...(activity === OTHER ? { activity_name: operation } : {}),
    type_uid: CLASS_UID * 100 + activity,
    time: Date.parse(time),
    severity_id: severity,
    status_id: core.effect === 'proceed' ? 1 : 2,
    action_id: action,
    disposition_id: disposition,
    message: `${core.outcome ?? 'unknown'}${core.codes === undefined ? '' : `: ${core.codes.join(', ')}`}`,
    metadata: {
      product: { name: 'Writ', vendor_name: 'Writ', version },
      version: OCSF_VERSION,
      profiles: ['security_control'],
      uid: core.decision_id ?? `${origin}/${index}`,
      log_name: origin,
      sequence: index,
      ...(text(fields.trace) === undefined ? {} : { correlation_uid: text(fields.trace) as string }),
    },
    actor: {
      // The schema wants a user: one whose name was erased or never known is said to be.
      user: withoutAbsent({
        uid: text(fields.principal) ?? 'unknown',
        domain: text(fields.tenant),
        type_id: 0,
      }),
      ...(text(fields.actor) === undefined ? {} : { app_uid: text(fields.actor) as string }),
      ...(text(fields.session) === undefined ? {} : { session: { uid: text(fields.session) as string } }),
    },
    api: withoutAbsent({
      operation,
      service: fields.server === undefined ? undefined : withoutAbsent({ name: text(fields.server) }),
    }),
    src_endpoint: { name: text(fields.point) ?? 'unknown' },
    ...destinationOf(fields.destination),
    resources: resourcesOf(fields.resources),
  });
}

function destinationOf(value: Json | undefined): JsonObject {
  if (!isJsonObject(value ?? null)) return {};
  const { host, port } = value as JsonObject;
  const endpoint = withoutAbsent({
    hostname: text(host),
    port: typeof port === 'number' ? port : undefined,
  });
  return Object.keys(endpoint).length === 0 ? {} : { dst_endpoint: endpoint };
}

function resourcesOf(value: Json | undefined): Json | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.flatMap((each: Json): Json[] => {
    if (!isJsonObject(each)) return [];
    const resource = withoutAbsent({ uid: text(each['id']), type: text(each['type']) });
    return Object.keys(resource).length === 0 ? [] : [resource];
  });
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
