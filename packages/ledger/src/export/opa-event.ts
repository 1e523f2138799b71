import type { JsonObject } from '@writ/decision';
import type { LedgerEntry } from '../entry.ts';
import { requestFields, withoutAbsent } from '../request-fields.ts';

/**
 * A decision as OPA's decision log has it; undefined for entries that are none, and for those of which the log's policy
 * keeps nothing. Fields that were erased from the record are listed as paths in `erased`.
 */
export function opaEvent(entry: LedgerEntry, labels: JsonObject): JsonObject | undefined {
  const { core, fields, time, erased } = entry;
  if (core.kind !== 'decision' || core.dropped === true) return undefined;
  return withoutAbsent({
    labels,
    decision_id: core.decision_id,
    trace_id: fields.trace,
    bundles: bundlesOf(entry),
    path: 'writ/decide',
    input: requestFields(entry, fields.arg_hash === undefined ? {} : { arg_hash: fields.arg_hash }),
    result: resultOf(entry),
    nd_builtin_cache: fields.nd_builtin_cache,
    erased: erased.length === 0 ? undefined : erased.map((name) => `/${PLACES[name] ?? `input/${name}`}`),
    masked:
      core.masked === undefined
        ? undefined
        : core.masked.map((name) => `/${PLACES[name] ?? `input/${name}`}`),
    requested_by: fields.point,
    timestamp: time,
    metrics: withoutAbsent({
      timer_rego_query_eval_ns: core.evaluation_ns,
      timer_server_handler_ns: core.latency_ns,
    }),
  });
}

/** Where a field of an entry stands in such an event. */
const PLACES: Readonly<Record<string, string>> = {
  args: 'input/action/args',
  arg_hash: 'input/action/arg_hash',
  tool: 'input/action/tool',
  server: 'input/action/server',
  resources: 'input/action/resources',
  destination: 'input/action/destination',
  nd_builtin_cache: 'nd_builtin_cache',
  reasons: 'result/reasons',
  obligations: 'result/obligations',
  forwarded_args: 'result/forwarded_args',
};

function bundlesOf({ core }: LedgerEntry): JsonObject {
  return Object.fromEntries(
    Object.entries(core.bundles ?? {}).map(([name, { revision }]) => [name, { revision }]),
  );
}

function resultOf({ core, fields }: LedgerEntry): JsonObject {
  return withoutAbsent({
    outcome: core.outcome,
    allow: core.outcome === 'allow' || core.outcome === 'sanitize',
    effect: core.effect,
    reasons: fields.reasons,
    obligations: fields.obligations,
    forwarded_args: fields.forwarded_args,
  });
}
